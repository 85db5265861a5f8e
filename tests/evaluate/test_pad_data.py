"""Sets for attack detection with planted shortcuts."""

from dataclasses import replace

import numpy as np
import pytest

from planted import dataset_of, embedded_of, files_of, vectors_of
from visavis.datasets.records import BONA_FIDE, PadSet, Presentation
from visavis.evaluate.duplicates import find_duplicates
from visavis.evaluate.files import NUMBERS, Files
from visavis.evaluate.pad_data import PadFindings, examine, subjects_of

SUBJECTS = [f"s{i}" for i in range(8) for _ in range(6)]
SPECIES = [BONA_FIDE, BONA_FIDE, BONA_FIDE, "print", "print", "replay"] * 8


def presentations(session: list[str] | None = None, subjects: bool = True) -> PadSet:
    dataset = dataset_of(SUBJECTS, "pad")
    sessions = session or ["1"] * len(SUBJECTS)
    rows = zip(dataset.pictures, SPECIES, SUBJECTS, sessions, strict=True)
    return PadSet(
        dataset, tuple(Presentation(p, k, s if subjects else "", n) for p, k, s, n in rows)
    )


def found(pad: PadSet, files: Files | None = None) -> PadFindings:
    embedded = embedded_of(pad.dataset, vectors_of(SUBJECTS))
    files = files or files_of(pad.dataset)
    return examine(pad, embedded, files, find_duplicates(embedded, files))


def with_bytes(pad: PadSet, values: np.ndarray) -> Files:
    files = files_of(pad.dataset)
    numbers = files.numbers.copy()
    numbers[:, NUMBERS.index("bytes")] = values
    return replace(files, numbers=numbers)


def test_larger_files_of_attacks_give_the_label_away() -> None:
    pad = presentations()
    attack = np.array([p.attack for p in pad.presentations])
    made = found(pad, with_bytes(pad, np.where(attack, 9000, 5000) + np.arange(len(attack))))
    first = made.container[0]
    assert (first.name, first.auc, first.tells) == ("file size", 1, True)
    assert made.joint[0].auc == pytest.approx(1)
    assert {c.strength for c in made.container[1:]} == {0.5}


def test_other_quantisation_tables_of_attacks_are_seen() -> None:
    pad = presentations()
    tables = tuple("bbbb" if p.attack else "aaaa" for p in pad.presentations)
    made = found(pad, replace(files_of(pad.dataset), tables=tables))
    assert made.coding.rows == ("JPEG RGB aaaa", "JPEG RGB bbbb")
    assert made.coding.columns == (BONA_FIDE, "print", "replay")
    assert made.coding.counts == ((24, 0, 0), (0, 16, 8))
    assert made.joint[0].tells


def test_counts_and_one_sided_factors() -> None:
    session = ["1" if kind != "replay" else "2" for kind in SPECIES]
    made = found(presentations(session))
    assert made.species == {BONA_FIDE: 24, "print": 16, "replay": 8}
    assert (made.people, [t.row for t in made.tables]) == (8, ["subject", "session"])
    assert made.tables[1].counts == ((24, 16, 0), (0, 0, 8))
    assert made.one_sided == {"subject": (), "session": ("2",)}
    assert not made.joint[0].helps


def test_near_frames_of_one_recording_are_counted() -> None:
    pad = presentations()
    files = files_of(pad.dataset)
    vectors, hashes = vectors_of(SUBJECTS), files.hashes.copy()
    # two bona fide frames of s0, one print frame like another of s1 and like its bona fide one
    for copy, of in ((1, 0), (9, 10), (6, 10)):
        vectors[copy], hashes[copy] = vectors[of], hashes[of]
    files = replace(files, hashes=hashes)
    embedded = embedded_of(pad.dataset, vectors)
    made = examine(pad, embedded, files, find_duplicates(embedded, files)).recordings
    assert (made.count, made.pictures) == (24, 48)
    assert (made.repeated, made.groups) == (4, 46)


def test_without_subjects_each_picture_is_its_own() -> None:
    pad = presentations(subjects=False)
    assert len(np.unique(subjects_of(pad))) == 48
    made = found(pad)
    assert made.people == 0
    assert "subject" not in made.one_sided
