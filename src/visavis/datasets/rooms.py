"""Made-up places to stand before: walls, doors, frames, shelves, windows, lamps; in focus or not.

They hold straight edges and rectangles, as real rooms do, so that such an edge proves nothing.
"""

import math
from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from visavis.types import Floats, Image

Size = tuple[int, int]
_FIXED: Final = 4  # fractional bits of OpenCV's drawing


def room(size: Size, rng: np.random.Generator) -> Image:
    """A (height, width, 3) room."""
    far = rng.random() ** 2 * 0.03 * size[0] + 0.8
    step = min(max(int(far / 1.5), 2), 6)  # what is blurred so much needs no more pixels
    height, width = max(size[0] // step, 8), max(size[1] // step, 8)
    ends = [colour(rng, 40, 235) for _ in range(2)]
    along = np.linspace(0, rng.random(), height)[:, None, None]
    image = np.empty((height, width, 3), np.uint8)
    image[:] = np.clip(ends[0] + (ends[1] - ends[0]) * along, 0, 255)
    slant = rng.normal(0, 0.04, (2, 2)) + np.eye(2)
    for _ in range(int(rng.integers(1, 12))):
        _thing(image, slant, rng)
    image = textured(image, rng, rng.uniform(0.8, 1.8), rng.uniform(0.01, 0.1))
    image = np.asarray(cv2.GaussianBlur(image, (0, 0), far / step), np.uint8)
    return np.asarray(cv2.resize(image, (size[1], size[0])), np.uint8)


def colour(rng: np.random.Generator, low: float = 10, high: float = 245) -> NDArray[np.float64]:
    """(3,) a colour as of walls and things: mostly dull, a little warm, seldom vivid."""
    kind = rng.random()
    vivid = 6.0 if kind < 0.55 else 18.0 if kind < 0.88 else 55.0
    warm = np.array([1, 0.2, -1]) * rng.normal(0.3, 1) * vivid
    grey = rng.uniform(low, high) + warm + rng.normal(0, vivid / 3, 3)
    return np.asarray(np.minimum(np.maximum(grey, 0), 255))


def _thing(image: Image, slant: NDArray[np.float64], rng: np.random.Generator) -> None:
    """One object of straight edges, or a round one, drawn in place."""
    height, width = image.shape[:2]
    corner = rng.uniform(-0.2, 1, 2) * (width, height)

    def box(x: float, y: float, w: float, h: float, value: ArrayLike) -> None:
        ring = np.array([(x, y), (x + w, y), (x + w, y + h), (x, y + h)])
        polygon(image, ring @ slant.T + corner, value)

    match int(rng.integers(7)):
        case 0:  # a door, a cupboard, a strip of wall
            box(0, 0, width * rng.uniform(0.08, 0.4), height * rng.uniform(0.5, 1.5), colour(rng))
        case 1 | 2:  # a frame: a picture, a poster, a screen
            w, h = width * rng.uniform(0.12, 0.6), height * rng.uniform(0.12, 0.6)
            edge = rng.uniform(0.01, 0.04) * width
            box(0, 0, w, h, colour(rng))
            box(edge, edge, w - 2 * edge, h - 2 * edge, colour(rng))
            for _ in range(int(rng.integers(0, 5))):
                x, y = rng.uniform(0.1, 0.6, 2) * (w, h)
                box(x, y, w * rng.uniform(0.05, 0.3), h * rng.uniform(0.05, 0.3), colour(rng))
        case 3:  # a shelf with things on it
            w, h = width * rng.uniform(0.03, 0.07), height * rng.uniform(0.08, 0.2)
            for i in range(int(rng.integers(4, 12))):
                box(i * w, rng.uniform(0, 0.3) * h, w * 0.95, h, colour(rng))
        case 4:  # a window with bars
            w, h = width * rng.uniform(0.15, 0.4), height * rng.uniform(0.2, 0.6)
            box(0, 0, w, h, colour(rng))
            for i in range(2):
                box(w * (0.06 + 0.47 * i), h * 0.05, w * 0.41, h * 0.9, colour(rng, 190, 255))
        case 5:  # a lamp, a plant, somebody far off
            axes = rng.uniform(0.02, 0.15, 2) * width
            angles = np.linspace(0, 2 * math.pi, 30)
            ring = np.column_stack([np.cos(angles), np.sin(angles)]) * axes
            polygon(image, ring + corner, colour(rng))
        case _:  # a table's or a ceiling's edge
            box(-width, 0, 3 * width, height * rng.uniform(0.02, 0.3), colour(rng))


def polygon(image: NDArray[np.uint8], places: ArrayLike, value: ArrayLike) -> None:
    """Fills the polygon of (N, 2) corners in place, edges antialiased."""
    fixed = np.clip(np.asarray(places, np.float64), -30000, 30000) * 2**_FIXED
    paint: Sequence[float] = np.ravel(np.asarray(value, np.float64)).tolist()
    cv2.fillPoly(image, [np.rint(fixed).astype(np.int32)], paint, cv2.LINE_AA, _FIXED)


def rough(size: Size, rng: np.random.Generator, power: float) -> Floats:
    """(H, W) noise of about 1/f**power in five octaves, mean 0 and about 1 in spread."""
    made = np.zeros((3, 3), np.float32)
    total = 0.0
    for cells in (3, 6, 12, 24, 48, 96):
        weight = cells ** (-power / 2)
        made = np.asarray(cv2.resize(made, (cells, cells)), np.float32)
        made += np.float32(weight) * rng.standard_normal((cells, cells), np.float32)
        total += weight**2
    return np.asarray(cv2.resize(made * np.float32(total**-0.5), size[::-1]), np.float32)


def textured(image: Image, rng: np.random.Generator, power: float, depth: float) -> Image:
    """The picture with all channels brighter and darker by rough noise of a spread of `depth`."""
    return shaded(image, 1 + rough(image.shape[:2], rng, power) * np.float32(depth))


def shaded(image: Image, gain: Floats) -> Image:
    """The picture times (H, W) or (h, w, 3) gains of 0..2; smaller fields are enlarged."""
    small = np.clip(np.rint(gain * 127), 0, 254).astype(np.uint8)
    field = cv2.resize(small, image.shape[1::-1]) if gain.shape[:2] != image.shape[:2] else small
    if field.ndim == 2:
        field = cv2.merge([field, field, field])
    return np.asarray(cv2.multiply(image, field, scale=1 / 127), np.uint8)
