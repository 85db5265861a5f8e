"""What two sets share."""

from dataclasses import replace

import numpy as np
import pytest

from planted import CALIBRATION, dataset_of, embedded_of, files_of, vectors_of
from visavis.evaluate.leakage import find_leakage

TRAIN, TEST = [f"a{i}" for i in range(8) for _ in "xy"], [f"b{i}" for i in range(6) for _ in "xy"]


def sets(shown: list[str]) -> tuple:
    """A training set, and a test set whose pictures show other people than its labels say."""
    train, test = dataset_of(TRAIN, "train"), dataset_of(TEST, "test")
    vectors = vectors_of(TRAIN + shown)
    left = embedded_of(train, vectors[: len(TRAIN)])
    right = embedded_of(test, vectors[len(TRAIN) :])
    files = files_of(train), replace(files_of(test), hashes=files_of(train).hashes[:12] ^ 0xFFFFFF)
    return left, files[0], right, files[1]


def test_apart_sets_share_nothing() -> None:
    found = find_leakage(*sets(TEST), CALIBRATION)
    assert (found.pictures, found.doubles_total, found.names) == (0, 0, ())
    assert not found.found
    assert found.people_pairs == 8 * 6
    assert found.nearest < found.limit == 0.6
    assert found.chance == pytest.approx(48e-6)


def test_a_person_in_both_is_found() -> None:
    shown = ["a5" if who == "b2" else who for who in TEST]
    found = find_leakage(*sets(shown), CALIBRATION)
    assert [(d.first, d.second) for d in found.doubles] == [("a5", "b2")]
    assert found.doubles[0].cosine > 0.8


def test_the_same_and_nearly_the_same_picture_are_found() -> None:
    left, left_files, right, right_files = sets(TEST)
    vectors, hashes = right.vectors.copy(), right_files.hashes.copy()
    vectors[3], vectors[7] = left.vectors[0], left.vectors[9]
    hashes[7] = left_files.hashes[9]
    digests = list(right_files.digests)
    digests[3] = left_files.digests[0]
    found = find_leakage(
        left,
        left_files,
        replace(right, vectors=vectors),
        replace(right_files, hashes=hashes, digests=tuple(digests)),
        CALIBRATION,
    )
    assert (found.same_bytes, found.near, found.pictures) == (1, 1, 2)
    assert found.found
    assert {s.names for s in found.shared} == {
        ("a0/0.jpg", "b1/3.jpg"),
        ("a4/9.jpg", "b3/7.jpg"),
    }


def test_sets_without_identities_have_nothing_to_compare() -> None:
    nobody = dataset_of([None, None])
    embedded = embedded_of(nobody, vectors_of(["x", "y"]))
    found = find_leakage(embedded, files_of(nobody), embedded, files_of(nobody), CALIBRATION)
    assert found.people_pairs == 0
    assert np.isnan(found.nearest)
    assert found.same_bytes == 2
