"""Things drawn over a face: mask, sunglasses, hat, hand. Plausible shapes, not the real things.

Each is a pure function of a picture and a `Head`; colours come from the caller's generator.
"""

import math
from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from visavis.datasets.distortions import covered
from visavis.datasets.heads import Head, Points
from visavis.types import Floats, Image

Shape = NDArray[np.float32]
"""(H, W) how much of each pixel is covered, 0..1."""
_MASKS: Final = ((158, 192, 214), (232, 233, 234), (44, 46, 52), (132, 170, 152))
_HATS: Final = ((52, 58, 74), (112, 40, 42), (70, 78, 60), (150, 136, 116))
_PLEATS: Final = (0.35, 0.5, 0.65)


def mask(image: Image, head: Head, top: float, rng: np.random.Generator) -> Image:
    """A surgical mask from `top` at the nose down to below the chin, in one of four colours.

    `top` is in units of the distance from eyes to mouth, below the eyes: 0.25 is worn right over
    the nose, 0.8 leaves the nose free.
    """
    nose, left, right = _nose_x(head), head.axis - 1.02, head.axis + 1.02
    side = max(top, 0.45) + 0.05
    outline = [
        (left, side),
        ((left + nose) / 2, top + 0.12),
        (nose - 0.16, top),
        (nose + 0.16, top),
        ((right + nose) / 2, top + 0.12),
        (right, side),
        (right - 0.08, 1.25),
        (right - 0.5, 1.68),
        (head.axis, 1.82),
        (left + 0.5, 1.68),
        (left + 0.08, 1.25),
    ]
    colour = np.array(_MASKS[rng.integers(len(_MASKS))]) * _exposure(image, head)
    made = image
    for edge, ear in ((left, head.axis - 1.16), (right, head.axis + 1.16)):
        for low, high in ((side + 0.08, -0.02), (1.22, 0.35)):
            string = _line(image, head, [(edge, low), (ear, high)], 0.035)
            made = _painted(made, string, colour)
    shape = _filled(image, head, _smoothed(outline, 2))
    return _painted(made, shape, colour, _folds(image, head, top))


def sunglasses(image: Image, head: Head, size: float, tint: float = 0.97) -> Image:
    """Glasses with lenses `size` high and a quarter wider, in units of the eyes' distance from
    the mouth; `tint` is the share of the light that they keep off.
    """
    eyes = head.local(head.landmarks[:2])
    reach = max(abs(eyes[1, 0] - eyes[0, 0]) / 2, 0.2)
    frame = np.array((22, 22, 26.0))
    made = image
    lenses = [_lens(eye, size, min(1.0, reach / 0.5)) for eye in eyes]
    for eye, outer in zip(eyes, (head.axis - 1.12, head.axis + 1.12), strict=True):
        temple = _line(image, head, [(eye[0], eye[1] - 0.06), (outer, eye[1] - 0.1)], 0.09)
        made = _painted(made, temple, frame)
    bridge = _line(image, head, [(eyes[0, 0], -0.08), (eyes[1, 0], -0.08)], 0.08)
    made = _painted(made, bridge, frame)
    for lens, eye in zip(lenses, eyes, strict=True):
        under = _filled(image, head, eye + (lens - eye) * 1.1)
        made = _painted(made, under * tint, frame)
    for lens in lenses:
        glass = _filled(image, head, lens)
        made = _painted(made, glass * (tint * 0.6), np.array((38, 36, 40.0)))
    return made


def hat(image: Image, head: Head, brim: float, rng: np.random.Generator) -> Image:
    """A woollen hat with its edge `brim` above the eyes, and its shadow below the edge.

    In units of the distance from eyes to mouth: 0.9 is the hairline, 0.3 the brows.
    """
    angles = np.linspace(math.pi, 2 * math.pi, 25)
    crown = -1.85
    round_it = np.sign(np.cos(angles)) * np.abs(np.cos(angles)) ** 0.8
    dome = np.stack([1.24 * round_it, -brim + (-brim - crown) * np.sin(angles)], axis=1)
    sag = np.stack([np.linspace(1.24, -1.24, 15), -brim + 0.12 * np.sin(angles[::-1][:15])], axis=1)
    edge = [(x, -brim - 0.12 * (1 - (x / 1.24) ** 2)) for x in np.linspace(1.24, -1.24, 15)]
    shift = np.array((head.axis * 0.85, 0.0))
    colour = np.array(_HATS[rng.integers(len(_HATS))]) * _exposure(image, head)
    shadow = _filled(image, head, np.concatenate([sag, sag[::-1] + np.array((0, 0.3))]) + shift)
    made = _painted(image, _soft(shadow, head, 0.1) * 0.45, np.zeros(3))
    body = _filled(image, head, np.concatenate([dome, edge]) + shift)
    made = _painted(made, body, colour, _rounded(image, head, 1.3))
    cuff = np.concatenate([edge, np.array(edge)[::-1] - (0, 0.3)]) + shift
    return _painted(made, _filled(image, head, cuff), colour * 0.86, _rounded(image, head, 1.3))


def hand(image: Image, head: Head, reach: float, rng: np.random.Generator) -> Image:
    """A hand before the face from below at one side, `reach` up: 0 its fingers end below the
    mouth, 1 they cover an eye. Skin as on the nose's sides.
    """
    side = 1 if rng.integers(2) else -1
    skin = _skin(image, head)
    base = np.array((head.axis + side * 0.75, 2.1 - 1.2 * reach))
    palm = [(-0.5, 0.75), (-0.5, -0.1), (-0.42, -0.35), (0.35, -0.35), (0.5, 0.0), (0.45, 0.75)]
    lean = math.radians(-32 * side)
    turn = np.array([(math.cos(lean), math.sin(lean)), (-math.sin(lean), math.cos(lean))])
    shade = _rounded(image, head, 1.6)
    made = _painted(image, _filled(image, head, _smoothed(palm, 2) @ turn + base), skin, shade)
    lengths = (0.62, 0.78, 0.82, 0.7)
    for place, length in zip((-0.38, -0.14, 0.1, 0.32), lengths, strict=True):
        ends = np.array([(place, 0.1), (place * 1.15, -0.3 - length)]) @ turn + base
        rim = _line(image, head, ends, 0.27)
        made = _painted(made, _soft(rim, head, 0.02) * 0.7, skin * 0.55)
        made = _painted(made, _line(image, head, ends, 0.22), skin, shade)
        nail = ends[1] + (ends[0] - ends[1]) * 0.02
        made = _painted(made, _line(image, head, [nail, nail + 0.01], 0.12), skin * 1.12)
    thumb = np.array([(0.35 * -side, 0.4), (0.62 * -side, -0.1)]) @ turn + base
    made = _painted(made, _line(image, head, thumb, 0.3), skin * 0.6)
    return _painted(made, _line(image, head, thumb, 0.26), skin, shade)


def block(image: Image, head: Head, width: float, rng: np.random.Generator) -> Image:
    """A grey square `width` times as wide as the face, somewhere on it."""
    side = width * 2.2
    low, high = (-1.1 + head.axis, -0.7), (1.1 + head.axis - side, 1.7 - side)
    x, y = rng.uniform(low, np.maximum(low, high))
    corners = head.pixels([(x, y), (x + side, y), (x + side, y + side), (x, y + side)])
    middle, half = corners.mean(axis=0), side * head.unit / 2
    return covered(image, (*(middle - half), *(middle + half)), (128, 128, 128))


def _nose_x(head: Head) -> float:
    """Local x of the nose's bridge: between the tip's and the middle of the eyes."""
    return float(head.local(head.landmarks[2:3])[0, 0]) * 0.7


def _lens(eye: Points, size: float, narrowing: float) -> Points:
    """A rounded outline about an eye, flatter at the top, drawn out a little below."""
    angle = np.linspace(0, 2 * math.pi, 40, endpoint=False)
    x = np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** 0.6
    y = np.sign(np.sin(angle)) * np.abs(np.sin(angle)) ** 0.7
    half = np.array((size * 0.625 * narrowing, size / 2))
    return np.asarray(eye + np.stack([x, y + 0.12], axis=1) * half)


def _smoothed(corners: Sequence[ArrayLike], rounds: int) -> Points:
    """The closed outline with its corners cut (Chaikin, 1974)."""
    points = np.array(corners, np.float64)
    for _ in range(rounds):
        after = np.roll(points, -1, axis=0)
        points = np.stack([0.75 * points + 0.25 * after, 0.25 * points + 0.75 * after], axis=1)
        points = points.reshape(-1, 2)
    return points


def _filled(image: Image, head: Head, outline: Points) -> Shape:
    """The outline in local coordinates as a shape with smooth edges."""
    canvas = np.zeros(image.shape[:2], np.uint8)
    corners = np.rint(head.pixels(outline) * 16).astype(np.int32)
    cv2.fillPoly(canvas, [corners], 255, cv2.LINE_AA, shift=4)
    return np.asarray(canvas / np.float32(255), np.float32)


def _line(image: Image, head: Head, ends: ArrayLike, width: float) -> Shape:
    """A line with round ends, all in local coordinates."""
    first, last = np.asarray(ends, np.float64)
    angle = math.atan2(*(last - first)[::-1])
    turns = np.linspace(math.pi / 2, 3 * math.pi / 2, 12) + angle
    circle = np.stack([np.cos(turns), np.sin(turns)], axis=1) * width / 2
    return _filled(image, head, np.concatenate([first + circle, last - circle]))


def _soft(shape: Shape, head: Head, sigma: float) -> Shape:
    blurred = cv2.GaussianBlur(shape, (0, 0), max(sigma * head.unit, 0.3))
    return np.asarray(blurred, np.float32)


def _painted(image: Image, shape: Shape, colour: ArrayLike, shade: Floats | None = None) -> Image:
    """The colour, times `shade` where given, over the picture where the shape is."""
    paint = np.asarray(colour, np.float32) * (np.float32(1) if shade is None else shade[..., None])
    alpha = shape[..., None]
    return np.asarray(np.clip(np.rint(image + (paint - image) * alpha), 0, 255), np.uint8)


def _rounded(image: Image, head: Head, half: float) -> Floats:
    """Darker towards the sides, as on a cylinder about the head's axis."""
    away = (head.grid(*image.shape[:2])[..., 0] - head.axis) / half
    return np.asarray(1.05 - 0.35 * np.minimum(away**2, 1), np.float32)


def _folds(image: Image, head: Head, top: float) -> Floats:
    """The shade of a mask: round, with three pleats across."""
    y = (head.grid(*image.shape[:2])[..., 1] - top) / (1.8 - top)
    pleats = sum(np.exp(-(((y - at) / 0.018) ** 2)) for at in _PLEATS)
    return np.asarray(_rounded(image, head, 1.3) * (1 - 0.16 * pleats), np.float32)


def _exposure(image: Image, head: Head) -> float:
    """How bright the scene is where the face is, 1 for a well lit one: paint follows it."""
    return min(max(float(_skin(image, head).mean()) / 150, 0.3), 1.1)


def _skin(image: Image, head: Head) -> Points:
    """The median colour of the face between eyes and mouth."""
    around = head.pixels([(-0.35, 0.3), (0.35, 0.3), (0.35, 0.7), (-0.35, 0.7)])
    limit = np.array(image.shape[1::-1])
    low = np.clip(around.min(axis=0), 0, limit - 1).astype(int)
    high = np.clip(around.max(axis=0), low + 1, limit).astype(int)
    part = image[low[1] : high[1], low[0] : high[0]].reshape(-1, 3)
    return np.asarray(np.median(part, axis=0))
