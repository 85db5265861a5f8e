"""The PAD page says what was measured."""

from pathlib import Path

import numpy as np

from visavis.datasets.records import BONA_FIDE
from visavis.evaluate.pad import PadResult, Presented, rates
from visavis.evaluate.pages.pad import page
from visavis.report.document import Note, Provenance, Table

PROVENANCE = Provenance("visavis report pad set", {"visavis": "0"}, "a machine")


def measured(*, subjects: bool, silent: bool) -> PadResult:
    species = ("print",) * 10 + ("replay",) * 5 + (BONA_FIDE,) * 10
    scores = np.array([0.6] * 2 + [0.1] * 8 + [0.9] * 2 + [0.2] * 3 + [0.8] * 10, np.float32)
    if silent:
        scores[-1] = np.nan
    people = tuple(f"s{i % 3}" for i in range(25)) if subjects else ()
    return rates(Presented(scores, species, people), 0.5)


def test_the_lead_is_made_of_the_figures() -> None:
    lead = page(measured(subjects=False, silent=False), PROVENANCE, "set_1").lead
    assert "40.00 % of the attacks of the worst species, replay" in lead
    assert "set\\_1" in lead
    assert "no response" not in lead
    lead = page(measured(subjects=False, silent=True), PROVENANCE, "set_1").lead
    assert "0 attacks and 1 live presentations gave no response" in lead


def test_tables_and_what_is_said_about_subjects() -> None:
    for known in (True, False):
        report = page(measured(subjects=known, silent=False), PROVENANCE, "set")
        blocks = [b for s in report.sections for b in s.blocks]
        first = next(b for b in blocks if isinstance(b, Table))
        assert [row[0] for row in first.rows] == ["print", "replay", "bona fide"]
        assert [row[3] for row in first.rows][1].startswith("40.00 %")  # type: ignore[union-attr]
        assert (first.rows[0][4] is None) is not known
        [note] = [b for b in blocks if isinstance(b, Note)]
        assert ("Subjects are not known" in note.markdown) is not known


def test_the_report_can_be_written(tmp_path: Path) -> None:
    from visavis.report.write import write

    paths = write(page(measured(subjects=True, silent=True), PROVENANCE, "set"), tmp_path)
    assert {p.suffix for p in paths} == {".md", ".html", ".json", ".svg"}
