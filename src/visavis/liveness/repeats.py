"""Frames that come again: a frozen stream, or a clip that plays in a loop."""

import hashlib
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from visavis.liveness.track import Observation, Track
from visavis.types import Image

Matrix = NDArray[np.float64]

_SIDE: Final = 32  # of a fingerprint
_FROZEN: Final = 4  # equal frames in a row: a slow camera in a fast stream doubles each, or triples
_HELD: Final = 0.3  # seconds that they must last
_LAG: Final = 4  # frames; nearer ones are alike by nature
_RUN: Final = 5  # frames in a row that come again
_CLOSER: Final = 0.5  # than the nearest neighbour in time, by this factor
_MOVES: Final = 0.2  # grey levels between neighbours, below which all frames are alike


@dataclass(frozen=True, slots=True)
class Repeats:
    """What comes again in a track, in frames.

    `frozen`: the longest row of equal frames; `again`: how many frames are exactly an earlier one,
    but for such rows; `run`: the longest row of moving frames that nearly comes again, `lag`
    frames later, or backwards, and then `lag` is 0. `reasons`: `frozen_frames`, `looped_frames`.
    """

    frames: int
    frozen: int
    again: int
    run: int
    lag: int
    reasons: tuple[str, ...] = ()


def repeats(track: Track) -> Repeats:
    """What comes again among the frames of a track; those without pixels are passed over.

    A camera's noise makes every frame new, so one exact repeat at a distance is a copy. Frames
    that were coded again are never exact: there a row counts whose frames are nearer to those of
    an earlier row than to their own neighbours in time, which only a scene that moves can show.
    """
    seen = [o for o in track.observations if o.image is not None]
    digests = [digest(o.image) for o in seen if o.image is not None]
    frozen, lasted = _frozen(seen, digests)
    again = _again(digests)
    run, lag = _loop(np.array([fingerprint(o.image) for o in seen if o.image is not None]))
    reasons = []
    if frozen >= _FROZEN and lasted >= _HELD:
        reasons.append("frozen_frames")
    if again or run >= _RUN:
        reasons.append("looped_frames")
    return Repeats(len(seen), frozen, again, run, lag, tuple(reasons))


def digest(image: Image) -> bytes:
    """16 bytes that only an equal picture has."""
    whole = hashlib.blake2b(repr(image.shape).encode(), digest_size=16)
    whole.update(np.ascontiguousarray(image).data)
    return whole.digest()


def fingerprint(image: Image) -> Matrix:
    """The picture in 32 x 32 grey levels, as (1024,): coding it again changes it little."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey.astype(np.float32), (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float64).ravel()


def _frozen(seen: list[Observation], digests: list[bytes]) -> tuple[int, float]:
    """The longest row of equal frames, and the seconds it lasts."""
    best, lasted, start = min(len(seen), 1), 0.0, 0
    for place in range(1, len(seen)):
        if digests[place] != digests[start]:
            start = place
        elif place - start + 1 > best:
            best, lasted = place - start + 1, seen[place].at - seen[start].at
    return best, lasted


def _again(digests: list[bytes]) -> int:
    """Frames equal to an earlier one that is not part of the same row."""
    known: set[bytes] = set()
    count = 0
    for place, this in enumerate(digests):
        if place and this == digests[place - 1]:
            continue
        count += this in known
        known.add(this)
    return count


def _loop(prints: Matrix) -> tuple[int, int]:
    """The longest row that comes nearly again, and how many frames later."""
    if len(prints) < _LAG + _RUN:
        return 0, 0
    square = (prints**2).mean(axis=1)
    apart = square[:, None] + square[None] - 2 * prints @ prints.T / prints.shape[1]
    apart = np.sqrt(np.maximum(apart, 0))
    same = apart < _CLOSER * _neighbours(apart)[:, None]
    rows = [(_longest(np.diagonal(same, lag)), lag) for lag in range(_LAG, len(prints))]
    back = [(_longest(_mirrored(same, total)), 0) for total in range(_LAG, 2 * len(prints) - 2)]
    return max(rows + back, key=lambda found: found[0])


def _mirrored(same: NDArray[np.bool_], total: int) -> NDArray[np.bool_]:
    """Whether frame i is as frame total - i, for each i that lies _LAG or more before it."""
    first = np.arange(max(0, total - len(same) + 1), (total - _LAG) // 2 + 1)
    return same[first, total - first]


def _neighbours(apart: Matrix) -> Matrix:
    """How far each frame is from the nearer neighbour in time; 0 where nothing moves."""
    steps = np.diagonal(apart, 1)
    nearer = np.minimum(np.append(steps, np.inf), np.append(np.inf, steps))
    return np.where(nearer < _MOVES, 0.0, nearer)


def _longest(flags: NDArray[np.bool_]) -> int:
    """The longest row of true values."""
    best = now = 0
    for flag in flags:
        now = now + 1 if flag else 0
        best = max(best, now)
    return best
