"""What a track's face did over the last seconds, kept for the liveness checks over time."""

from collections import deque
from dataclasses import replace
from typing import Final

import numpy as np

from visavis.liveness.temporal import judge
from visavis.liveness.track import Observation, Track
from visavis.types import Face, Image, Liveness

SPACING: Final = 0.25
"""Seconds between moments: nearer ones show little more."""
MOST: Final = 40
"""Moments kept: ten seconds."""
AGAIN: Final = 5.0
"""Seconds until they are judged again."""
_AROUND: Final = 0.6  # of the face's side, kept about it


class Moments:
    """The pieces of picture around one face, and the judgement on them. Not thread-safe."""

    def __init__(self) -> None:
        self._kept: deque[Observation] = deque(maxlen=MOST)
        self._judged = 0.0
        self._said: Liveness | None = None

    def add(self, image: Image, face: Face, at: float) -> None:
        """Keeps the face of a frame, unless the last one kept is too near in time."""
        if not self._kept or at - self._kept[-1].at >= SPACING:
            self._kept.append(_cut(image, face, at))

    def judgement(self) -> Liveness | None:
        """What is said of the face as it moves; None as long as there is too little to judge."""
        if not self._kept or self._kept[-1].at - max(self._kept[0].at, self._judged) < AGAIN:
            return self._said
        self._judged = self._kept[-1].at
        self._said = judge(Track(tuple(self._kept)))
        return self._said


def joined(passive: Liveness | None, moving: Liveness | None) -> Liveness | None:
    """One judgement of both: whichever calls the face an attack wins, for each sees what the other
    cannot; a video on a screen moves like a head, and a good print looks like one.
    """
    if passive is None or moving is None:
        return passive
    attack = moving.score is not None and not moving.live
    if not attack:
        return replace(passive, checks=(*passive.checks, ("movement", moving.score)))
    return replace(
        passive,
        score=0.0 if passive.score is None else min(passive.score, passive.threshold / 2),
        species=passive.species or moving.species,
        reasons=tuple(dict.fromkeys((*passive.reasons, *moving.reasons))),
        checks=(*passive.checks, ("movement", moving.score)),
    )


def _cut(image: Image, face: Face, at: float) -> Observation:
    """A copy of the face and a little around it, so that whole frames are not kept."""
    side = max(face.width, face.height) * _AROUND
    low = np.floor(face.box[:2] - side).astype(int)
    high = np.ceil(face.box[2:] + side).astype(int)
    left, top = np.clip(low, 0, [image.shape[1] - 1, image.shape[0] - 1])
    right, bottom = np.clip(high, [left + 1, top + 1], image.shape[1::-1])
    shift = np.array([left, top], np.float32)
    moved = Face(face.box - np.tile(shift, 2), face.landmarks - shift, face.score)
    return Observation(at, moved, image[top:bottom, left:right].copy())
