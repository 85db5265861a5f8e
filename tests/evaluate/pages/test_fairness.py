"""The fairness page says what was measured, and nothing when there is nothing to say."""

from pathlib import Path

import numpy as np
import pytest

from visavis.datasets.records import Dataset, Picture
from visavis.evaluate.embedded import MEASURES, Embedded
from visavis.evaluate.fairness import By, Fairness, measure
from visavis.evaluate.pages.fairness import page
from visavis.report.document import Figure, Provenance, Report, Table
from visavis.types import Threshold

PROVENANCE = Provenance("visavis report fairness set", {"visavis": "0"}, "a machine")


def measured(likeness: float, count: int = 120) -> Fairness:
    """Two groups; the faces of `alike` lean towards one direction as `likeness` says."""
    rng = np.random.default_rng(3)
    raw = rng.standard_normal((count, 16))
    raw[::2, 0] += likeness
    vectors = (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32)
    pictures = tuple(
        Picture(Path(f"{i}.png"), f"{i}.png", None, {"kind": "alike" if i % 2 == 0 else "un_like"})
        for i in range(count)
    )
    quality = np.full((count, len(MEASURES)), 0.5, np.float32)
    blank = [np.zeros((count, *shape), np.float32) for shape in ((4,), (5, 2), ())]
    faces = Embedded(
        Dataset("toy_set", Path(), pictures), "toy", "toy-1", vectors, *blank, quality, {}
    )
    limits = [Threshold(0.4, 0.05), Threshold(0.7, 1e-3)]
    return measure(faces, limits, by=(By(("kind",)),), calibrated_on="other_faces")


def tables(report: Report) -> list[Table]:
    return [b for s in report.sections for b in s.blocks if isinstance(b, Table)]


def test_the_lead_is_made_of_the_figures() -> None:
    result = measured(3.0)
    found = result.groupings[0].limits[0].differential
    assert found is not None
    lead = page(result, PROVENANCE).lead
    assert f"a ratio of {found.ratio:.1f}" in lead
    assert found.highest == "alike"
    assert "un\\_like" in lead  # a label is shown as it is, not as emphasis
    assert f"{100 * result.overall[0].value:.3g} %" in lead
    assert "Missed matches cannot be measured" in lead


def test_equal_groups_are_called_equal() -> None:
    report = page(measured(0.0), PROVENANCE)
    assert "No grouping shows a difference" in report.lead
    assert tables(report)[0].rows[0][-1] == "no"


def test_what_is_too_small_has_no_figures() -> None:
    report = page(measured(0.0, count=16), PROVENANCE)
    assert "too small" in report.lead
    assert tables(report)[0].rows == ()
    assert not [b for s in report.sections for b in s.blocks if isinstance(b, Figure)]


def test_rates_that_cannot_be_measured_are_not_shown() -> None:
    report = page(measured(0.0), PROVENANCE)
    rates = next(t for t in tables(report) if t.columns[0] == "group" and "pairs" in t.columns)
    assert "FMR at 5 %" in rates.columns
    assert "FMR at 0.1 %" not in rates.columns
    assert "0.1 %" in rates.caption
    assert rates.rows[0][0] == "alike"


def test_many_matches_where_few_are_expected_are_shown_and_marked() -> None:
    # 60 pictures of a kind: 1,770 pairs, 1.77 expected at 0.1 %; the alike ones match by hundreds
    report = page(measured(3.0), PROVENANCE)
    rates = next(t for t in tables(report) if t.columns[0] == "group" and "pairs" in t.columns)
    place = rates.columns.index("FMR at 0.1 %")
    assert [str(row[place])[-1] for row in rates.rows] == ["†", "m"]
    assert "†" in rates.caption


@pytest.mark.parametrize("likeness", [0.0, 3.0])
def test_the_report_can_be_written(likeness: float, tmp_path: Path) -> None:
    from visavis.report.write import write

    paths = write(page(measured(likeness), PROVENANCE), tmp_path)
    assert {p.suffix for p in paths} == {".md", ".html", ".json", ".svg"}
    again = write(page(measured(likeness), PROVENANCE), tmp_path / "again")
    assert [p.read_bytes() for p in paths] == [p.read_bytes() for p in again]
