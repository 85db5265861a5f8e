"""YuNet face detection (Wu, Peng and Yu, YuNet, Machine Intelligence Research 2023)."""

from collections.abc import Sequence

import cv2
import numpy as np

from visavis.image import tensor
from visavis.protocols import ModelSession
from visavis.types import Face, Floats, Image

STRIDES = (8, 16, 32)
_CLOSE = 192  # longest side of the picture in the pass for faces that fill the frame
_NESTED = 0.6  # share of the smaller box
_SURE = 0.8  # with a face of this score or more the first pass stands
_UPRIGHT = 0.9  # in LFW 98 % of upright faces reach it, 0.7 % of those on their head


class YuNet:
    """Finds faces of about 10 pixels and more with five landmarks. Thread-safe.

    `session`: a YuNet graph that takes any size. Images with a longer side above `longest` are
    scaled down to it for detection; boxes and landmarks come in pixels of the full image and may
    reach beyond its edges. `threshold`: the least score, 0..1. `nms`: the overlap above which
    the lesser of two boxes is dropped. `sideways`: unless the best face is plainly upright, the
    picture is also tried turned by 90, 180 and 270 degrees, and the turn with the best score
    stands. Without it a face on its side or head is missed, or found with landmarks as if it
    were upright. `close_ups`: faces that fill the frame are sought in a pass of their own where
    the first finds nothing it is sure of. `max_faces`: the best of more.
    """

    def __init__(
        self,
        session: ModelSession,
        *,
        threshold: float = 0.6,
        nms: float = 0.3,
        longest: int = 960,
        sideways: bool = False,
        close_ups: bool = True,
        max_faces: int = 1000,
    ) -> None:
        self._session = session
        self._threshold = threshold
        self._nms = nms
        self._longest = longest
        self._sideways = sideways
        self._close_ups = close_ups
        self._max_faces = max_faces

    def detect(self, image: Image) -> list[Face]:
        """All faces, best score first; empty when there is none. `image` is RGB."""
        height, width = image.shape[:2]
        best = self._upright(image)
        if self._sideways and not _reaches(best, _UPRIGHT):
            for turns in (1, 2, 3):
                found = self._upright(np.ascontiguousarray(np.rot90(image, turns)))
                if len(found) and not _reaches(best, found[0, 14]):
                    best = unturned(found, turns, height, width)
        return [Face(row[:4], row[4:14].reshape(5, 2), float(row[14])) for row in best]

    def _upright(self, image: Image) -> Floats:
        """One pass over the picture; a second for faces that fill the frame, if that was vague."""
        found = self._pass(image, self._longest, border=False)
        if not self._close_ups or _reaches(found, _SURE):
            return found
        close = self._pass(image, _CLOSE, border=True)
        return without_nested(self._distinct(np.concatenate([found, close])))

    def _pass(self, image: Image, longest: int, *, border: bool) -> Floats:
        """Faces in a picture scaled down to `longest`, maybe with black borders of half its size.

        Faces that fill the frame are found from afar only: a border and a small scale step back.
        """
        small = shrunk(image, longest)
        margin = max(small.shape[:2]) // 2 if border else 0
        batch = tensor([padded(small, margin)], colour="BGR")
        found = decode(self._session.run(batch), batch.shape[3], self._threshold)
        found[:, :14] -= margin
        found[:, 0:14:2] *= image.shape[1] / small.shape[1]
        found[:, 1:14:2] *= image.shape[0] / small.shape[0]
        return self._distinct(found)

    def _distinct(self, found: Floats) -> Floats:
        """The best of boxes that overlap, best first."""
        if not len(found):
            return found
        boxes = np.concatenate([found[:, :2], found[:, 2:4] - found[:, :2]], axis=1)
        kept = cv2.dnn.NMSBoxes(boxes.tolist(), found[:, 14].tolist(), self._threshold, self._nms)
        return found[np.asarray(kept, dtype=np.intp)[: self._max_faces]]


def _reaches(found: Floats, score: float) -> bool:
    return len(found) > 0 and bool(found[0, 14] >= score)


def without_nested(found: Floats) -> Floats:
    """The rows, best first, less those that share most of their box, or fill most of it, with a
    better one: parts of a face that fills the frame look like faces to the first pass.
    """
    low, high = found[:, :2], found[:, 2:4]
    area = np.prod(high - low, axis=1)
    kept: list[int] = []
    for row in range(len(found)):
        sides = np.minimum(high[kept], high[row]) - np.maximum(low[kept], low[row])
        shared = np.prod(np.maximum(sides, 0), axis=1)
        if not (shared > _NESTED * np.minimum(area[kept], area[row])).any():
            kept.append(row)
    return found[kept]


def shrunk(image: Image, longest: int) -> Image:
    """The image with its longer side brought down to `longest`, if it is longer.

    By halves as long as that goes: each is an exact mean of four pixels, which keeps noise from
    hiding small faces as plain bilinear would, at a fraction of the cost of one area resize.
    """
    while max(image.shape[:2]) >= 2 * longest and min(image.shape[:2]) > 1:
        height, width = image.shape[0] // 2, image.shape[1] // 2
        even = image[: 2 * height, : 2 * width]
        image = np.asarray(
            cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA), np.uint8
        )
    scale = longest / max(image.shape[:2])
    if scale >= 1:
        return image
    height, width = (max(round(side * scale), 1) for side in image.shape[:2])
    return np.asarray(cv2.resize(image, (width, height)), np.uint8)


def padded(image: Image, margin: int) -> Image:
    """The image with black borders of `margin`, then right and below up to a multiple of 32."""
    height, width = image.shape[0] + 2 * margin, image.shape[1] + 2 * margin
    below, right = margin + -height % 32, margin + -width % 32
    if not (margin or below or right):
        return image
    bordered = cv2.copyMakeBorder(image, margin, below, margin, right, cv2.BORDER_CONSTANT)
    return np.asarray(bordered, np.uint8)


def decode(outputs: Sequence[Floats], width: int, threshold: float) -> Floats:
    """Rows of x1, y1, x2, y2, five landmarks (x, y) and the score, from YuNet's twelve outputs.

    The outputs: class, object, box and landmarks, each for strides 8, 16 and 32, with one anchor
    a cell, row by row. The score is sqrt(class * object). `width` is that of the network's input.
    """
    rows = []
    for stride, kind, thing, box, marks in zip(STRIDES, *_by_kind(outputs), strict=True):
        product = kind[0, :, 0] * thing[0, :, 0]
        at = np.flatnonzero(product >= threshold * threshold)
        cell = np.stack(np.divmod(at, width // stride)[::-1], axis=1)
        centre = cell + box[0, at, :2]
        half = np.exp(np.clip(box[0, at, 2:], -4, 8)) / 2  # beyond this are no faces but overflow
        points = marks[0, at].reshape(-1, 5, 2) + cell[:, None]
        places = np.concatenate([centre - half, centre + half, points.reshape(-1, 10)], axis=1)
        score = np.sqrt(np.minimum(product[at], 1))
        rows.append(np.column_stack([places * stride, score]))
    return np.concatenate(rows).astype(np.float32)


def _by_kind(outputs: Sequence[Floats]) -> tuple[Sequence[Floats], ...]:
    return tuple(outputs[first : first + len(STRIDES)] for first in range(0, 12, len(STRIDES)))


def unturned(found: Floats, turns: int, height: int, width: int) -> Floats:
    """Rows found in `np.rot90(image, turns)`, in pixels of the (height, width) image itself."""
    points = found[:, :14].reshape(-1, 7, 2)
    x, y = points[..., 0], points[..., 1]
    match turns:
        case 1:
            points = np.stack([width - y, x], axis=-1)
        case 2:
            points = np.stack([width - x, height - y], axis=-1)
        case 3:
            points = np.stack([y, height - x], axis=-1)
    corners = np.concatenate([points[:, :2].min(axis=1), points[:, :2].max(axis=1)], axis=1)
    return np.concatenate([corners, points[:, 2:].reshape(-1, 10), found[:, 14:]], axis=1)
