"""The page on a set for attack detection."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from planted import CALIBRATION, dataset_of, embedded_of, files_of, vectors_of
from visavis.datasets.records import BONA_FIDE, PadSet, Presentation
from visavis.errors import InputError
from visavis.evaluate.explore import Exploration, explore
from visavis.evaluate.files import NUMBERS
from visavis.evaluate.pages.pad_data import page
from visavis.report.document import Provenance, Report, Table
from visavis.report.write import write

FROM = Provenance("visavis report pad-data planted", {}, "a machine")
SUBJECTS = [f"s{i}" for i in range(6) for _ in range(4)]


def found(larger: int, subjects: bool = True) -> Exploration:
    """Attacks whose files are so many bytes larger, otherwise as bona fide ones."""
    dataset = dataset_of(SUBJECTS, "planted")
    species = [BONA_FIDE, BONA_FIDE, "print", "print"] * 6
    shown = tuple(
        Presentation(p, k, s if subjects else "")
        for p, k, s in zip(dataset.pictures, species, SUBJECTS, strict=True)
    )
    files = files_of(dataset)
    numbers = files.numbers.copy()
    attack = np.array([p.attack for p in shown])
    numbers[:, NUMBERS.index("bytes")] = 5000 + larger * attack
    return explore(
        embedded_of(dataset, vectors_of(SUBJECTS)),
        replace(files, numbers=numbers),
        CALIBRATION,
        pad=PadSet(dataset, shown),
        tsne=False,
    )


def cheats(report: Report) -> list[Table]:
    (section,) = [s for s in report.sections if s.title == "What would let a detector cheat"]
    return [b for b in section.blocks if isinstance(b, Table)]


def test_a_planted_shortcut_is_said_in_the_lead(tmp_path: Path) -> None:
    report = page(found(900), FROM)
    assert "12 bona fide presentations and attacks (12 print) of 6 subjects" in report.lead
    assert "The files themselves give the label away: file size alone" in report.lead
    container = cheats(report)[0]
    assert container.caption.endswith("Gives the label away: file size.")
    assert container.rows[1] == (
        "file size",
        "1.00",
        "tells",
        "1.00 to 1.00",
        "more",
    )
    assert write(report, tmp_path, ["md", "json"])


def test_without_one_the_files_are_cleared() -> None:
    report = page(found(0), FROM)
    assert "Nothing about the files themselves gives the label away." in report.lead
    assert cheats(report)[0].caption.endswith("None tells the label by itself.")
    assert "no clue" in cheats(report)[1].caption


def test_unknown_subjects_are_a_warning() -> None:
    report = page(found(0, subjects=False), FROM)
    assert "of 6 subjects" not in report.lead
    text = str(report.sections)
    assert "intervals are too narrow" in text
    assert "The set does not say: subject, session, device." in text


def test_a_set_without_presentations_is_refused() -> None:
    with pytest.raises(InputError, match="expected the exploration of presentations"):
        page(replace(found(0), pad=None), FROM)
