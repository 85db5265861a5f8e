"""Closed-set classification: every probe shows one of the known people; which one?"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from visavis.errors import BadDataset, InputError
from visavis.evaluate.embedded import Embedded
from visavis.evaluate.rates import Rate
from visavis.types import Floats

Labels: TypeAlias = NDArray[np.int64]
Method: TypeAlias = Literal["nearest-mean", "nearest-neighbour"]
_MIN_PEOPLE: Final = 2


class Classifier(Protocol):
    """Learns people from their vectors, then names whom a vector shows."""

    def fit(self, vectors: Floats, labels: Labels) -> None:
        """Learns from (N, dim) unit vectors and their (N,) labels."""
        ...

    def predict(self, vectors: Floats) -> Labels:
        """(N,) labels, each one of those learnt."""
        ...


class NearestMean:
    """The person whose mean vector has the highest cosine."""

    def fit(self, vectors: Floats, labels: Labels) -> None:
        self._labels, place = np.unique(labels, return_inverse=True)
        sums = np.zeros((len(self._labels), vectors.shape[1]), np.float32)
        np.add.at(sums, place, vectors)
        self._means = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)

    def predict(self, vectors: Floats) -> Labels:
        named: Labels = self._labels[np.argmax(vectors @ self._means.T, axis=1)]
        return named


class NearestNeighbour:
    """The person of the single vector with the highest cosine."""

    def fit(self, vectors: Floats, labels: Labels) -> None:
        self._vectors, self._labels = vectors, labels

    def predict(self, vectors: Floats) -> Labels:
        named: Labels = self._labels[np.argmax(vectors @ self._vectors.T, axis=1)]
        return named


def classifier(method: Method) -> Classifier:
    """The classifier of that name. Raises InputError for another."""
    match method:
        case "nearest-mean":
            return NearestMean()
        case "nearest-neighbour":
            return NearestNeighbour()
        case _:
            raise InputError(f"expected nearest-mean or nearest-neighbour, got {method!r}")


@dataclass(frozen=True, slots=True)
class ClassScore:
    """One class: `support` is how many probes show it. A ratio without a denominator is 0."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class ClassificationResult:
    """`confusion` (C, C) int64 counts: row the true class, column the named one, as `labels`."""

    labels: tuple[str, ...]
    confusion: NDArray[np.int64]

    @cached_property
    def accuracy(self) -> Rate:
        """Probes named rightly, with the exact interval for independent probes."""
        return Rate.of(int(np.trace(self.confusion)), int(self.confusion.sum()))

    @cached_property
    def classes(self) -> tuple[ClassScore, ...]:
        hits = np.diag(self.confusion)
        support, named = self.confusion.sum(axis=1), self.confusion.sum(axis=0)
        columns = (_ratio(hits, named), _ratio(hits, support), _ratio(2 * hits, support + named))
        rows = zip(self.labels, *(c.tolist() for c in columns), support.tolist(), strict=True)
        return tuple(ClassScore(*row) for row in rows)

    @property
    def precision(self) -> float:
        """The mean over classes, each counting alike (macro average)."""
        return float(np.mean([c.precision for c in self.classes]))

    @property
    def recall(self) -> float:
        """The mean over classes (macro average)."""
        return float(np.mean([c.recall for c in self.classes]))

    @property
    def f1(self) -> float:
        """The mean of the classes' F1 (macro average), not the F1 of the means."""
        return float(np.mean([c.f1 for c in self.classes]))


def classify(truth: Labels, predicted: Labels, labels: tuple[str, ...]) -> ClassificationResult:
    """Counts (N,) true and named classes, both as places in `labels`.

    Raises InputError for arrays of two lengths, without probes, or with a class beyond `labels`.
    """
    if truth.shape != predicted.shape or truth.ndim != 1 or not truth.size:
        raise InputError(f"expected two (N,) arrays, got {truth.shape} and {predicted.shape}")
    count = len(labels)
    if min(truth.min(), predicted.min()) < 0 or max(truth.max(), predicted.max()) >= count:
        raise InputError(f"expected classes 0 to {count - 1}, got others")
    cells = np.bincount(truth * count + predicted, minlength=count * count)
    return ClassificationResult(labels, cells.reshape(count, count).astype(np.int64))


@dataclass(frozen=True, slots=True)
class ClosedSet:
    """Which rows of an Embedded are learnt from and which are probes.

    `train` and `test` (N,) rows, `people` the identities, `failed` probes without a face: they
    could not be named and are in no figure of the result.
    """

    train: NDArray[np.int64]
    test: NDArray[np.int64]
    people: tuple[str, ...]
    failed: int


def split(embedded: Embedded, *, least: int = 10, train: int = 5, seed: int = 0) -> ClosedSet:
    """Of everybody with `least` pictures or more, `train` drawn to learn from, the rest probes.

    Drawn anew for each person by `seed`, among pictures that gave a face. Raises InputError for
    a `train` that leaves no probe, BadDataset for fewer than two such people.
    """
    if not 0 < train < least:
        raise InputError(f"expected 1 to {least - 1} pictures to learn from, got {train}")
    rng = np.random.default_rng(seed)
    dataset, learnt, probes, people, failed = embedded.dataset, [], [], [], 0
    for place, name in enumerate(dataset.identities):
        rows = np.flatnonzero(dataset.owners == place)
        seen = rows[embedded.usable[rows]]
        if len(seen) >= least:
            seen = rng.permutation(seen)
            learnt.append(np.sort(seen[:train]))
            probes.append(np.sort(seen[train:]))
            people.append(name)
            failed += len(rows) - len(seen)
    if len(people) < _MIN_PEOPLE:
        raise BadDataset(
            f"{dataset.name}: expected {_MIN_PEOPLE} people with {least} pictures or more, "
            f"got {len(people)}"
        )
    return ClosedSet(np.concatenate(learnt), np.concatenate(probes), tuple(people), failed)


def closed_set(embedded: Embedded, rows: ClosedSet, classifier: Classifier) -> ClassificationResult:
    """Fits the classifier on `rows.train` and counts what it says of `rows.test`."""
    place = {name: i for i, name in enumerate(rows.people)}
    whole = [place.get(name, -1) for name in embedded.dataset.identities]
    owners = np.array(whole, np.int64)[embedded.dataset.owners]
    classifier.fit(embedded.vectors[rows.train], owners[rows.train])
    predicted = classifier.predict(embedded.vectors[rows.test])
    return classify(owners[rows.test], predicted, rows.people)


def _ratio(part: Labels, whole: Labels) -> NDArray[np.float64]:
    return np.where(whole > 0, part / np.maximum(whole, 1), 0.0)
