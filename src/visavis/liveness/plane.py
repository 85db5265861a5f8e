"""Two views of a face against one plane: what is left when the best homography is taken away.

A sheet or a still screen moves as a plane, whatever way it is turned: a homography takes one view
to another, up to noise. A head turned has parallax, and a live face moves in itself.
"""

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from visavis.image import align
from visavis.liveness.track import Observation
from visavis.types import Floats, Image

Points = NDArray[np.float64]

_SIDE: Final = 128  # of the aligned crop, in which the eyes are 46 pixels above the mouth
_UNIT: Final = 46.4
_MOST: Final = 120  # points
_LEAST: Final = 24
_BACK_AND_FORTH: Final = 1.0  # pixels by which a point followed there and back may miss
_KEPT: Final = 0.4  # of the points that must be followed
_NEAR: Final = 5.0, 12.0  # pixels: nearer than the first share their noise, farther is elsewhere
_OUTLIERS: Final = 92  # per cent of the points that are judged
_FEATURES: Final = ((30, 51, 24, 14), (61, 51, 24, 14), (34, 82, 44, 20))
"""The eyes and the mouth as (x, y, width, height) in a 112 x 112 crop."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """An aligned grey crop of a face, 128 x 128, and its noise over its contrast."""

    grey: NDArray[np.uint8]
    noise: float


@dataclass(frozen=True, slots=True)
class Step:
    """From one view to another, beyond what a plane explains.

    `points` were followed, out of those tried a share `kept`. `relief`: the part of the residual
    that neighbouring points share, so no noise of tracking, as a share of the distance from eyes
    to mouth. `turn`: degrees out of the picture's plane that the best affine map's foreshortening
    stands for. `change`: 1 less the median correlation of eyes and mouth, laid over one another.
    """

    points: int
    kept: float
    relief: float
    turn: float
    change: float


def view(observation: Observation) -> View | None:
    """The crop of an observation; None without pixels."""
    if observation.image is None:
        return None
    crop: Image = align(observation.image, observation.face.landmarks, _SIDE)
    grey = np.asarray(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), np.uint8)
    return View(grey, _noise(grey))


def step(one: View, two: View) -> Step | None:
    """What lies between two views; None where too few points can be followed.

    Corners (Shi and Tomasi, CVPR 1994) are followed there and back (Bouguet's pyramidal Lucas and
    Kanade; Kalal et al., ICPR 2010), and the homography is the least median of squares'.
    """
    followed = _follow(one.grey, two.grey)
    if followed is None:
        return None
    there, here, kept = followed
    plane, _ = cv2.findHomography(there, here, cv2.LMEDS)
    if plane is None:
        return None
    residual = here - cv2.perspectiveTransform(there[:, None], plane)[:, 0]
    return Step(
        len(there),
        kept,
        _shared(there, residual) / _UNIT,
        _turn(there, here),
        _change(one.grey, two.grey, np.asarray(plane)),
    )


def _follow(one: NDArray[np.uint8], two: NDArray[np.uint8]) -> tuple[Points, Points, float] | None:
    start = cv2.goodFeaturesToTrack(one, _MOST, 0.01, 4, mask=_oval())
    if start is None or len(start) < _LEAST:
        return None
    there, found, _ = cv2.calcOpticalFlowPyrLK(one, two, start, np.zeros_like(start), maxLevel=2)
    back, again, _ = cv2.calcOpticalFlowPyrLK(two, one, there, np.zeros_like(there), maxLevel=2)
    missed = np.linalg.norm(start - back, axis=2)[:, 0]
    good = (found[:, 0] == 1) & (again[:, 0] == 1) & (missed < _BACK_AND_FORTH)
    if good.sum() < max(_LEAST, _KEPT * len(start)):
        return None
    placed, moved = start[good, 0].astype(np.float64), there[good, 0].astype(np.float64)
    return placed, moved, float(good.mean())


def _oval() -> NDArray[np.uint8]:
    """The face inside the crop."""
    mask = np.zeros((_SIDE, _SIDE), np.uint8)
    middle, axes = (_SIDE // 2, round(0.55 * _SIDE)), (round(0.42 * _SIDE), round(0.48 * _SIDE))
    return np.asarray(cv2.ellipse(mask, middle, axes, 0, 0, 360, 255, -1), np.uint8)


def _shared(points: Points, residual: Points) -> float:
    """Pixels: the root of the mean product of a point's residual and its neighbours'.

    Noise of tracking is each point's own and has no such product; that of an error which a whole
    neighbourhood makes has.
    """
    size = np.linalg.norm(residual, axis=1)
    inner = size <= np.percentile(size, _OUTLIERS)
    points, residual = points[inner], residual[inner]
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)
    weight = np.where(apart < _NEAR[0], 0, np.exp(-((apart / _NEAR[1]) ** 2)))
    around = weight @ residual / np.maximum(weight.sum(axis=1, keepdims=True), 1e-9)
    return math.sqrt(max(float((residual * around).sum()) / len(residual), 0.0))


def _turn(there: Points, here: Points) -> float:
    """Degrees whose cosine is the ratio of the best affine map's singular values."""
    design = np.column_stack([there, np.ones(len(there))])
    matrix = np.linalg.lstsq(design, here, rcond=None)[0][:2]
    large, small = np.linalg.svd(matrix, compute_uv=False)
    return math.degrees(math.acos(min(float(small / large), 1.0))) if large > 0 else 0.0


def _change(one: NDArray[np.uint8], two: NDArray[np.uint8], plane: Points) -> float:
    back = cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR
    laid = cv2.warpPerspective(two.astype(np.float32), plane, (_SIDE, _SIDE), flags=back)
    a, b = _detail(one.astype(np.float32)), _detail(np.asarray(laid, np.float32))
    scale = _SIDE / 112
    alike = []
    for x, y, width, height in _FEATURES:
        part = (
            slice(round(y * scale), round((y + height) * scale)),
            slice(round(x * scale), round((x + width) * scale)),
        )
        energy = float((a[part] ** 2).sum()) * float((b[part] ** 2).sum())
        alike.append(float((a[part] * b[part]).sum()) / math.sqrt(energy + 1))
    return 1 - float(np.median(alike))


def _detail(grey: Floats) -> Floats:
    """What is finer than light and shade and coarser than noise."""
    fine, coarse = cv2.GaussianBlur(grey, (0, 0), 1), cv2.GaussianBlur(grey, (0, 0), 9)
    return np.asarray(fine - coarse, np.float32)


def _noise(grey: NDArray[np.uint8]) -> float:
    """The noise's deviation (Immerkaer, CVIU 1996, by the median) over that of the detail."""
    kernel = np.array([(1, -2, 1), (-2, 4, -2), (1, -2, 1)], np.float32)
    face = _oval() > 0
    rough = np.abs(cv2.filter2D(grey, cv2.CV_32F, kernel))[face]
    contrast = float(np.sqrt((_detail(grey.astype(np.float32))[face] ** 2).mean()))
    return float(np.median(rough)) / 0.6745 / 6 / max(contrast, 1e-3)
