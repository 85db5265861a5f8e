import json
from pathlib import Path

import numpy as np
import pytest

from visavis.evaluate.conditions import CONDITIONS, Kind, Scene
from visavis.evaluate.pages.robustness import HOLDS, holds, page, raised
from visavis.evaluate.pages.robustness_examples import examples
from visavis.evaluate.poses import Bucket
from visavis.evaluate.rates import Rate
from visavis.evaluate.robustness import Cell, Robustness
from visavis.image import ARCFACE, decode
from visavis.report.document import Figure, Provenance, Report, Table
from visavis.report.write import write
from visavis.types import Face

PROVENANCE = Provenance("visavis report robustness lfw", {}, "a machine")


def cell(kind: Kind | None, level: int, found: int, matched: int, false: int = 10) -> Cell:
    """100 people, of whom `found` are found and `matched` matched; 100,000 impostors."""
    fmr = Rate(false, 100_000, false / 1.5e5, false / 7e4)
    step = f"step {level + 1} of {kind}"
    shares = Rate.of(found, 100), Rate.of(matched, found), Rate.of(matched, 100)
    return Cell(kind, "light", level, step, *shares, fmr, 0.1)


def result(*cells: Cell) -> Robustness:
    buckets = (Bucket(0, 10, Rate.of(95, 100)), Bucket(10, 20, Rate.of(40, 80)))
    return Robustness(
        dataset="a_set",
        system="fake",
        model="fake-1",
        people=100,
        references=500,
        seed=0,
        fmr=1e-4,
        threshold=0.43,
        baseline=cell(None, 0, 100, 99),
        cells=cells,
        yaw=buckets,
        expression=(Bucket(0, 0.05, Rate.of(9, 10)), Bucket(0.05, 0.1, Rate.of(0, 0))),
    )


MEASURED = result(
    cell("dark", 0, 100, 98),
    cell("dark", 1, 99, 95),
    cell("blur", 0, 100, 97),
    cell("blur", 1, 100, 60),
    cell("blur", 2, 40, 12, false=90),
    cell("noise", 0, 70, 50),
)


def tables(report: Report) -> list[Table]:
    return [b for s in report.sections for b in s.blocks if isinstance(b, Table)]


def test_a_condition_holds_until_its_first_step_below() -> None:
    assert holds(MEASURED.of("dark"), HOLDS) == 2
    assert holds(MEASURED.of("blur"), HOLDS) == 1
    assert holds(MEASURED.of("noise"), HOLDS) == 0


def test_the_lead_says_what_was_measured() -> None:
    lead = page(MEASURED, PROVENANCE).lead
    assert "100 people in a\\_set, 99.0 % (94.6 to 100.0 %) match" in lead
    assert "at every step of dark." in lead
    assert "mildest step of noise" in lead
    assert "The worst is blur (step 3 of blur): 40.0 % of the faces found, 12.0 % matched" in lead
    assert "rises measurably under blur (step 3 of blur)" in lead


def test_other_figures_give_another_lead() -> None:
    steady = result(cell("dark", 0, 100, 99), cell("dark", 1, 100, 98))
    lead = page(steady, PROVENANCE).lead
    assert "mildest" not in lead
    assert "No condition measurably raises" in lead
    broken = page(result(cell("dark", 0, 10, 5)), PROVENANCE).lead
    assert "No condition keeps 90 %" in broken


def test_a_raised_rate_lies_beyond_both_intervals() -> None:
    assert [c.fmr.events for c in raised(MEASURED)] == [90]
    assert raised(result(cell("dark", 0, 100, 98, false=12))) == ()


def test_the_first_table_says_where_each_breaks() -> None:
    rows = {row[0]: row[1:] for row in tables(page(MEASURED, PROVENANCE))[0].rows}
    assert rows["dark"][:3] == ("step 2 of dark", "not reached", "not reached")
    assert rows["blur"][:3] == ("step 1 of blur", "step 2 of blur", "step 3 of blur")
    assert rows["blur"][3] == "not found 60, not matched 28"
    assert rows["noise"][0] == "no step"


def test_trends_of_real_pairs_are_told_by_their_intervals() -> None:
    section = next(s for s in page(MEASURED, PROVENANCE).sections if "Real" in s.title)
    yaw, expression = [b.caption for b in section.blocks if isinstance(b, Figure)]
    assert "True matches fall from 95.0 % to 50.0 %." in yaw
    assert "Too few pairs" in expression


def test_every_cell_is_in_the_last_table_and_in_the_results(tmp_path: Path) -> None:
    report = page(MEASURED, PROVENANCE)
    assert len(tables(report)[-1].rows) == 1 + len(MEASURED.cells)
    files = {p.suffix: p for p in write(report, tmp_path) if p.parent == tmp_path}
    results = json.loads(files[".json"].read_text())
    assert "a_set" in json.dumps(results)
    assert "Where it breaks" in files[".html"].read_text()


def test_a_missing_measurement_is_no_number() -> None:
    unfound = Cell(
        "noise",
        "camera",
        0,
        "s",
        Rate.of(0, 9),
        Rate.of(0, 0),
        Rate.of(0, 9),
        Rate.of(0, 0),
        np.nan,
    )
    row = tables(page(result(cell("dark", 0, 100, 99), unfound), PROVENANCE))[-1].rows[-1]
    assert row[2:4] == ("0.0 %", "not measured")
    assert row[-1] == "not measured"


def test_examples_show_every_family_with_its_licence() -> None:
    landmarks = np.asarray(ARCFACE, np.float32)
    image = np.full((112, 112, 3), 140, np.uint8)
    face = Face(np.array([20, 20, 92, 110], np.float32), landmarks, 1.0)
    sheets = examples(Scene(image, face))
    assert len(sheets) == len({c.family for c in CONDITIONS})
    captions = " ".join(s.caption for s in sheets).lower()
    assert all(c.kind.lower() in captions for c in CONDITIONS)
    for sheet in sheets:
        assert sheet.licence == "public domain"
        assert decode(sheet.data).shape[1] == 4 * 260 + 20


@pytest.mark.parametrize("count", [0, 2])
def test_examples_are_there_if_given(count: int) -> None:
    photographs = examples(
        Scene(
            np.full((112, 112, 3), 140, np.uint8),
            Face(np.array([20, 20, 92, 110], np.float32), np.asarray(ARCFACE), 1.0),
        ),
        CONDITIONS[:1],
    )
    report = page(MEASURED, PROVENANCE, photographs * bool(count))
    assert ("What the steps look like" in [s.title for s in report.sections]) is bool(count)
