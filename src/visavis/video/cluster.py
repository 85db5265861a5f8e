"""Which unknown faces are one person: average linkage of their vectors, cut at a threshold."""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from visavis.errors import InputError, ModelMismatch
from visavis.extras import needs
from visavis.types import Embedding

MOST: Final = 20_000
"""Faces that are grouped at once: their distances take 8 bytes a pair, twice."""
_APART: Final = 1e10  # a distance that no mean over a group brings down to a cosine's


def cluster(
    faces: Sequence[Embedding],
    threshold: float,
    apart: Iterable[tuple[int, int]] = (),
    largest: Sequence[int] | None = None,
) -> NDArray[np.int64]:
    """(N,) the group of each face, numbered from 0: the largest first, then by its first face.

    Two groups become one while the mean cosine from one to the other is `threshold` or more, the
    most alike first (average linkage): a single pair that looks alike by accident joins nobody.
    The pairs `apart` never come into one group, as two faces of one picture. `largest` says how
    much each face counts for the size. Nothing is drawn by lot. Raises ModelMismatch, MissingExtra
    without SciPy, and InputError for more than 20,000 faces.
    """
    if len(faces) > MOST:
        raise InputError(f"expected {MOST:,} faces or fewer to group at once, got {len(faces):,}")
    if len({face.model for face in faces}) > 1:
        raise ModelMismatch("expected faces embedded by one model, got several")
    if len(faces) < 2:
        return np.zeros(len(faces), np.int64)
    weights = np.ones(len(faces)) if largest is None else np.asarray(largest, np.float64)
    return _numbered(_cut(_distances(faces, apart), threshold), weights)


def _distances(faces: Sequence[Embedding], apart: Iterable[tuple[int, int]]) -> NDArray[np.float64]:
    """1 - cosine of all pairs, in SciPy's condensed order."""
    vectors = np.stack([face.vector for face in faces])
    count = len(faces)
    found = np.empty(count * (count - 1) // 2)
    for row in range(count - 1):
        found[_place(row, row + 1, count) :][: count - 1 - row] = (
            1.0 - vectors[row + 1 :] @ vectors[row]
        )
    np.maximum(found, 0.0, out=found)  # rounding: a face and itself are not quite 1 alike
    for a, b in apart:
        if a != b:
            found[_place(min(a, b), max(a, b), count)] = _APART
    return found


def _place(a: int, b: int, count: int) -> int:
    """Where the pair a < b is in the condensed order."""
    return a * count - a * (a + 1) // 2 + b - a - 1


def _cut(distances: NDArray[np.float64], threshold: float) -> NDArray[np.int64]:
    with needs("video", "grouping faces"):
        from scipy.cluster.hierarchy import fcluster, linkage
    tree = linkage(distances, "average")
    return np.asarray(fcluster(tree, 1.0 - threshold, "distance"), np.int64)


def _numbered(labels: NDArray[np.int64], weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """The same groups, numbered by size and then by the first face."""
    _, first, groups = np.unique(labels, return_index=True, return_inverse=True)
    sizes = np.bincount(groups, weights)
    order = np.lexsort((first, -sizes))
    numbers = np.empty(len(order), np.int64)
    numbers[order] = np.arange(len(order))
    return numbers[groups]
