"""Hands that hold a flat object: thumbs or fingers over its edge, as simple solids."""

import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from visavis.datasets.rooms import polygon
from visavis.types import Image

_SKINS: Final = ((232, 190, 165), (220, 168, 138), (190, 138, 106), (142, 98, 72), (92, 62, 48))
_COARSE: Final = 3  # hands are drawn this much smaller
Points = NDArray[np.float64]


def gripped(scene: Image, outline: Points, side: float, rng: np.random.Generator) -> Image:
    """One or two hands at the edges of an object whose (28, 2) outline has seven places a corner.

    `side` is the face's, in pixels: a printed face is rarely smaller than two fingers and may be
    life-size. Nothing is drawn where no edge is in view.
    """
    thick = side * math.exp(rng.uniform(math.log(0.1), math.log(0.35)))
    skin = np.array(_SKINS[rng.integers(len(_SKINS))]) * rng.uniform(0.7, 1.05)
    small = scene.shape[0] // _COARSE, scene.shape[1] // _COARSE
    layer, cover = np.zeros((*small, 3), np.uint8), np.zeros(small, np.uint8)
    for edge in rng.choice(4, int(rng.integers(1, 3)), replace=False, p=(0.1, 0.3, 0.3, 0.3)):
        _hand(layer, cover, _edge(outline, int(edge)) / _COARSE, thick / _COARSE, skin, rng)
    if not cover.any():
        return scene
    shape = scene.shape[1::-1]
    share = cv2.resize(cv2.blur(cover, (2, 2)), shape) * np.float32(1 / 255)
    front = np.asarray(cv2.resize(layer, shape), np.uint8)
    return np.asarray(cv2.blendLinear(front, scene, share, 1 - share), np.uint8)


def _edge(outline: Points, number: int) -> Points:
    """(2, 2) the ends of one straight side, in the outline's sense of turn."""
    start, end = outline[7 * number + 6], outline[(7 * number + 7) % 28]
    return np.array([start, end])


def _hand(
    layer: Image,
    cover: NDArray[np.uint8],
    edge: Points,
    thick: float,
    skin: NDArray[np.float64],
    rng: np.random.Generator,
) -> None:
    """A thumb, or two to four fingers side by side, and the hand they grow from."""
    length = float(np.hypot(*(edge[1] - edge[0])))
    if length < 2 * thick:
        return
    along = (edge[1] - edge[0]) / length
    inward = np.array((-along[1], along[0]))
    place = edge[0] + along * length * rng.uniform(0.1, 0.9)
    limit = np.array(cover.shape[::-1])
    if (place < -thick).any() or (place > limit + thick).any():
        return
    count = int(rng.choice([1, 2, 3, 4], p=[0.5, 0.1, 0.2, 0.2]))
    lean = rng.normal(0, 0.35)
    out = -(inward + along * lean) / math.hypot(1, lean)
    spread = thick * 1.02 * (count - 1) / 2
    palm = place + out * thick * rng.uniform(2.8, 4)
    far = palm + out * thick * 12 + along * rng.normal(0, 3) * thick
    _limb(
        layer,
        cover,
        palm,
        far,
        max(rng.uniform(3.2, 4.5) * thick, 2 * spread + 2 * thick),
        skin * 0.9,
    )
    for step in np.linspace(-spread, spread, count):
        reach = rng.uniform(-0.1, 0.7) + (rng.uniform(0, 0.7) if count == 1 else 0)
        tip = place + along * step - out * thick * reach
        root = place + along * step * 0.9 + out * thick * 3
        _limb(
            layer, cover, tip, root, thick, skin * rng.uniform(0.92, 1.06), nail=rng.random() < 0.5
        )


def _limb(
    layer: Image,
    cover: NDArray[np.uint8],
    start: Points,
    end: Points,
    thick: float,
    skin: NDArray[np.float64],
    nail: bool = False,
) -> None:
    """A round-ended limb lit from before: darker towards its sides, drawn in place."""
    mask = np.zeros(cover.shape, np.uint8)
    ends = [np.rint(np.clip(p, -5000, 5000) * 16).astype(int).tolist() for p in (start, end)]
    cv2.line(mask, ends[0], ends[1], 255, max(round(thick), 1), cv2.LINE_8, 4)
    x, y, width, height = cv2.boundingRect(mask)
    if width == 0:
        return
    part = slice(y, y + height), slice(x, x + width)
    padded = cv2.copyMakeBorder(mask[part], 0, 0, 0, 0, cv2.BORDER_CONSTANT)
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, 3) / max(thick / 2, 1)
    light = 0.5 + 0.5 * np.sqrt(np.clip(1 - (1 - np.minimum(depth, 1)) ** 2, 0, 1))
    inside = mask[part] > 0
    painted = np.clip(light[..., None] * skin, 0, 255).astype(np.uint8)
    layer[part][inside] = painted[inside]
    cover[part][inside] = 255
    if nail:
        back = (end - start) / max(float(np.hypot(*(end - start))), 1e-6)
        angles = np.linspace(0, 2 * math.pi, 16)
        oval = np.column_stack([np.cos(angles) * 0.3, np.sin(angles) * 0.24]) * thick
        turn = np.array([back, (-back[1], back[0])])
        polygon(
            layer,
            oval @ turn + start + back * thick * 0.02,
            np.clip(skin * (1.1, 1.02, 1.0), 0, 255),
        )
