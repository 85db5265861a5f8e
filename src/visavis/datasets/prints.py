"""Simulated prints of a photo, seen from right before them: laser, inkjet and photo paper.

Each kind has its own way from picture to ink. Lengths come from how wide the printed face is in
millimetres, so that dots lie below what a camera sees on a poster and stand out on a passport
photo. Everything random comes from the caller's generator; each look runs from hardly to be seen
to plain. Invented sheets, not a model of any printer.
"""

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from visavis.datasets import distortions as d
from visavis.datasets.halftone import ANGLES, blue_noise, scattered, screened
from visavis.datasets.inks import Inks, Plate
from visavis.datasets.paper import (
    Sheet,
    bend,
    check_photo,
    crease,
    cut,
    fibres,
    field,
    grain,
    shaded,
)
from visavis.datasets.recapture import Instrument
from visavis.types import Face, Floats, Image

_INCH: Final = 25.4
_LONGEST: Final = 700  # pixels of a sheet's longer side, margins included
_FACE: Final = (20.0, 200.0)  # millimetres, from a passport photo to a poster
_TILE: Final = 128
_RAMP: Final = np.arange(256) / 255


def laser(photo: Image, face: Face, rng: np.random.Generator) -> Instrument:
    """A laser print: clustered dots of toner on plain paper, 50 to 212 lines an inch.

    Screen angles wander about the customary ones; plates miss each other, toner lies in bands and
    speckles the paper. One in eight is in black only. Raises InputError for no RGB picture.
    """
    check_photo(photo)
    plain = float(rng.uniform())
    pitch = _INCH / _between(rng, 50, 212) * _density(face, rng)
    sheet = _sheet(photo, rng, 3.2 / pitch, 2.1 / pitch)
    seen = pitch * sheet.scale
    inks = Inks.draw(rng, 0.1 + 0.9 * plain**1.5, rng.uniform(1.2, 2), 0.03 + 0.12 * plain)
    off = rng.normal(0, 0.25 * plain * seen, (4, 2)).tolist()
    angles = np.array(ANGLES) + rng.normal(0, 6, 4) + rng.choice((0, 90))
    shape, edge = float(rng.choice((1.0, 0.8, rng.uniform(0, 0.6)))), float(rng.uniform(1, 4))
    plates = []
    for plate, (x, y), angle in zip(_plates(photo, inks, rng, 0.125), off, angles, strict=True):
        even = sheet.placed(plate, 0, (x, y))
        plates.append(screened(even, seen, float(angle), shape, edge))
    _speckle(plates[3], plain, sheet.scale, rng)
    made = inks.printed(plates, rng.uniform(0.2, 0.5) * min(seen, 3))
    bands = _bands(sheet, _between(rng, 2, 40) * sheet.scale, 0.15 * plain * rng.random(), rng)
    return _finished(made, sheet, _Paper.plain(rng, plain), rng.uniform(0, 0.25), rng, bands)


def inkjet(photo: Image, face: Face, rng: np.random.Generator) -> Instrument:
    """An inkjet print: drops, 150 to 1440 an inch, scattered by blue noise and drawn into the
    paper; passes of the head show as bands, a blocked nozzle as light lines.

    One in twenty is in black only. Raises InputError for no RGB picture.
    """
    check_photo(photo)
    plain = float(rng.uniform())
    drop = _INCH / _between(rng, 150, 1440) * _density(face, rng)
    sheet = _sheet(photo, rng, 1.4 / drop, 0.5 / drop)
    seen = drop * sheet.scale
    inks = Inks.draw(rng, 0.05 + 0.75 * plain**1.5, rng.uniform(1.3, 2), 0.03 + 0.1 * plain)
    tile, bleeding = blue_noise(_TILE, rng), rng.uniform(0.3, 1.1) * max(seen, 0.7)
    swath, uneven = _between(rng, 3, 50) * sheet.scale, 0.14 * plain * rng.random() ** 2
    small, worn = float(rng.uniform(0.35, 1)), rng.random() < 0.6
    plates = []
    for plate in _plates(photo, inks, rng, 0.05):
        even = sheet.placed(plate, 0)
        start = (int(rng.integers(_TILE)), int(rng.integers(_TILE)))
        drops = scattered(even, tile, seen, start, small)
        dots = np.asarray(cv2.GaussianBlur(drops, (0, 0), bleeding), np.uint8)
        plates.append(_passes(dots, swath, uneven, rng) if worn else dots)
    made = inks.printed(plates, rng.uniform(0.3, 0.8))
    return _finished(made, sheet, _Paper.plain(rng, plain), rng.uniform(0, 0.35), rng)


def photo(photo: Image, face: Face, rng: np.random.Generator) -> Instrument:
    """A print on photo paper: no dots to be seen, but a smaller gamut, dyes that stain each other,
    a curve of tones with grey blacks, sharpening, often a white border, and gloss.

    Raises InputError for no RGB picture.
    """
    check_photo(photo)
    plain = float(rng.uniform())
    sheet = _sheet(photo, rng, 0.0, 0.0)
    source = _source(photo, rng)
    fine = rng.uniform(0.03, 0.12) * _density(face, rng) * source.shape[0] / photo.shape[0]
    made = d.blur(_dyed(source, plain, rng), fine)
    soft, amount = d.blur(made, _between(rng, 0.6, 1.6)), plain * rng.uniform(0, 1.2)
    made = np.asarray(cv2.addWeighted(made, 1 + amount, soft, -amount, 0), np.uint8)
    noise = grain(made.shape, rng) * np.float32(plain * rng.uniform(0, 0.08))
    made = sheet.placed(shaded(made, noise), 255)
    return _finished(made, sheet, _Paper.coated(rng, plain), rng.uniform(0.3, 0.95), rng)


@dataclass(frozen=True)
class _Paper:
    """`white` is its colour; `tooth` (of fibres of `size` photo pixels), `bent` and `folded` are in
    stops; `folds` is how many.
    """

    white: tuple[float, float, float]
    tooth: float
    size: float
    bent: float
    folded: float
    folds: int

    @classmethod
    def plain(cls, rng: np.random.Generator, plain: float) -> "_Paper":
        """Office paper: bluish with brightener to yellowish when recycled or old; some crumpled."""
        folds = int(rng.choice((0, 1, 2, 3, 9), p=(0.55, 0.2, 0.12, 0.06, 0.07)))
        tooth, size = 0.01 + 0.1 * plain * rng.random(), rng.uniform(0.4, 1.6)
        white = _tint(rng, 0.84, 0.02 + 0.03 * plain)
        folded = _between(rng, 0.02, 0.45)
        return cls(white, tooth, size, 0.5 * rng.random() ** 2, folded, folds)

    @classmethod
    def coated(cls, rng: np.random.Generator, plain: float) -> "_Paper":
        """Photo paper: white, smooth or with a lustre; it bends and seldom folds."""
        tooth = 0.002 + 0.07 * plain * (rng.random() < 0.3)
        bent, folds = 0.4 * rng.random() ** 2, int(rng.random() < 0.06)
        return cls(_tint(rng, 0.92, 0.012), tooth, rng.uniform(0.6, 2), bent, 0.2, folds)


def _tint(rng: np.random.Generator, darkest: float, off: float) -> tuple[float, float, float]:
    """A paper's white: `darkest` or more in each channel's code, warm or cold by about `off`."""
    white, warm = rng.uniform(darkest + 0.03, 1), rng.normal(0, off)
    tint = np.clip((white + min(warm, 0), white - abs(warm) / 3, white - max(warm, 0)), darkest, 1)
    return (float(tint[0]), float(tint[1]), float(tint[2]))


def _between(rng: np.random.Generator, low: float, high: float) -> float:
    """Drawn with equal chances for equal ratios."""
    return float(low * (high / low) ** rng.random())


def _density(face: Face, rng: np.random.Generator) -> float:
    """Photo pixels to a millimetre of print, from the printed face's width."""
    return face.width / _between(rng, *_FACE)


def _sheet(photo: Image, rng: np.random.Generator, fine: float, coarse: float) -> Sheet:
    """A sheet with margins or without, and with pixels enough for its dots where it can have them.

    Dots are well sampled at scale `fine`, and lost below `coarse`: then a small scale will do.
    """
    height, width = photo.shape[:2]
    margins = np.zeros(4)
    if rng.random() < 0.6:
        margins = max(height, width) * _between(rng, 0.01, 0.3) * rng.uniform(0.4, 1, 4)
        if rng.random() < 0.4:
            margins[:] = margins.mean()
    left, top, right, bottom = margins.tolist()
    longest = max(height + top + bottom, width + left + right)
    most = float(np.clip(_LONGEST / longest, 1.0, 3.0))
    least = min(float(rng.uniform(1.1, 1.5)), most)
    scale = least if coarse > most else float(np.clip(fine, least, most))
    return Sheet.of(photo, scale, (left, top, right, bottom))


def _source(photo: Image, rng: np.random.Generator) -> Image:
    """What was printed: the photo itself or, one time in two, one of fewer pixels."""
    factor = float(rng.uniform(1, 2.5))
    if rng.random() < 0.5 or min(photo.shape[:2]) < 8:
        return photo
    return d.resized(photo, 1 / factor)


def _plates(photo: Image, inks: Inks, rng: np.random.Generator, grey: float) -> list[Plate]:
    """Four plates; in black alone with a probability of `grey`."""
    source = _source(photo, rng)
    return inks.grey(source) if rng.random() < grey else inks.separate(source)


def _speckle(black: Plate, plain: float, scale: float, rng: np.random.Generator) -> None:
    """Grains of toner beside their place, on the black plate itself: up to 1 in 400 pixels."""
    height, width = black.shape
    count = int(rng.uniform(0, plain**2 / 400) * height * width / scale**2)
    y, x = rng.integers(0, height, count), rng.integers(0, width, count)
    black[y, x] = np.maximum(black[y, x], rng.integers(40, 256, count))


def _bands(sheet: Sheet, period: float, depth: float, rng: np.random.Generator) -> Floats:
    """Bands across the paper's way in stops, (H, 1) or (1, W): a wave that wanders."""
    lying = rng.random() < 0.7
    length = sheet.height if lying else sheet.width
    along = np.arange(length) * (2 * math.pi / max(period, 2)) + rng.uniform(0, 6.3)
    stops = -depth * (0.5 + 0.5 * np.sin(along + np.sin(along / 7)))
    return np.asarray(stops, np.float32).reshape((-1, 1) if lying else (1, -1))


def _passes(plate: Plate, swath: float, depth: float, rng: np.random.Generator) -> Plate:
    """The plate with each pass of the head lighter or darker by `depth`, a seam between passes,
    and in one plate of eight a nozzle that prints little.
    """
    rows = np.arange(plate.shape[0]) / max(swath, 2) + rng.random()
    passes = rows.astype(int)
    gain = 1 + depth * rng.normal(0, 1, passes[-1] + 1)[passes]
    gain += rng.uniform(-1.5, 1) * depth * (np.mod(rows, 1) < 1.2 / max(swath, 2))
    if rng.random() < 0.125:
        gain[np.mod(rows + rng.random(), 1) < 1 / max(swath, 2)] *= rng.uniform(0, 0.9)
    column = np.broadcast_to(np.clip(gain, 0, 2).astype(np.float32)[:, None], plate.shape)
    return np.asarray(cv2.multiply(plate, column, dtype=cv2.CV_8U), np.uint8)


def _dyed(image: Image, plain: float, rng: np.random.Generator) -> Image:
    """The picture in three dyes: curve of tones, stained colours, lowest and highest density."""
    steep, pivot = 1 + plain * rng.uniform(-0.2, 0.9), rng.uniform(0.35, 0.6)
    low, high = np.tanh(2 * steep * np.array((-pivot, 1 - pivot)))
    curve = (np.tanh(2 * steep * (_RAMP - pivot)) - low) / (high - low)
    curve = (1 - plain) * _RAMP + plain * curve
    floor = rng.uniform(0.0, 0.05) + 0.14 * plain * rng.random()
    table = np.rint(255 * (floor + (1 - floor) * curve)).astype(np.uint8)
    stain = rng.uniform(0, 0.12, (3, 3)) * plain * (1 - np.eye(3))
    mix = np.eye(3) + stain - np.diag(stain.sum(axis=1))
    mix *= 1 + rng.normal(0, 0.04 * plain, (3, 1))
    made = np.asarray(cv2.transform(cv2.LUT(image, table), mix), np.uint8)
    vivid = 1 + plain * rng.uniform(-0.45, 0.3) if rng.random() > 0.05 else 0.0
    return d.saturation(made, float(vivid))


def _finished(
    made: Image,
    sheet: Sheet,
    paper: _Paper,
    gloss: float,
    rng: np.random.Generator,
    bands: Floats | None = None,
) -> Instrument:
    """Ink on its paper: tooth, folds, bends, and a sheet cut by hand one time in three.

    Shade varies slowly and is made at half the sheet's size, fibres at the photo's.
    """
    half = ((made.shape[0] + 1) // 2, (made.shape[1] + 1) // 2)
    stops = bend(half, paper.bent, rng)
    for _ in range(paper.folds):
        stops += crease(half, paper.folded, rng)
    if rng.random() < 0.3:
        stops += np.float32(rng.uniform(0, 0.15)) * field(half, rng.uniform(2, 9), rng)
    wide = cv2.resize(stops, made.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    tooth = fibres(made.shape, paper.size * sheet.scale, rng)
    full = np.asarray(cv2.scaleAdd(tooth, paper.tooth, wide), np.float32)
    if bands is not None:
        full += bands
    made = shaded(made, full, paper.white)
    return Instrument(made, sheet.matrix, gloss=float(gloss), alpha=_cut(made, sheet, rng))


def _cut(made: Image, sheet: Sheet, rng: np.random.Generator) -> NDArray[np.uint8] | None:
    if rng.random() > 0.35:
        return None
    slack = max(made.shape[:2]) * _between(rng, 0.002, 0.03)
    return cut(made.shape, slack, float(rng.uniform(0, 0.6) * sheet.scale), rng)
