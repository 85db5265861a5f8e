"""Sheets that something is printed on: their size and margins, colour, fibres, folds and edges.

Light and shade are fields of stops, float32 of a `Shape`.
"""

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from visavis.datasets.distortions import GAMMA
from visavis.errors import InputError
from visavis.types import Floats, Image

Margins = tuple[float, float, float, float]
Shape = tuple[int, ...]
"""Of an array whose first two sides count: height and width."""
_WHITE: Final = (1.0, 1.0, 1.0)


@dataclass(frozen=True, eq=False)
class Sheet:
    """A sheet of `height` x `width` pixels and where a photo lies on it.

    `matrix` (3, 3) takes photo pixels to sheet pixels, centres at whole numbers; `scale` is how
    many sheet pixels one of the photo is long; `inner` is (left, top, right, bottom) of the print.
    """

    height: int
    width: int
    matrix: NDArray[np.float64]
    scale: float
    inner: tuple[int, int, int, int]

    @classmethod
    def of(cls, photo: Image, scale: float, margins: Margins = (0, 0, 0, 0)) -> "Sheet":
        """The photo times `scale`, margins (left, top, right, bottom) in photo pixels about it."""
        rows, columns = (max(round(side * scale), 1) for side in photo.shape[:2])
        left, top, right, bottom = (round(m * scale) for m in margins)
        fx, fy = columns / photo.shape[1], rows / photo.shape[0]
        matrix = np.array([(fx, 0, fx / 2 - 0.5 + left), (0, fy, fy / 2 - 0.5 + top), (0, 0, 1.0)])
        inner = (left, top, left + columns, top + rows)
        return cls(rows + top + bottom, columns + left + right, matrix, scale, inner)

    def placed(
        self, plate: NDArray[np.uint8], fill: int, shift: tuple[float, float] = (0.0, 0.0)
    ) -> NDArray[np.uint8]:
        """A picture of the photo's size, or a plate, on the sheet, `shift` sheet pixels off, with
        `fill` around it.
        """
        left, top, right, bottom = self.inner
        size = (right - left, bottom - top)
        made = cv2.resize(plate, size, interpolation=cv2.INTER_LINEAR)
        if shift != (0.0, 0.0):
            moved = np.array([(1, 0, shift[0]), (0, 1, shift[1])])
            made = cv2.warpAffine(made, moved, size, borderMode=cv2.BORDER_REPLICATE)
        full = np.full((self.height, self.width, *made.shape[2:]), fill, np.uint8)
        full[top:bottom, left:right] = made
        return full


def check_photo(photo: Image) -> None:
    """Raises InputError for what is no RGB uint8 picture."""
    if photo.ndim != 3 or photo.shape[2] != 3 or photo.dtype != np.uint8 or not photo.size:
        raise InputError(f"expected an RGB uint8 image, got {photo.shape} of {photo.dtype}")


def grain(shape: Shape, rng: np.random.Generator) -> Floats:
    """White noise about 0 of deviation 1, evenly distributed: cheaper than a bell's."""
    height, width = shape[:2]
    values = np.frombuffer(rng.bytes(height * width), np.uint8).reshape(height, width)
    return np.asarray((values.astype(np.float32) - 127.5) * np.float32(1 / 73.9), np.float32)


def field(shape: Shape, cells: float, rng: np.random.Generator) -> Floats:
    """Smooth noise about 0 of deviation near 1: some `cells` hills along the longer side."""
    height, width = shape[:2]
    longer = max(height, width)
    rows = max(math.ceil(cells * height / longer), 1) + 3
    columns = max(math.ceil(cells * width / longer), 1) + 3
    small = rng.standard_normal((rows, columns), np.float32)
    wide = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(wide, np.float32)


def fibres(shape: Shape, size: float, rng: np.random.Generator) -> Floats:
    """Paper's tooth and formation, about 0 with deviation near 1; `size` is a fibre's in pixels.

    Fine grain drawn out along the sheet, and clouds of it, as when light falls through paper.
    """
    fine = cv2.GaussianBlur(grain(shape, rng), (0, 0), size * 0.7, sigmaY=max(size * 0.4, 0.3))
    deviation = float(cv2.meanStdDev(fine)[1][0, 0])
    clouds = field(shape, min(max(shape[:2]) / max(6 * size, 1), 60), rng)
    made = cv2.addWeighted(fine, 0.9 / max(deviation, 1e-6), clouds, 0.4, 0)
    return np.asarray(made, np.float32)


def bend(shape: Shape, strength: float, rng: np.random.Generator) -> Floats:
    """A sheet bent about one axis, as a cylinder or a wave: up to `strength` stops up and down."""
    across = _along(shape, rng.uniform(0, math.pi))
    waves, phase = rng.uniform(0.3, 1.6), rng.uniform(0, 2 * math.pi)
    turned = across * np.float32(2 * math.pi * waves) + np.float32(phase)
    return np.asarray(np.float32(strength) * np.sin(turned), np.float32)


def crease(shape: Shape, strength: float, rng: np.random.Generator) -> Floats:
    """A fold along or across the sheet, or anyhow: its two sides lit otherwise, fading away from
    it, and on the line itself the broken coat, brighter or darker.
    """
    longer = max(shape[:2])
    angle = float(rng.choice((0, math.pi / 2, rng.uniform(0, math.pi)))) + rng.normal(0, 0.03)
    away = (_along(shape, angle) - np.float32(rng.uniform(0.1, 0.9))) * np.float32(longer)
    reach, soft = longer * 0.02 * 20 ** rng.random(), longer * 0.002 * 15 ** rng.random()
    sides = away / (np.abs(away) + np.float32(soft)) * cv2.exp(np.abs(away) / np.float32(-reach))
    line = cv2.exp(-((away / np.float32(longer * rng.uniform(0.001, 0.004))) ** 2))
    bright = strength * rng.uniform(-0.7, 1.5)
    return np.asarray(cv2.addWeighted(sides, strength, line, bright, 0), np.float32)


def cut(shape: Shape, slack: float, wave: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """(H, W) alpha of a sheet cut by hand, 255 where paper is: four sides askew by up to `slack`
    pixels and wavy by `wave`.
    """
    low, right = shape[0] - 1, shape[1] - 1
    corners = np.array([(0, 0), (right, 0), (right, low), (0, low)], np.float64)
    middle = corners.mean(axis=0)
    corners += np.sign(middle - corners) * (wave + rng.uniform(0, slack, (4, 2)))
    steps = np.linspace(0, 1, 10, endpoint=False)[:, None]
    ends = zip(corners, np.roll(corners, -1, axis=0), strict=True)
    outline = np.concatenate([a + (b - a) * steps for a, b in ends])
    outline += rng.uniform(-wave, wave, outline.shape)
    alpha = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(alpha, [np.rint(outline * 16).astype(np.int32)], 255, cv2.LINE_AA, shift=4)
    return alpha


def shaded(image: Image, stops: Floats, white: tuple[float, float, float] = _WHITE) -> Image:
    """A picture under light that is `stops` more or less, on paper of a colour 0..1.

    `stops` may be smaller than the picture: it is enlarged.
    """
    gain = cv2.exp(stops * np.float32(math.log(2) / GAMMA))
    if gain.shape != image.shape[:2]:
        gain = cv2.resize(gain, image.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    by_channel = cv2.merge([gain if w == 1 else gain * np.float32(w) for w in white])
    return np.asarray(cv2.multiply(image, by_channel, dtype=cv2.CV_8U), np.uint8)


def _along(shape: Shape, angle: float) -> Floats:
    """0..1 from one edge of the sheet to the other in a direction."""
    x = np.linspace(-0.5, 0.5, shape[1], dtype=np.float32) * np.float32(math.cos(angle))
    y = np.linspace(-0.5, 0.5, shape[0], dtype=np.float32) * np.float32(math.sin(angle))
    return np.asarray(x[None] + y[:, None] + np.float32(0.5), np.float32)
