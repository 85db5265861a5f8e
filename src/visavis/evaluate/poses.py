"""Real genuine pairs by pose and by expression, as five landmarks tell them."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from visavis.datasets.lfw import Errata
from visavis.evaluate.embedded import Embedded
from visavis.evaluate.rates import Rate
from visavis.types import Floats

YAWS: Final = (0.0, 10.0, 20.0, 30.0, 45.0, 90.0)
"""Edges of the buckets, degrees: |yaw| of the more turned picture of a pair."""
CHANGES: Final = (0.0, 0.05, 0.1, 0.15, 0.25, 1.0)
"""Edges of the buckets: by how much the mouth's width to the eyes' distance differs, in logs."""
_FRONTAL: Final = 15.0  # degrees of yaw up to which widths can be compared


@dataclass(frozen=True, slots=True)
class Bucket:
    """Genuine pairs from `low` to below `high`, at most one a person; how many match."""

    low: float
    high: float
    tmr: Rate


def by_yaw(
    embedded: Embedded, threshold: float, *, seed: int = 0, errata: Errata | None = None
) -> tuple[Bucket, ...]:
    """TMR by |yaw| of the more turned picture of a pair.

    Yaw is estimated from landmarks (`quality.pose`), so a wrong landmark is in the wrong bucket.
    """
    first, second = genuine_pairs(embedded, errata)
    yaw = np.abs(embedded.measure("yaw"))
    return _buckets(
        embedded, first, second, np.maximum(yaw[first], yaw[second]), YAWS, threshold, seed
    )


def by_expression(
    embedded: Embedded, threshold: float, *, seed: int = 0, errata: Errata | None = None
) -> tuple[Bucket, ...]:
    """TMR by how differently wide the mouth is, among pairs of nearly frontal pictures.

    A proxy: five landmarks show a smile as a wider mouth and nothing else of an expression.
    """
    first, second = genuine_pairs(embedded, errata)
    yaw = np.abs(embedded.measure("yaw"))
    frontal = np.maximum(yaw[first], yaw[second]) <= _FRONTAL
    first, second = first[frontal], second[frontal]
    width = np.log(mouth_width(embedded.landmarks))
    return _buckets(
        embedded, first, second, np.abs(width[first] - width[second]), CHANGES, threshold, seed
    )


def mouth_width(landmarks: Floats) -> Floats:
    """(N,) distance of the mouth's corners over that of the eyes, of (N, 5, 2) landmarks."""
    eyes = np.linalg.norm(landmarks[:, 1] - landmarks[:, 0], axis=1)
    return np.asarray(np.linalg.norm(landmarks[:, 4] - landmarks[:, 3], axis=1) / eyes)


def genuine_pairs(
    embedded: Embedded, errata: Errata | None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows of all pairs of usable pictures of one person, none that the errata leave out."""
    usable = embedded.usable.copy()
    if errata is not None:
        usable &= np.array([p.name not in errata.left_out for p in embedded.dataset.pictures])
    rows = np.flatnonzero(usable & (embedded.dataset.owners >= 0))
    rows = rows[np.argsort(embedded.dataset.owners[rows], kind="stable")]
    _, starts = np.unique(embedded.dataset.owners[rows], return_index=True)
    first, second = [], []
    for own in np.split(rows, starts[1:]):
        a, b = np.triu_indices(len(own), 1)
        first.append(own[a])
        second.append(own[b])
    return np.concatenate(first), np.concatenate(second)


def _buckets(
    embedded: Embedded,
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    measure: Floats,
    edges: tuple[float, ...],
    threshold: float,
    seed: int,
) -> tuple[Bucket, ...]:
    """For each range one pair a person, drawn at random, and how many of them match."""
    order = np.random.default_rng(seed).permutation(len(first))
    first, second, measure = first[order], second[order], measure[order]
    made = []
    for low, high in pairwise(edges):
        within = np.flatnonzero((measure >= low) & (measure < high))
        _, one_each = np.unique(embedded.dataset.owners[first[within]], return_index=True)
        pairs = within[one_each]
        vectors = embedded.vectors
        scores = np.einsum("nd,nd->n", vectors[first[pairs]], vectors[second[pairs]])
        made.append(Bucket(low, high, Rate.of(int((scores >= threshold).sum()), len(pairs))))
    return tuple(made)
