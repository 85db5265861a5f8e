"""MTCNN face detection (Zhang et al., IEEE Signal Processing Letters 2016).

Three networks, each fed with what the one before took for faces, at places corrected by it. How
pictures are sampled and boxes moved and dropped follows facenet-pytorch 2.6.0, for whose weights
the thresholds are meant.
"""

from collections.abc import Iterator
from typing import Literal, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from visavis.protocols import ModelSession
from visavis.types import Face, Floats, Image

_CELL, _STRIDE = 12, 2  # P-Net looks at windows of 12 pixels, 2 apart
_BATCH = 256  # candidates a run, so that memory does not grow with a crowd
Whole: TypeAlias = NDArray[np.int64]


class Mtcnn:
    """Finds faces that are about upright, with five landmarks. Thread-safe.

    `pnet`, `rnet`, `onet`: the networks that `visavis.train.mtcnn` writes. `smallest`: side in
    pixels of the least face sought. `thresholds`: the least score in each stage, 0..1. `factor`:
    from one level of the pyramid to the next. Pictures with a longer side above `longest` are
    scaled down to it first.
    """

    def __init__(
        self,
        pnet: ModelSession,
        rnet: ModelSession,
        onet: ModelSession,
        *,
        smallest: int = 20,
        thresholds: tuple[float, float, float] = (0.6, 0.7, 0.7),
        factor: float = 0.709,
        longest: int = 1280,
    ) -> None:
        self._pnet, self._rnet, self._onet = pnet, rnet, onet
        self._smallest = smallest
        self._thresholds = thresholds
        self._factor = factor
        self._longest = longest

    def detect(self, image: Image) -> list[Face]:
        """All faces, best score first; empty when there is none. `image` is RGB.

        Boxes and landmarks are in pixels of the full image and may reach beyond its edges.
        """
        sums = Sums(shrunk(image, self._longest))
        boxes = sums.visible(self._propose(sums))
        if len(boxes):
            boxes = sums.visible(self._refine(sums, boxes))
        if not len(boxes):
            return []
        rows = self._land(sums, boxes)
        rows[:, 0:14:2] *= image.shape[1] / sums.width
        rows[:, 1:14:2] *= image.shape[0] / sums.height
        real = (rows[:, 2:4] > rows[:, :2]).all(axis=1)
        return [Face(r[:4], r[4:14].reshape(5, 2), float(r[14])) for r in rows[real]]

    def _propose(self, sums: "Sums") -> Floats:
        """P-Net over the pyramid: square boxes, (N, 4)."""
        levels = [np.empty((0, 9), np.float32)]
        for scale in scales(min(sums.height, sums.width), self._smallest, self._factor):
            shifts, scores = self._pnet.run(network_input(sums.level(scale)))
            found = windows(shifts[0], scores[0, 1], scale, self._thresholds[0])
            levels.append(found[distinct(found[:, :4], found[:, 4], 0.5)])
        found = np.concatenate(levels)
        found = found[distinct(found[:, :4], found[:, 4], 0.7)]
        return squared(moved(found[:, :4], found[:, 5:], edge=0))

    def _refine(self, sums: "Sums", boxes: Floats) -> Floats:
        """R-Net on each box: the better ones, moved, (M, 4)."""
        shifts, pairs = run_in_parts(self._rnet, sums, boxes, 24)
        scores = pairs[:, 1]
        good = scores > self._thresholds[1]
        boxes, shifts, scores = boxes[good], shifts[good], scores[good]
        kept = distinct(boxes, scores, 0.7)
        return squared(moved(boxes[kept], shifts[kept]))

    def _land(self, sums: "Sums", boxes: Floats) -> Floats:
        """O-Net on each box: rows of box, five landmarks (x, y) and score, best first, (M, 15)."""
        shifts, marks, pairs = run_in_parts(self._onet, sums, boxes, 48)
        scores = pairs[:, 1]
        good = scores > self._thresholds[2]
        boxes, shifts, marks, scores = boxes[good], shifts[good], marks[good], scores[good]
        sides = boxes[:, 2:] - boxes[:, :2] + 1
        points = (
            marks.reshape(-1, 2, 5).transpose(0, 2, 1) * sides[:, None] + boxes[:, None, :2] - 1
        )
        boxes = moved(boxes, shifts)
        rows = np.column_stack([boxes, points.reshape(-1, 10), np.minimum(scores, 1)])
        return rows[distinct(boxes, scores, 0.7, share="smaller", edge=1)]


class Sums:
    """A picture by its summed-area table: the mean colour of any cell at the cost of four reads."""

    def __init__(self, image: Image) -> None:
        self.height, self.width = image.shape[:2]
        self._table = cv2.integral(image, sdepth=cv2.CV_64F)

    def level(self, scale: float) -> Floats:
        """The whole picture at a scale, (1, H, W, 3)."""
        height, width = int(self.height * scale + 1), int(self.width * scale + 1)
        return self._means((0, self.height, height), (0, self.width, width))[None]

    def crops(self, boxes: Floats, side: int) -> Floats:
        """What lies under each visible box, (N, side, side, 3)."""
        return np.stack(
            [
                self._means((y1, y2, side), (x1, x2, side))
                for x1, y1, x2, y2 in self._inside(boxes).tolist()
            ]
        )

    def visible(self, boxes: Floats) -> Floats:
        """The boxes that hold a part of the picture."""
        inside = self._inside(boxes)
        return boxes[(inside[:, 2:] > inside[:, :2]).all(axis=1)]

    def _inside(self, boxes: Floats) -> Whole:
        whole = np.trunc(boxes).astype(np.int64)
        low = np.maximum(whole[:, :2], 1) - 1  # the weights' boxes count pixels from 1
        return np.column_stack([low, np.minimum(whole[:, 2:], (self.width, self.height))])

    def _means(self, rows: tuple[int, int, int], columns: tuple[int, int, int]) -> Floats:
        """Means over a grid of cells that overlap by up to a pixel, (H, W, 3), 0..255."""
        (y1, y2), (x1, x2) = cells(*rows), cells(*columns)
        table = self._table
        totals = table[y2][:, x2] - table[y1][:, x2] - table[y2][:, x1] + table[y1][:, x1]
        area = np.outer(y2 - y1, x2 - x1)[..., None]
        return np.asarray(totals / area, np.float32)


def cells(first: int, last: int, count: int) -> tuple[Whole, Whole]:
    """Where `count` cells of the span begin and end: PyTorch's "area" interpolation."""
    step = np.arange(count + 1) * (last - first)
    return first + step[:-1] // count, first - (-step[1:] // count)


def network_input(pictures: Floats) -> Floats:
    """(N, H, W, 3) of 0..255 as (N, 3, H, W) of about -1..1."""
    return np.ascontiguousarray((pictures.transpose(0, 3, 1, 2) - 127.5) / 128, np.float32)


def run_in_parts(session: ModelSession, sums: Sums, boxes: Floats, side: int) -> tuple[Floats, ...]:
    """The network's outputs for the crops under one box or more."""
    parts = [
        session.run(network_input(sums.crops(boxes[first : first + _BATCH], side)))
        for first in range(0, len(boxes), _BATCH)
    ]
    return tuple(np.concatenate(outputs) for outputs in zip(*parts, strict=True))


def shrunk(image: Image, longest: int) -> Image:
    """The image with its longer side brought down to `longest`, if it is longer."""
    scale = longest / max(image.shape[:2])
    if scale >= 1:
        return image
    height, width = (max(round(side * scale), 1) for side in image.shape[:2])
    small = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def scales(shorter: int, smallest: int, factor: float) -> Iterator[float]:
    """The pyramid's scales: from where the least face fills a window, until the picture does."""
    scale = _CELL / smallest
    while shorter * scale >= _CELL:
        yield scale
        scale *= factor


def windows(shifts: Floats, scores: Floats, scale: float, threshold: float) -> Floats:
    """Rows of x1, y1, x2, y2, score and four shifts where P-Net's (H, W) map is high, (N, 9)."""
    y, x = np.nonzero(scores >= threshold)
    at = np.column_stack([x, y]).astype(np.float32) * _STRIDE
    low, high = np.floor((at + 1) / np.float32(scale)), np.floor((at + _CELL) / np.float32(scale))
    return np.column_stack([low, high, scores[y, x], shifts[:, y, x].T])


def moved(boxes: Floats, shifts: Floats, edge: int = 1) -> Floats:
    """The boxes with each side shifted by a share of the box; `edge` 1 counts pixels inclusive."""
    sides = boxes[:, 2:] - boxes[:, :2] + edge
    return boxes + shifts * np.tile(sides, 2)


def squared(boxes: Floats) -> Floats:
    """The boxes widened to squares about their centres."""
    sides = boxes[:, 2:] - boxes[:, :2]
    longer = sides.max(axis=1, keepdims=True)
    low = boxes[:, :2] + sides * 0.5 - longer * 0.5
    return np.concatenate([low, low + longer], axis=1)


def distinct(
    boxes: Floats,
    scores: Floats,
    limit: float,
    *,
    share: Literal["union", "smaller"] = "union",
    edge: int = 0,
) -> NDArray[np.intp]:
    """Indices of the boxes, best first, that share at most `limit` with any better one kept.

    What is shared is measured against the two boxes' union or against the smaller box.
    """
    low, high = boxes[:, :2], boxes[:, 2:]
    areas = np.prod(high - low + edge, axis=1)
    waiting = np.argsort(-scores, kind="stable")
    kept: list[np.intp] = []
    while len(waiting):
        best, others = waiting[0], waiting[1:]
        kept.append(best)
        sides = np.minimum(high[best], high[others]) - np.maximum(low[best], low[others]) + edge
        shared = np.prod(np.maximum(sides, 0), axis=1)
        if share == "union":
            whole = areas[best] + areas[others] - shared
        else:
            whole = np.minimum(areas[best], areas[others])
        waiting = others[shared <= limit * whole]
    return np.array(kept, np.intp)
