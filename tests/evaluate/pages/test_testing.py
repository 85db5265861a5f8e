import json
import math
from pathlib import Path

import numpy as np

from visavis.datasets.films import Act
from visavis.evaluate.conditions import Scene
from visavis.evaluate.pages.testing import holds, page
from visavis.evaluate.pages.testing_examples import examples
from visavis.evaluate.rates import Rate
from visavis.evaluate.streams.conditions import Family
from visavis.evaluate.streams.measure import Cell, Presented, Streams
from visavis.image import ARCFACE, decode
from visavis.report.document import Provenance, Report, Table
from visavis.report.write import write
from visavis.types import Face

PROVENANCE = Provenance("visavis report testing lfw", {}, "a machine")


def cell(
    name: str | None,
    level: int,
    named: int,
    family: Family = "light",
    strangers: int = 0,
    lost: float = 0.0,
) -> Cell:
    """20 people, of whom `named` are named, and 10 strangers."""
    seconds = 0.5 + level if named else math.nan
    none = Rate.of(0, 20)
    return Cell(
        name,
        None if name is None else family,
        level,
        f"step {level + 1} of {name}",
        Rate.of(named, 20),
        seconds,
        none,
        Rate.of(strangers, 10),
        Rate.of(0, 30),
        lost,
        strangers,
    )


def shown(act: Act, accepted: int, suspected: int, **reasons: int) -> Presented:
    after = 5.8 if suspected else math.nan
    return Presented(
        act,
        Rate.of(accepted, 12),
        Rate.of(suspected, 12),
        Rate.of(0, 12),
        0.7 if accepted else math.nan,
        after,
        reasons,
    )


def result(*cells: Cell, presented: tuple[Presented, ...] = ()) -> Streams:
    return Streams(
        dataset="a_set",
        model="fake-1",
        check="our_own",
        people=20,
        strangers=10,
        enrolled=200,
        fpir=0.01,
        threshold=0.43,
        seconds=4,
        film_seconds=8,
        seed=0,
        baseline=cell(None, 0, 20),
        cells=cells,
        presented=presented,
        notes=("20 people to show were asked for, the set has 9",),
    )


MEASURED = result(
    cell("dark", 0, 20),
    cell("dark", 1, 17, lost=0.2),
    cell("dark", 2, 0, lost=1.0),
    cell("mask", 0, 20, "occlusion"),
    cell("mask", 1, 18, "occlusion"),
    cell("somebody in front", 0, 20, "occlusion", strangers=3),
    presented=(
        shown("live", 11, 1, too_still=1),
        shown("print", 0, 12, looks_like_print=12),
        shown("frozen", 12, 12, frozen_frames=12),
    ),
)


def tables(report: Report) -> dict[str, Table]:
    found = [(s.title, b) for s in report.sections for b in s.blocks if isinstance(b, Table)]
    return dict(found)


def test_a_strain_holds_until_its_first_step_below() -> None:
    assert holds(MEASURED.of("dark")) == 1
    assert holds(MEASURED.of("mask")) == 2


def test_the_lead_says_what_was_measured() -> None:
    lead = page(MEASURED, PROVENANCE).lead
    assert "Of 20 people who were enrolled by another photograph" in lead
    assert "names 20 in scripted streams without any strain, after 0.5 s" in lead
    assert "0 of 10 strangers, at a stated rate (FPIR) of 1 %" in lead
    assert "at every step of mask and somebody in front" in lead
    assert "The fewest, 0 %, are named under dark (step 3 of dark)" in lead
    assert "In 3 of 180 cases" in lead
    assert "under somebody in front" in lead
    assert "a print moved by hand is suspected in 12 of 12 films (after 5.8 s)" in lead
    assert "a frozen picture is suspected in 12 of 12 films (after 5.8 s) and named at" in lead
    assert "of simulated people in the same place and light 1 of 12 are suspected, and 11" in lead


def test_other_figures_give_another_lead() -> None:
    report = page(result(cell("dark", 0, 4), cell("dark", 1, 2)), PROVENANCE)
    assert "No strain keeps 90 %" in report.lead
    assert "Under no strain did any frame" in report.lead
    assert "liveness" not in report.lead
    assert "Attacks" not in [s.title for s in report.sections]


def test_what_goes_wrong_is_listed_and_nothing_else() -> None:
    rows = tables(page(MEASURED, PROVENANCE))["What goes wrong"].rows
    assert [row[1] for row in rows] == [
        "step 2 of dark",
        "step 3 of dark",
        "step 1 of somebody in front",
    ]
    assert rows[-1][3] == "3 of 10"
    assert "What goes wrong" not in tables(page(result(cell("dark", 0, 20)), PROVENANCE))


def test_attacks_are_told_beside_people() -> None:
    rows = tables(page(MEASURED, PROVENANCE))["Attacks"].rows
    assert rows[0][0] == "a person (simulated)"
    assert rows[2] == (
        "a frozen picture",
        "12 of 12",
        "0.70",
        "12 of 12",
        "5.80",
        "frozen_frames 12",
    )
    assert rows[1][2] == "never"


def test_every_cell_is_in_the_last_table_and_in_the_results(tmp_path: Path) -> None:
    report = page(MEASURED, PROVENANCE)
    assert len(tables(report)["Every figure"].rows) == 1 + len(MEASURED.cells)
    files = {p.suffix: p for p in write(report, tmp_path) if p.parent == tmp_path}
    kept = json.loads(files[".json"].read_text())
    assert kept["results"]["people"] == 20
    html = files[".html"].read_text()
    assert "no film of people" in html.replace("\n", " ")
    assert "no liveness rate is claimed" in html.replace("\n", " ")
    assert "the set has 9" in html


def test_examples_are_sheets_of_portraits_that_may_be_published() -> None:
    image = np.full((112, 112, 3), 140, np.uint8)
    face = Face(np.array([20, 20, 92, 110], np.float32), np.asarray(ARCFACE, np.float32), 1.0)
    streams, films = examples([Scene(image, face), Scene(image, face)])
    assert streams.licence == films.licence == "public domain"
    assert decode(streams.data).shape[1] == decode(films.data).shape[1] == 4 * 260 + 20
    report = page(MEASURED, PROVENANCE, (streams, films))
    assert report.sections[0].blocks[1:] == (streams, films)
