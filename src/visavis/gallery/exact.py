"""Exact search by matrix product: the default index, and the reference for the others."""

from threading import Lock

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visavis.errors import InputError
from visavis.types import Floats

SLACK = 1e-5  # above the rounding of a float32 product over any dimension in use
WASTE = 1024  # rows of removed vectors that may lie around before a compaction


class ExactIndex:
    """Cosines of all vectors with the probe, then the best. A `VectorIndex`; thread-safe.

    Searches run outside the lock on the arrays they picked up: a vector in use never moves or
    changes, new ones go behind the last, removed ones are zeroed after they are marked as gone.
    Equal scores come in the order of their keys.
    """

    def __init__(self, dim: int) -> None:
        self._dim = dim
        self._lock = Lock()
        self._rows: dict[int, int] = {}
        self._used = 0
        self._matrix = np.zeros((0, dim), np.float32)
        self._keys = np.zeros(0, np.int64)
        self._alive = np.zeros(0, bool)

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, keys: NDArray[np.int64], vectors: Floats) -> None:
        """Adds (N, dim) vectors under N new keys. Raises InputError for a key that is taken."""
        vectors = self._checked(vectors, (len(keys), self._dim))
        names = keys.tolist()
        with self._lock:
            if len(set(names)) < len(names) or any(name in self._rows for name in names):
                raise InputError(f"expected {len(names)} new keys, got some that are taken")
            start, end = self._used, self._used + len(names)
            if end > len(self._keys):
                self._grow(max(end, start * 3 // 2, 256))
            self._matrix[start:end] = vectors
            self._keys[start:end] = keys
            self._alive[start:end] = True
            self._rows.update(zip(names, range(start, end), strict=True))
            self._used = end

    def remove(self, keys: NDArray[np.int64]) -> None:
        """Removes what is there of `keys`; the next search does not see them."""
        with self._lock:
            found = [self._rows.pop(key) for key in keys.tolist() if key in self._rows]
            self._alive[found] = False
            self._matrix[found] = 0
            if self._used - len(self._rows) > max(WASTE, len(self._rows) // 4):
                self._compact()

    def search(self, probe: Floats, k: int) -> tuple[NDArray[np.int64], Floats]:
        """The keys and exact float32 cosines of the k best for one (dim,) probe, best first."""
        probe = self._checked(probe, (self._dim,))
        while True:
            with self._lock:
                matrix, stored, alive, used = self._matrix, self._keys, self._alive, self._used
                size = len(self._rows)
            scores = matrix[:used] @ probe
            if size < used:
                scores[~alive[:used]] = -np.inf
            rows = _best(scores, min(k, size))
            keys = stored[rows]
            exact = (matrix[rows] * probe).sum(axis=1)  # the same sum wherever the row stands
            with self._lock:
                live = np.array([key in self._rows for key in keys.tolist()], dtype=bool)
            if live.sum() >= min(k, len(self._rows)):
                keys, exact = keys[live], exact[live]
                order = np.lexsort((keys, -exact))[: max(k, 0)]
                return keys[order], np.clip(exact[order], -1.0, 1.0)

    def _grow(self, capacity: int) -> None:
        """Larger arrays with the present rows; searches under way keep the old ones."""
        used, more = self._used, capacity - self._used
        self._matrix = np.concatenate(
            [self._matrix[:used], np.zeros((more, self._dim), np.float32)]
        )
        self._keys = np.concatenate([self._keys[:used], np.zeros(more, np.int64)])
        self._alive = np.concatenate([self._alive[:used], np.zeros(more, bool)])

    def _compact(self) -> None:
        """New arrays of the rows that are left."""
        rows = np.flatnonzero(self._alive[: self._used])
        self._matrix, self._keys = self._matrix[rows], self._keys[rows]
        self._alive = np.ones(len(rows), bool)
        self._used = len(rows)
        self._rows = dict(zip(self._keys.tolist(), range(self._used), strict=True))

    def _checked(self, value: ArrayLike, shape: tuple[int, ...]) -> Floats:
        array = np.asarray(value, dtype=np.float32)
        if array.shape != shape:
            raise InputError(f"expected vectors of shape {shape}, got {array.shape}")
        if not np.isfinite(array).all():
            raise InputError("expected vectors of finite numbers")
        return array


def _best(scores: Floats, k: int) -> NDArray[np.int64]:
    """The rows that can be among the k best, whatever the rounding of the product."""
    if k <= 0:
        return np.empty(0, np.int64)
    if k >= len(scores):
        return np.arange(len(scores))
    least = np.partition(scores, len(scores) - k)[len(scores) - k]
    return np.flatnonzero(scores >= least - SLACK)
