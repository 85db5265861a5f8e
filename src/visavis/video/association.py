"""Which face is which: gaps between where faces are expected and where they are, and the best
pairs of them.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from visavis.extras import needs
from visavis.types import Face, Floats
from visavis.video.motion import Motion, Numbers

_REACH: Final = 0.5  # sizes that any face may be off
_FAR: Final = 2.5  # sizes beyond which no face is sought, however unsure its place
_GROWTH: Final = 0.5  # of the logarithm of a size: 1.65 times
_RIVAL: Final = 0.3  # sizes by which one gap must lead another, to be clear
_UNDER: Final = 0.05  # of a box that may lie under another and be plain to see
_NEVER: Final = 1e6


def gaps(expected: Sequence[Motion], faces: Sequence[Face]) -> Numbers:
    """(expected, faces): how far each face is from each expected place, in sizes of the face, with
    the logarithm of how much larger or smaller it is; infinite where it cannot be that face.
    """
    if not expected or not faces:
        return np.zeros((len(expected), len(faces)))
    here = np.stack([Motion.of(0.0, f.box).place for f in faces])
    there = np.stack([m.place for m in expected])
    spread = np.array([m.spread for m in expected])[:, None]
    sizes = np.sqrt(here[:, 2:].prod(axis=1)), np.sqrt(there[:, 2:].prod(axis=1))
    both = np.sqrt(sizes[0][None] * sizes[1][:, None])
    off = np.linalg.norm(there[:, None, :2] - here[None, :, :2], axis=2) / both
    growth = np.abs(np.log(sizes[0][None] / sizes[1][:, None]))
    near = (off <= np.minimum(_REACH + 3 * spread, _FAR)) & (growth <= _GROWTH + spread)
    return np.asarray(np.where(near, off + growth, np.inf))


def unclear(found: Numbers, spreads: Sequence[float]) -> set[int]:
    """The faces (columns of `gaps`) that might go to more than one track, or whose track might
    have another face. `spreads` are those of the expected places.
    """
    margin = _RIVAL + np.asarray(spreads, np.float64)[:, None]
    rivals = _rivals(found, margin, axis=0) | _rivals(found, margin, axis=1)
    return {int(face) for face in np.flatnonzero(rivals.any(axis=0))}


def _rivals(found: Numbers, margin: Numbers, axis: int) -> NDArray[np.bool_]:
    """The pairs that are nearly the best of their row or column, where there are several."""
    if not found.size:
        return np.zeros(found.shape, bool)
    best = found.min(axis=axis, keepdims=True)
    close = np.isfinite(found) & (found <= best + margin)
    return np.asarray(close & (close.sum(axis=axis, keepdims=True) > 1))


def overlapped(boxes: Sequence[Floats], others: Sequence[Floats]) -> set[int]:
    """The boxes of which a part lies under another of them, or of the others."""
    if not boxes:
        return set()
    mine, all_ = np.stack(boxes), np.stack([*boxes, *others])
    low = np.maximum(mine[:, None, :2], all_[None, :, :2])
    high = np.minimum(mine[:, None, 2:], all_[None, :, 2:])
    shared = np.maximum(high - low, 0).prod(axis=2)
    np.fill_diagonal(shared, 0)
    area = (mine[:, 2:] - mine[:, :2]).prod(axis=1)
    return {int(i) for i in np.flatnonzero((shared > _UNDER * area[:, None]).any(axis=1))}


def pairs(costs: Numbers) -> list[tuple[int, int]]:
    """Rows and columns joined one to one: as many as there can be, at the least cost in all.

    Infinite costs are never joined. Raises MissingExtra without SciPy.
    """
    with needs("video", "following faces"):
        from scipy.optimize import linear_sum_assignment
    rows, columns = linear_sum_assignment(np.where(np.isfinite(costs), costs, _NEVER))
    joined = zip(rows.tolist(), columns.tolist(), strict=True)
    return [(row, column) for row, column in joined if np.isfinite(costs[row, column])]
