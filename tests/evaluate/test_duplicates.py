"""Planted copies are found, and grouped; look-alike poses are not."""

from dataclasses import replace

import numpy as np

from planted import dataset_of, embedded_of, files_of, vectors_of
from visavis.evaluate.duplicates import components, find_duplicates

OWNERS = ["ada"] * 4 + ["ben"] * 4


def test_components_join_chains() -> None:
    assert components([(5, 6), (1, 2), (2, 3), (3, 1), (9, 6)]) == [[1, 2, 3], [5, 6, 9]]
    assert components([]) == []


def test_planted_copies_are_grouped_and_those_across_identities_come_first() -> None:
    dataset = dataset_of(OWNERS)
    vectors = vectors_of(OWNERS)
    vectors[1] = vectors[0]  # ada's picture again, recoded
    vectors[5] = vectors[2]  # ada's picture as ben's
    files = files_of(dataset)
    hashes = files.hashes.copy()
    hashes[1] = hashes[0] ^ np.uint64(0b111)  # 3 bits off
    hashes[5] = hashes[2]
    digests = list(files.digests)
    digests[5] = digests[2]
    found = find_duplicates(
        embedded_of(dataset, vectors), replace(files, hashes=hashes, digests=tuple(digests))
    )
    across, inside = found.groups
    assert (across.names, across.kind) == (("ada/2.jpg", "ben/5.jpg"), "same bytes")
    assert across.identities == ("ada", "ben")
    assert found.across == (across,)
    assert (inside.names, inside.kind) == (("ada/0.jpg", "ada/1.jpg"), "near")
    assert (found.extra, found.exact, found.unseen) == (2, 1, 0)


def test_a_like_hash_with_unlike_faces_is_no_copy() -> None:
    dataset = dataset_of(["ada", "ben"])
    files = files_of(dataset, [5, 5])
    assert find_duplicates(embedded_of(dataset, vectors_of(["ada", "ben"])), files).groups == ()


def test_without_faces_the_hash_decides_and_must_be_nearer() -> None:
    dataset = dataset_of(["ada"] * 3)
    vectors = np.full((3, 64), np.nan, np.float32)
    files = files_of(dataset, [0, 0b1111, 0b11111111 << 20])  # 4, 8 and 12 bits apart
    (group,) = find_duplicates(embedded_of(dataset, vectors), files).groups
    assert group.names == ("ada/0.jpg", "ada/1.jpg")


def test_unreadable_files_are_no_copies_of_each_other() -> None:
    dataset = dataset_of(["ada"] * 2)
    files = files_of(dataset, [0, 0])
    broken = replace(files, numbers=np.full_like(files.numbers, np.nan), digests=(b"", b""))
    vectors = np.full((2, 64), np.nan, np.float32)
    assert find_duplicates(embedded_of(dataset, vectors), broken).groups == ()
