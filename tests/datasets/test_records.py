"""Records of data sets: what they check, and what they derive."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from visavis.datasets.records import BONA_FIDE, Dataset, PadSet, PairList, Picture, Presentation
from visavis.errors import BadDataset


def picture(name: str, identity: str | None = None, **attributes: str) -> Picture:
    return Picture(Path(name), name, identity, attributes)


@pytest.fixture
def dataset() -> Dataset:
    people = [("b/1", "ben"), ("a/1", "ada"), ("x", None), ("a/2", "ada")]
    return Dataset("set", Path(), tuple(picture(n, who) for n, who in people), ("a note",))


def test_identities_and_owners(dataset: Dataset) -> None:
    assert len(dataset) == 4
    assert dataset.identities == ("ada", "ben")
    assert dataset.owners.tolist() == [1, 0, -1, 0]
    assert dataset.owners.dtype == np.int64


def test_an_empty_identity_is_one_like_any_other() -> None:
    owners = Dataset("set", Path(), (picture("1", ""), picture("2", "ada"))).owners
    assert owners.tolist() == [0, 1]


def test_unlabelled_sets_have_no_identities() -> None:
    unknown = Dataset("set", Path(), (picture("1"), picture("2")))
    assert (unknown.identities, unknown.owners.tolist()) == ((), [-1, -1])


def test_a_set_needs_pictures_of_different_names() -> None:
    with pytest.raises(BadDataset, match="found none"):
        Dataset("set", Path(), ())
    with pytest.raises(BadDataset, match="doubles"):
        Dataset("set", Path(), (picture("1"), picture("1")))


def test_a_part_keeps_order_and_notes(dataset: Dataset) -> None:
    part = dataset.only(["a/2", "b/1", "not there"], "part")
    assert [p.name for p in part.pictures] == ["b/1", "a/2"]
    assert (part.name, part.notes, dataset.only(["x"]).name) == ("part", ("a note",), "set")
    with pytest.raises(BadDataset, match="found none"):
        dataset.only([])


def test_the_digest_is_of_names_labels_and_bytes(tmp_path: Path) -> None:
    file = tmp_path / "1.png"
    file.write_bytes(b"one")
    base = Picture(file, "1.png", "ada", {"age": "30", "race": "x"})

    def digest(of: Picture) -> str:
        return Dataset("set", tmp_path, (of,)).digest

    first = digest(base)
    assert len(first) == 64
    assert digest(replace(base, attributes={"race": "x", "age": "30"})) == first
    moved = tmp_path / "elsewhere.png"
    moved.write_bytes(b"one")
    assert digest(replace(base, path=moved)) == first  # where it lies is no part of the set
    others = {
        digest(replace(base, name="2.png")),
        digest(replace(base, identity="ben")),
        digest(replace(base, identity=None)),
        digest(replace(base, attributes={"age": "31", "race": "x"})),
    }
    file.write_bytes(b"two")
    assert len({first, *others, digest(base)}) == 6


def test_pairs_stand_one_fold_after_another(dataset: Dataset) -> None:
    folds = (np.array([[1, 3, 1]]), np.array([[0, 1, 0], [0, 3, 0]]))
    listed = PairList("pairs", dataset, folds)
    assert listed.pairs.tolist() == [[1, 3, 1], [0, 1, 0], [0, 3, 0]]


@pytest.mark.parametrize(
    ("folds", "message"),
    [
        ((), "none empty"),
        ((np.empty((0, 3), np.int64),), "none empty"),
        ((np.array([[0, 1]]),), "none empty"),
        ((np.array([0, 1, 1]),), "none empty"),
        ((np.array([[0, 4, 1]]),), "pictures of set"),
        ((np.array([[-1, 0, 1]]),), "pictures of set"),
        ((np.array([[0, 1, 2]]),), "third column"),
    ],
)
def test_bad_pairs_are_refused(
    dataset: Dataset, folds: tuple[np.ndarray, ...], message: str
) -> None:
    with pytest.raises(BadDataset, match=message):
        PairList("pairs", dataset, folds)


def test_presentations_go_with_their_pictures(dataset: Dataset) -> None:
    species = [BONA_FIDE, "print", "replay", "print"]
    shown = [Presentation(p, s) for p, s in zip(dataset.pictures, species, strict=True)]
    made = PadSet(dataset, tuple(shown))
    assert made.species == ("print", "replay")
    assert [p.attack for p in made.presentations] == [False, True, True, True]
    for wrong in (shown[:3], shown[::-1]):
        with pytest.raises(BadDataset, match="one presentation for each"):
            PadSet(dataset, tuple(wrong))
