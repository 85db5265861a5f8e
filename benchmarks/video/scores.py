"""How well tracks keep to people: CLEAR MOT and IDF1, counted as those who defined them do.

MOTA: Bernardin and Stiefelhagen, 2008. IDF1: Ristani et al., 2016. What is hardly to be seen is
nobody's fault: faces between `FAINT` and `CLEAR` need not be found, and may be.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from scipy.optimize import linear_sum_assignment
from video.scene import CLEAR, FAINT, Truth

from visavis.types import Floats

_OVERLAP = 0.4  # of box and truth, above which one is found by the other


@dataclass
class Scores:
    """Counts over the frames of a scene; `closed` once it is over."""

    HEAD: ClassVar = "faces misses  false switches tracks (of nobody)   MOTA   IDF1"

    faces: int = 0
    misses: int = 0
    false: int = 0
    switches: int = 0
    nobody: int = 0  # tracks that showed nobody for most of their time
    tracks: int = 0
    common: int = 0  # identity true positives
    boxes: int = 0
    _pairs: Counter[tuple[str, int]] = field(default_factory=Counter)
    _shown: dict[int, list[bool]] = field(default_factory=lambda: defaultdict(list))
    _held: dict[str, int] = field(default_factory=dict)

    def add(self, truths: Sequence[Truth], found: Sequence[tuple[int, Floats]]) -> None:
        """One frame: who is there, and the tracks with their boxes."""
        share = _overlaps([t.box for t in truths], [box for _, box in found])
        joined = self._joined(truths, found, share)
        for row, truth in enumerate(truths):
            if truth.visible >= CLEAR:
                self.faces += 1
                self._count(truth.name, None if row not in joined else found[joined[row]][0])
        taken = {column: row for row, column in joined.items()}
        for column, (track, _) in enumerate(found):
            row = taken.get(column)
            faint = _faint(truths, share[:, column]) if row is None else truths[row].visible < CLEAR
            self.boxes += not faint
            self.false += row is None and not faint
            self._shown[track].append(row is not None or faint)

    def _count(self, name: str, track: int | None) -> None:
        if track is None:
            self.misses += 1
            return
        self._pairs[name, track] += 1
        self.switches += self._held.get(name, track) != track
        self._held[name] = track

    def _joined(
        self, truths: Sequence[Truth], found: Sequence[tuple[int, Floats]], share: Floats
    ) -> dict[int, int]:
        """Faces and boxes one to one; those that were joined stay so while they overlap."""
        value = np.where(share >= _OVERLAP, share, 0.0)
        for row, truth in enumerate(truths):
            value[row] *= truth.visible > FAINT
            for column, (track, _) in enumerate(found):
                if self._held.get(truth.name) == track:
                    value[row, column] *= 10
        rows, columns = linear_sum_assignment(-value)
        return {int(r): int(c) for r, c in zip(rows, columns, strict=True) if value[r, c] > 0}

    def closed(self) -> "Scores":
        """Counts what only the whole scene shows: identities, and tracks of nobody."""
        names = sorted({name for name, _ in self._pairs})
        tracks = sorted({track for _, track in self._pairs})
        table = np.array([[self._pairs[n, t] for t in tracks] for n in names])
        if table.size:
            rows, columns = linear_sum_assignment(-table)
            self.common = int(table[rows, columns].sum())
        self.tracks = len(self._shown)
        self.nobody = sum(np.mean(shown) < 0.5 for shown in self._shown.values())
        return self

    @property
    def mota(self) -> float:
        return 1 - (self.misses + self.false + self.switches) / self.faces

    @property
    def idf1(self) -> float:
        return 2 * self.common / (self.faces + self.boxes)

    def row(self) -> str:
        """The line of a table."""
        return (
            f"{self.faces:6} {self.misses:6} {self.false:6} {self.switches:8} {self.tracks:6} "
            f"{self.nobody:11} {self.mota:8.3f} {self.idf1:6.3f}"
        )


def _faint(truths: Sequence[Truth], shares: Floats) -> bool:
    """Whether a box that found nobody lies on a face that is hardly to be seen."""
    return any(t.visible < CLEAR and s > 0.2 for t, s in zip(truths, shares, strict=True))


def _overlaps(truths: Sequence[Floats], boxes: Sequence[Floats]) -> Floats:
    """(truths, boxes): intersection over union."""
    if not truths or not boxes:
        return np.zeros((len(truths), len(boxes)), np.float32)
    a, b = np.stack(truths)[:, None], np.stack(boxes)[None]
    sides = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    shared = np.prod(np.maximum(sides, 0), axis=-1)
    areas = [np.prod(x[..., 2:] - x[..., :2], axis=-1) for x in (a, b)]
    return np.asarray(shared / (areas[0] + areas[1] - shared), np.float32)
