"""A picture on a display, as light: what the file and the panel do to it, and the grid of pixels.

The grid is drawn, not its beat: moire arises where a camera's sensor samples it.
"""

import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from visavis.datasets.distortions import GAMMA, jpeg
from visavis.datasets.recapture import Instrument
from visavis.datasets.scenes import side
from visavis.types import Face, Floats, Image

_MOST: Final = 230_000  # display pixels that are drawn with their grid; more cannot be resolved
_STRIPE: Final = 3  # drawn pixels to one of an LCD, a side
_DIAMOND: Final = 4  # drawn pixels to one of an OLED, a side


def lcd(photo: Image, face: Face, rng: np.random.Generator) -> Instrument:
    """A liquid-crystal panel: red, green and blue stripes in a black matrix."""
    shown, matrix = _shown(photo, face, rng, (70.0, 420.0))
    image = _driven(shown, rng, black=(0.0, 0.12), blue=(-0.05, 0.18))
    image = _angled(image, rng)
    tile = _stripes(rng)
    return _grid(image, matrix, tile, _STRIPE, rng.uniform(0.1, 0.8))


def oled(photo: Image, face: Face, rng: np.random.Generator) -> Instrument:
    """A telephone's PentiLE panel: a green dot a pixel, red and blue by turns; deep black."""
    shown, matrix = _shown(photo, face, rng, (80.0, 420.0))
    image = _driven(shown, rng, black=(0.0, 0.015), blue=(-0.02, 0.1))
    tile = _diamonds(rng)
    return _grid(image, matrix, tile, _DIAMOND, rng.uniform(0.3, 1.0))


def bands(photo: Image, face: Face, rng: np.random.Generator) -> Instrument:
    """A television or projector whose grid is not seen: flicker as bars, scan lines, glow."""
    shown, matrix = _shown(photo, face, rng, (110.0, 400.0))
    image = _driven(shown, rng, black=(0.02, 0.25), blue=(-0.1, 0.25))
    if rng.random() < 0.5:
        glow = cv2.GaussianBlur(image, (0, 0), rng.uniform(2, 12))
        image = np.asarray(cv2.addWeighted(image, 0.85, glow, 0.15, 0), np.uint8)
    image = np.asarray(cv2.multiply(image, _bars(image.shape, rng), scale=1 / 255), np.uint8)
    if rng.random() < 0.4:
        image = _scanned(image, rng)
    return Instrument(image, matrix, float(rng.uniform(0, 0.4)), emits=True)


def _shown(
    photo: Image, face: Face, rng: np.random.Generator, pixels: tuple[float, float]
) -> tuple[Image, NDArray[np.float64]]:
    """The file as it is opened on the display, its face so many display pixels wide: compressed
    again, and sometimes on a page; and the (3, 3) matrix photo to display.
    """
    wanted = math.exp(rng.uniform(math.log(pixels[0]), math.log(pixels[1])))
    scale = wanted / side(face)
    if rng.random() < 0.75:
        photo = jpeg(photo, int(rng.integers(35, 96)))
    width, height = (max(round(n * scale), 8) for n in photo.shape[1::-1])
    mode = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    image = np.asarray(cv2.resize(photo, (width, height), interpolation=mode), np.uint8)
    fx, fy = width / photo.shape[1], height / photo.shape[0]
    left, top, right, bottom = _page(image.shape, rng)
    colour = [float(rng.choice([0, 20, 245, 255]))] * 3
    image = np.asarray(
        cv2.copyMakeBorder(image, top, bottom, left, right, cv2.BORDER_CONSTANT, value=colour)
    )
    x, y = (fx - 1) / 2 + left, (fy - 1) / 2 + top
    return image, np.array([(fx, 0, x), (0, fy, y), (0, 0, 1.0)])


def _page(shape: tuple[int, ...], rng: np.random.Generator) -> tuple[int, int, int, int]:
    """What the display shows round the picture: left, top, right, bottom, display pixels."""
    if rng.random() < 0.4:
        return 0, 0, 0, 0
    left, top, right, bottom = rng.random(4) ** 2 * 0.3 * min(shape[:2])
    if rng.random() < 0.5:
        left = right = 0
    return int(left), int(top), int(right), int(bottom)


def _driven(
    image: Image,
    rng: np.random.Generator,
    *,
    black: tuple[float, float],
    blue: tuple[float, float],
) -> Image:
    """The panel's tone: its gamma against the file's, white point, black that is not black."""
    power = rng.uniform(0.8, 1.35)
    level, bright = rng.uniform(*black), rng.uniform(0.7, 1.0)
    shift = rng.uniform(*blue)
    ramp = np.linspace(0, 1, 256)
    table = np.empty((256, 1, 3), np.uint8)
    for channel, gain in enumerate((1 - shift, 1 - shift / 3, 1.0)):
        light = (ramp**power) * bright * gain
        table[:, 0, channel] = np.rint((level + (1 - level) * light) * 255)
    made = np.asarray(cv2.LUT(image, table), np.uint8)
    pale = rng.uniform(0.75, 1.2)
    grey = np.ones((3, 1)) * (0.213, 0.715, 0.072)
    return np.asarray(cv2.transform(made, grey + pale * (np.eye(3) - grey)), np.uint8)


def _angled(image: Image, rng: np.random.Generator) -> Image:
    """Light lost towards one side, as a panel loses it seen askew."""
    if rng.random() < 0.5:
        return image
    lost = rng.uniform(0.05, 0.45) * rng.random((2, 2))
    field = cv2.resize(np.asarray((1 - lost) * 255, np.uint8), image.shape[1::-1])
    return np.asarray(cv2.multiply(image, cv2.cvtColor(field, cv2.COLOR_GRAY2RGB), scale=1 / 255))


def _stripes(rng: np.random.Generator) -> Floats:
    """(3, 3, 3) light of one pixel's parts: three upright stripes, and a dark row below them."""
    leak = rng.uniform(0.0, 0.5)
    tile = np.full((_STRIPE, _STRIPE, 3), leak, np.float32)
    for column, channel in enumerate((0, 1, 2) if rng.random() < 0.85 else (2, 1, 0)):
        tile[:, column, channel] = 1
    tile[-1] *= np.float32(rng.uniform(0.2, 0.9))
    return tile.transpose(1, 0, 2) if rng.random() < 0.15 else tile


def _diamonds(rng: np.random.Generator) -> Floats:
    """(8, 8, 3) light of two by two pixels: four green dots; red and blue once in two each."""
    leak = rng.uniform(0.0, 0.4)
    y, x = np.indices((8, 8)).astype(np.float32)
    tile = np.full((8, 8, 3), leak, np.float32)

    def dot(channel: int, column: float, row: float, reach: float) -> None:
        dx, dy = np.abs((x - column + 4) % 8 - 4), np.abs((y - row + 4) % 8 - 4)
        tile[..., channel] += np.clip(reach - dx - dy + 0.5, 0, 1)

    for column in (0.5, 4.5):
        for row in (0.5, 4.5):
            dot(1, column, row, 1.6)
    for channel, places in ((0, ((2.5, 2.5), (6.5, 6.5))), (2, ((6.5, 2.5), (2.5, 6.5)))):
        for column, row in places:
            dot(channel, column, row, 2.2)
    return np.clip(tile, 0, 1)


def _grid(
    image: Image, matrix: NDArray[np.float64], tile: Floats, cell: int, gloss: float
) -> Instrument:
    """The picture in light of the tile's parts; as it is where it is too fine for any camera."""
    height, width = image.shape[:2]
    if height * width > _MOST:
        return Instrument(image, matrix, gloss, emits=True)
    large = cv2.resize(image, (width * cell, height * cell), interpolation=cv2.INTER_NEAREST)
    light = tile / tile.mean(axis=(0, 1))
    pattern = np.rint((light / light.max()) ** (1 / GAMMA) * 255).astype(np.uint8)
    rows, columns = (-(-n // m) for n, m in zip(large.shape[:2], tile.shape[:2], strict=True))
    mask = cv2.repeat(pattern, rows, columns)[: large.shape[0], : large.shape[1]]
    made = cv2.multiply(large, mask, scale=1 / 255)
    finer = np.array([(cell, 0, (cell - 1) / 2), (0, cell, (cell - 1) / 2), (0, 0, 1.0)])
    return Instrument(np.asarray(made, np.uint8), finer @ matrix, gloss, emits=True)


def _bars(shape: tuple[int, ...], rng: np.random.Generator) -> Image:
    """Dark bars of a backlight that flickers against a shutter that rolls, (H, W, 3)."""
    height, width = shape[:2]
    y, x = np.indices((height, 16), np.float32)
    count, slope = rng.uniform(0.5, 12), rng.normal(0, 0.04)
    phase = 2 * math.pi * (count * (y / height + slope * x / 16) + rng.random())
    wave = (1 + np.sin(phase)) / 2
    if rng.random() < 0.5:
        wave = np.clip((wave - rng.uniform(0.2, 0.8)) * 6 + 0.5, 0, 1)
    depth = rng.uniform(0.02, 0.5) * rng.random()
    colour = 1 + rng.normal(0, 0.15, 3) * (rng.random() < 0.4)
    field = np.clip(1 - depth * wave[..., None] * colour, 0, 1) * 255
    return np.asarray(cv2.resize(np.asarray(field, np.uint8), (width, height)), np.uint8)


def _scanned(image: Image, rng: np.random.Generator) -> Image:
    """Every other line darker, as interlaced or line-scanned pictures show."""
    made = image.copy()
    made[1::2] = np.rint(made[1::2] * rng.uniform(0.5, 0.95))
    return made
