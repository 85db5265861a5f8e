"""Screening: plates of mean coverage made into dots, by a clustered screen or at random.

Both are threshold methods (Ulichney, "Digital Halftoning", 1987): a dot is where the coverage
exceeds a threshold of its place. No pixel waits for another, as in error diffusion.
"""

import math
from typing import Final

import cv2
import numpy as np

from visavis.datasets.inks import Plate
from visavis.types import Floats

ANGLES: Final = (15.0, 75.0, 0.0, 45.0)
"""Customary screen angles of cyan, magenta, yellow and black in degrees: 30 apart, yellow where it
shows least (Yule, "Principles of Color Reproduction", 1967)."""
_FINEST: Final = 2.1
"""Pixels a screen's period needs to be there at all."""


def screened(
    plate: Plate, pitch: float, degrees: float, shape: float = 1.0, edge: float = 0.0
) -> Plate:
    """Dots of an amplitude-modulated screen: their distance is `pitch` pixels, their size follows
    the coverage, whose mean stays.

    `shape` 1 gives round dots, 0 lines, between them elliptic ones; `edge` is how wide a dot's edge
    is, in the screen's own height (a round dot's is 2 from its middle to half coverage), and at
    least a pixel. A pitch under 2.1 pixels cannot be shown: the plate as it is.
    """
    if pitch < _FINEST:
        return plate
    height, width = plate.shape
    angle, turn = math.radians(degrees), 2 * math.pi / pitch
    first = (turn * math.cos(angle), turn * math.sin(angle))
    second = (-first[1], first[0])
    screen = _wave(height, width, *first) + np.float32(shape) * _wave(height, width, *second)
    level = np.asarray(cv2.LUT(plate, _levels(shape)), np.float32)
    level -= screen
    level *= np.float32(255 / max(edge, turn))
    level += np.float32(128)
    return np.clip(level, 0, 255, out=level).astype(np.uint8)


def _wave(height: int, width: int, across: float, down: float) -> Floats:
    """cos(across x + down y), by the sum formula: two products of vectors."""
    x = (across * np.arange(width)).astype(np.float32)
    y = (down * np.arange(height)).astype(np.float32)
    made = np.outer(np.cos(y), np.cos(x))
    return np.asarray(np.subtract(made, np.outer(np.sin(y), np.sin(x)), out=made), np.float32)


def _levels(shape: float) -> Floats:
    """For each coverage 0..255 the height of the screen under which that share of it lies."""
    steps = np.cos(2 * math.pi * (np.arange(64) + 0.5) / 64)
    heights = np.sort((steps[:, None] + shape * steps[None]).ravel())
    found = np.interp(np.arange(256) / 255 * heights.size - 0.5, np.arange(heights.size), heights)
    found[0], found[-1] = -9, 9
    return np.asarray(found, np.float32)


def blue_noise(side: int, rng: np.random.Generator) -> Plate:
    """A (side, side) tile of thresholds, all values alike often, without low frequencies.

    White noise is high-passed and ranked, three times: cheaper than void and cluster (Ulichney,
    SPIE 1913, 1993) and near enough. The tile fits to itself.
    """
    values = rng.random((side, side), np.float32)
    for _ in range(3):
        wide = cv2.copyMakeBorder(values, 8, 8, 8, 8, cv2.BORDER_WRAP)
        low = cv2.GaussianBlur(wide, (0, 0), 1.5)[8:-8, 8:-8]
        order = np.argsort((values - low).ravel())
        values.ravel()[order] = np.arange(side * side, dtype=np.float32) / (side * side)
    return np.asarray(values * 255, np.uint8)


def scattered(
    plate: Plate, tile: Plate, drop: float, start: tuple[int, int], contrast: float = 1.0
) -> Plate:
    """Drops of one size, `drop` pixels a side, more of them where the coverage is higher.

    `tile` holds the thresholds (`blue_noise`), `start` its place. Drops under a pixel are shown by
    the noise that many of them leave: what N drops cover varies with 1 / N where blue noise
    spreads them. A `contrast` below 1 is for printers of drops of several sizes.
    """
    height, width = plate.shape
    cell = max(drop, 1.0)
    rows, columns = math.ceil(height / cell), math.ceil(width / cell)
    side = tile.shape[0]
    y, x = (np.arange(rows) + start[0]) % side, (np.arange(columns) + start[1]) % side
    limits = tile[y][:, x]
    if cell > 1:
        size = (math.ceil(columns * cell), math.ceil(rows * cell))
        limits = cv2.resize(limits, size, interpolation=cv2.INTER_NEAREST)[:height, :width]
    dots = cv2.compare(plate, limits, cv2.CMP_GT)
    seen = contrast * min(drop, 1.0) ** 2
    return np.asarray(cv2.addWeighted(dots, seen, plate, 1 - seen, 0), np.uint8)
