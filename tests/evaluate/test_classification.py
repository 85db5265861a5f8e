"""Closed-set classification: against scikit-learn, against plain loops, and by hand."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visavis.datasets.records import Dataset, Picture
from visavis.errors import BadDataset, InputError
from visavis.evaluate.classification import (
    ClassificationResult,
    NearestMean,
    classifier,
    classify,
    closed_set,
    split,
)
from visavis.evaluate.embedded import Embedded

NAMES = ("ada", "ben", "cleo", "dora")
answers = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=60)


def told(rows: list[tuple[int, int]]) -> ClassificationResult:
    truth, named = np.array(rows, np.int64).T
    return classify(truth, named, NAMES)


def embedded(vectors: np.ndarray, owners: list[str]) -> Embedded:
    pictures = tuple(Picture(Path(f"{i}.png"), f"{i}.png", who) for i, who in enumerate(owners))
    count = len(pictures)
    blank = [np.zeros((count, *shape), np.float32) for shape in ((4,), (5, 2), (), (9,))]
    data = Dataset("toy", Path(), pictures)
    return Embedded(data, "toy", "toy-1", vectors.astype(np.float32), *blank, errors={})


def test_by_hand() -> None:
    # ada: 3 probes, 2 right; ben: 1, right; cleo: 0 probes and never named; dora: 1, called ada.
    # precision: ada 2/3, ben 1/2, cleo 0, dora 0; recall: ada 2/3, ben 1, cleo 0, dora 0
    # F1: ada 2*2/(3+3) = 2/3, ben 2*1/(1+2) = 2/3, others 0; accuracy 3/5
    found = told([(0, 0), (0, 0), (0, 1), (1, 1), (3, 0)])
    assert (found.accuracy.events, found.accuracy.trials) == (3, 5)
    assert found.precision == pytest.approx((2 / 3 + 1 / 2) / 4)
    assert found.recall == pytest.approx((2 / 3 + 1) / 4)
    assert found.f1 == pytest.approx((2 / 3 + 2 / 3) / 4)
    assert [c.support for c in found.classes] == [3, 1, 0, 1]
    assert found.confusion[3, 0] == 1


@settings(max_examples=60, deadline=None)
@given(answers)
def test_as_scikit_learn(rows: list[tuple[int, int]]) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    truth, named = zip(*rows, strict=True)
    found = told(rows)
    assert found.accuracy.value == pytest.approx(metrics.accuracy_score(truth, named))
    macro = metrics.precision_recall_fscore_support(
        truth, named, labels=range(4), average="macro", zero_division=0
    )
    assert (found.precision, found.recall, found.f1) == pytest.approx(macro[:3])
    each = metrics.precision_recall_fscore_support(truth, named, labels=range(4), zero_division=0)
    assert [c.f1 for c in found.classes] == pytest.approx(each[2])
    assert (
        found.confusion.tolist() == metrics.confusion_matrix(truth, named, labels=range(4)).tolist()
    )


@settings(max_examples=60, deadline=None)
@given(answers)
def test_as_plain_loops(rows: list[tuple[int, int]]) -> None:
    found = told(rows)
    for place, one in enumerate(found.classes):
        hits = sum(1 for t, p in rows if t == p == place)
        named = sum(1 for _, p in rows if p == place)
        support = sum(1 for t, _ in rows if t == place)
        precision = hits / named if named else 0.0
        recall = hits / support if support else 0.0
        f1 = 2 * precision * recall / (precision + recall) if hits else 0.0
        assert (one.precision, one.recall, one.f1) == pytest.approx((precision, recall, f1))
        assert (one.label, one.support) == (NAMES[place], support)
    assert found.accuracy.events == sum(t == p for t, p in rows)


@pytest.mark.parametrize(
    ("truth", "named"), [([0, 1], [0]), ([], []), ([0, 4], [0, 0]), ([0, 1], [-1, 0])]
)
def test_answers_that_do_not_fit(truth: list[int], named: list[int]) -> None:
    with pytest.raises(InputError, match="expected"):
        classify(np.array(truth, np.int64), np.array(named, np.int64), NAMES)


@pytest.mark.parametrize("method", ["nearest-mean", "nearest-neighbour"])
def test_people_apart_are_all_named(method: str, rng: np.random.Generator) -> None:
    owners = [who for who in NAMES for _ in range(8)]
    vectors = np.repeat(np.eye(4), 8, axis=0) + 0.01 * rng.standard_normal((32, 4))
    faces = embedded(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), owners)
    rows = split(faces, least=8, train=3)
    found = closed_set(faces, rows, classifier(method))  # type: ignore[arg-type]
    assert (found.accuracy.events, found.accuracy.trials) == (20, 20)
    assert found.labels == NAMES


def test_mean_and_neighbour_differ() -> None:
    # ada lies at 0 and 60 degrees (mean 30), ben at 80 and 100 (mean 90): a probe at 62 degrees
    # is nearest to ada's picture at 60, and to ben's mean (28 degrees) rather than ada's (32).
    at = np.radians([0, 60, 80, 100])
    vectors = np.stack([np.cos(at), np.sin(at)], axis=1).astype(np.float32)
    labels = np.array([0, 0, 1, 1])
    probe = np.array([[np.cos(np.radians(62)), np.sin(np.radians(62))]], np.float32)
    for method, named in (("nearest-mean", 1), ("nearest-neighbour", 0)):
        learner = classifier(method)  # type: ignore[arg-type]
        learner.fit(vectors, labels)
        assert learner.predict(probe).tolist() == [named]


def test_split_is_by_person_seeded_and_disjoint(rng: np.random.Generator) -> None:
    owners = ["ada"] * 9 + ["ben"] * 4 + ["cleo"] * 7
    vectors = rng.standard_normal((20, 8))
    vectors[2] = np.nan  # ada's third picture shows no face
    faces = embedded(vectors, owners)
    rows = split(faces, least=5, train=2, seed=7)
    assert rows.people == ("ada", "cleo")
    assert rows.failed == 1
    assert not set(rows.train) & set(rows.test)
    assert 2 not in {*rows.train, *rows.test}
    assert len(rows.train) == 4
    assert len(rows.test) == (8 - 2) + (7 - 2)
    again = split(faces, least=5, train=2, seed=7)
    assert rows.train.tolist() == again.train.tolist()
    others = [split(faces, least=5, train=2, seed=s).train.tolist() for s in range(6)]
    assert any(other != rows.train.tolist() for other in others)


def test_split_that_cannot_be() -> None:
    faces = embedded(np.eye(4), ["ada", "ada", "ben", "cleo"])
    with pytest.raises(BadDataset, match="2 people"):
        split(faces, least=2, train=1)
    with pytest.raises(InputError, match="to learn from"):
        split(faces, least=2, train=2)


def test_unknown_method() -> None:
    with pytest.raises(InputError, match="nearest-mean"):
        classifier("svm")  # type: ignore[arg-type]


def test_nearest_mean_names_only_what_it_learnt() -> None:
    learner = NearestMean()
    learner.fit(np.eye(3, dtype=np.float32), np.array([5, 9, 5]))
    assert set(learner.predict(np.eye(3, dtype=np.float32)).tolist()) <= {5, 9}
