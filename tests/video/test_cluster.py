import itertools

import numpy as np
import pytest

from visavis.errors import InputError, ModelMismatch
from visavis.types import Embedding
from visavis.video import cluster as module
from visavis.video.cluster import cluster


def person(number: int, count: int, spread: float = 0.3) -> list[Embedding]:
    """Looks at one person, each a little off."""
    rng = np.random.default_rng(number)
    middle = np.zeros(64)
    middle[number] = 1
    off = rng.standard_normal((count, 64)) * spread / 8
    return [Embedding.of(middle + one, "m") for one in off]


def test_faces_of_one_person_are_one_group_the_largest_first() -> None:
    faces = [*person(0, 2), *person(1, 5), *person(2, 1), *person(3, 2)]
    assert cluster(faces, 0.5).tolist() == [1, 1, 0, 0, 0, 0, 0, 3, 2, 2]


def test_the_size_may_be_counted_otherwise() -> None:
    faces = [*person(0, 2), *person(1, 1)]
    assert cluster(faces, 0.5, largest=[1, 1, 9]).tolist() == [1, 1, 0]


def test_no_faces_and_one_face_are_no_trouble() -> None:
    assert cluster([], 0.5).tolist() == []
    assert cluster(person(0, 1), 0.5).tolist() == [0]


def test_one_face_again_and_again_is_one_person() -> None:
    for number in range(20):  # some of these vectors have a product with themselves above 1
        vector = np.random.default_rng(number).standard_normal(64)
        assert set(cluster([Embedding.of(vector, "m")] * 5, 0.5).tolist()) == {0}


def test_faces_that_are_apart_never_meet() -> None:
    faces = person(0, 40)
    labels = cluster(faces, 0.5, [(0, 1), (1, 1), (2, 1)])
    assert labels[0] != labels[1] != labels[2]
    assert len(set(labels.tolist())) == 2


def test_faces_that_are_apart_do_not_meet_by_way_of_others() -> None:
    for size in (3, 30, 200):
        faces = person(0, size)
        labels = cluster(faces, -1.0, [(size - 2, size - 1)])
        assert labels[-1] != labels[-2]


def test_one_pair_that_looks_alike_joins_nobody() -> None:
    left, right = person(0, 6), person(1, 6)
    bridge = Embedding.of(left[0].vector + right[0].vector, "m")
    assert max(bridge.similarity(left[0]), bridge.similarity(right[0])) > 0.6
    labels = cluster([*left, *right, bridge], 0.45)
    assert len(set(labels[:6].tolist())) == len(set(labels[6:12].tolist())) == 1
    assert labels[0] != labels[6]


def test_groups_do_not_hang_on_the_order() -> None:
    faces = [*person(0, 3), *person(1, 4), *person(2, 2)]
    wanted = cluster(faces, 0.5)
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(len(faces))
        found = cluster([faces[i] for i in order], 0.5)
        for a, b in itertools.combinations(range(len(faces)), 2):
            assert (found[a] == found[b]) == (wanted[order[a]] == wanted[order[b]])


def test_what_cannot_be_grouped_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelMismatch):
        cluster([*person(0, 1), Embedding.of([1.0] * 64, "other")], 0.5)
    monkeypatch.setattr(module, "MOST", 3)
    with pytest.raises(InputError, match="3 faces or fewer"):
        cluster(person(0, 4), 0.5)
