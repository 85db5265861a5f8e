"""All pairs of vectors that are alike, found tile by tile: the whole matrix is never in memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from visavis.types import Floats

_ROWS: Final = 500
_COLUMNS: Final = 16_000  # a tile is 32 MB
_MOST: Final = 200_000


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Index pairs with their cosines, most alike first.

    `total` counts all pairs at or above the limit; `first`, `second` and `scores` (K,) hold the
    most alike of them, all unless there were more than was asked for.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    scores: Floats
    total: int

    def __len__(self) -> int:
        return len(self.scores)


def pairs_above(
    left: Floats,
    limit: float,
    right: Floats | None = None,
    *,
    apart: NDArray[np.int64] | None = None,
    most: int = _MOST,
) -> Pairs:
    """Pairs whose cosine is `limit` or more, of unit vectors (N, dim) with (M, dim) or each other.

    Among themselves each pair comes once, first < second. With `apart` (N,) only pairs with two
    different values of it count, and rows with a negative value never do. Rows of NaN match
    nothing. Time grows with N * M, memory does not.
    """
    kept = Pairs(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32), 0)
    floor = limit
    for rows, columns, scores in _tiles(left, right):
        hit = scores >= np.float32(limit)
        if right is None and columns.start < rows.stop:
            hit &= (
                np.arange(columns.start, columns.stop) > np.arange(rows.start, rows.stop)[:, None]
            )
        if apart is not None:
            hit &= (apart[rows, None] != apart[columns]) & (apart[rows, None] >= 0)
            hit &= apart[columns] >= 0
        total = kept.total + int(np.count_nonzero(hit))
        a, b = np.nonzero(hit & (scores >= np.float32(floor)))
        kept = _best(kept, a + rows.start, b + columns.start, scores[a, b], total, most)
        floor = float(kept.scores[-1]) if len(kept) == most else limit
    return kept


def _tiles(left: Floats, right: Floats | None) -> Iterator[tuple[slice, slice, Floats]]:
    """Rows, columns and their cosines; of a set with itself the upper triangle alone."""
    other = left if right is None else right
    for top in range(0, len(left), _ROWS):
        rows = slice(top, min(top + _ROWS, len(left)))
        for start in range(top if right is None else 0, len(other), _COLUMNS):
            columns = slice(start, min(start + _COLUMNS, len(other)))
            yield rows, columns, left[rows] @ other[columns].T


def _best(
    kept: Pairs,
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    scores: Floats,
    total: int,
    most: int,
) -> Pairs:
    if not len(first):
        return Pairs(kept.first, kept.second, kept.scores, total)
    first = np.concatenate([kept.first, first])
    second = np.concatenate([kept.second, second])
    scores = np.concatenate([kept.scores, scores])
    order = np.lexsort((second, first, -scores))[:most]
    return Pairs(first[order], second[order], scores[order], total)
