"""Crops varied at random, live ones and attacks alike, as a network's input."""

import math
from collections.abc import Sequence
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from visavis.datasets.distortions import jpeg
from visavis.types import Floats, Image

SIDE: Final = 128
MEAN, SPREAD = 127.5, 64.0
_NOISE = 1 << 21  # values of noise drawn once a batch


def varied(
    crops: Sequence[Image],
    rng: np.random.Generator,
    no_surroundings: float,
    strength: float = 1.0,
) -> Floats:
    """N crops (2, 144, 144, 3) uint8 to (N, 6, 128, 128) float32, `(value - 127.5) / 64`.

    Place, mirror image, light, colour, contrast, blur, resolution, noise, holes; the wide crop
    is taken away for a share of the pictures, as where a photo shows nothing but the face.
    `strength` 1 is what one camera does to another's pictures; above it comes a foreign camera's
    cast of colour, haze, coarseness and compression, and pictures that end near the face.
    """
    noise = rng.standard_normal(_NOISE, np.float32)
    made = np.empty((len(crops), 6, SIDE, SIDE), np.float32)
    for planes, pair in zip(made, crops, strict=True):
        if strength > 1:
            pair = _foreign(pair, strength - 1, rng)
        _one(planes, pair, noise, rng, rng.random() < no_surroundings)
    return made


def plain(crops: Sequence[Image]) -> Floats:
    """The middle of each crop, nothing varied: what the network is given in use."""
    inner = np.stack([_cut(pair, (pair.shape[1] - SIDE) // 2) for pair in crops])
    planes = inner.transpose(0, 1, 4, 2, 3).reshape(len(crops), 6, SIDE, SIDE)
    return np.ascontiguousarray((planes.astype(np.float32) - MEAN) / SPREAD)


def _foreign(pair: Image, strength: float, rng: np.random.Generator) -> Image:
    """Both crops as another camera and its file would give them."""
    value = np.linspace(0, 1, 256)[:, None]
    if rng.random() < 0.6:
        warm, green = rng.normal(0, 0.18 * strength), rng.normal(0, 0.06 * strength)
        value = value * np.exp((warm, green, -warm))
    if rng.random() < 0.4:
        lift = rng.uniform(0, 0.25 * strength)
        value = lift + (1 - lift) * value
    value = 0.5 + (value - 0.5) * math.exp(rng.normal(0, 0.2 * strength))
    table = np.clip(np.rint(value * 255), 0, 255).astype(np.uint8)
    table = np.broadcast_to(table, (256, 3))[:, None]
    coarse = rng.uniform(0.25, 0.8) if rng.random() < 0.35 * strength else 1.0
    quality = int(rng.integers(25, 90)) if rng.random() < 0.3 * strength else 0
    made = []
    for square in pair:
        seen = np.asarray(cv2.LUT(square, np.ascontiguousarray(table)), np.uint8)
        if coarse < 1:
            small = cv2.resize(seen, None, fx=coarse, fy=coarse, interpolation=cv2.INTER_AREA)
            small = jpeg(np.asarray(small, np.uint8), quality) if quality else small
            seen = np.asarray(cv2.resize(small, square.shape[1::-1]), np.uint8)
        elif quality:
            seen = jpeg(seen, quality)
        made.append(seen)
    if rng.random() < 0.4 * strength:
        made[1] = _framed(made[1], rng)
    return np.stack(made)


def _framed(wide: Image, rng: np.random.Generator) -> Image:
    """The surroundings as far as a picture went that ends near the face, and was perhaps turned by
    software: black beyond its edges.
    """
    side = wide.shape[0]
    left, top, right, bottom = rng.uniform((-0.75,) * 2 + (0.3,) * 2, (-0.3,) * 2 + (0.75,) * 2)
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)]) * side
    angle = math.radians(rng.uniform(-20, 20)) * (rng.random() < 0.6)
    turn = np.array([(math.cos(angle), -math.sin(angle)), (math.sin(angle), math.cos(angle))])
    mask = np.zeros((side, side), np.uint8)
    cv2.fillConvexPoly(mask, np.rint(corners @ turn.T + side / 2).astype(np.int32), 255)
    return np.asarray(cv2.bitwise_and(wide, wide, mask=mask), np.uint8)


def _one(planes: Floats, pair: Image, noise: Floats, rng: np.random.Generator, alone: bool) -> None:
    """Fills the (6, 128, 128) planes of one picture."""
    curves, grey = _curves(rng), _greyed(rng)
    room = pair.shape[1] - SIDE
    at, mirrored = int(rng.integers(room + 1)), bool(rng.random() < 0.5)
    coarse, grain = _coarseness(rng), rng.random() * 8 * (rng.random() < 0.4)
    for i, square in enumerate(_cut(pair, at)):
        if i and alone:
            planes[3:] = -MEAN / SPREAD
            return
        picture = _coarser(square[:, ::-1] if mirrored else square, coarse)
        picture = np.asarray(cv2.LUT(np.ascontiguousarray(picture), curves), np.uint8)
        if grey:
            picture = _desaturated(picture, grey)
        if not i:
            _hole(picture, rng)
        own = planes[3 * i : 3 * i + 3]
        np.subtract(picture.transpose(2, 0, 1), MEAN, out=own)
        if grain:
            start = int(rng.integers(_NOISE - own.size))
            own += noise[start : start + own.size].reshape(own.shape) * np.float32(grain)
            np.clip(own, -MEAN, MEAN, out=own)
        own /= SPREAD


def _cut(pair: Image, at: int) -> Image:
    """(2, 128, 128, 3): both squares from the same place."""
    return pair[:, at : at + SIDE, at : at + SIDE]


def _curves(rng: np.random.Generator) -> NDArray[np.uint8]:
    """(256, 1, 3): gamma, exposure, offset, contrast and colour balance in one table."""
    value = np.linspace(0, 1, 256)[:, None] ** math.exp(rng.normal(0, 0.2))
    value = value * math.exp(rng.normal(0, 0.15)) + rng.normal(0, 0.03)
    value = 0.5 + (value - 0.5) * math.exp(rng.normal(0, 0.12))
    value = value * np.exp(rng.normal(0, 0.07, 3))
    table: NDArray[np.uint8] = np.clip(np.rint(value * 255), 0, 255).astype(np.uint8)
    return table[:, None]


def _greyed(rng: np.random.Generator) -> float:
    """How much of the colour goes: nothing, a part, or all of it."""
    chance = rng.random()
    return 1.0 if chance < 0.03 else rng.random() * 0.6 if chance < 0.4 else 0.0


def _desaturated(picture: Image, share: float) -> Image:
    grey = cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    return np.asarray(cv2.addWeighted(picture, 1 - share, grey, share, 0), np.uint8)


def _coarseness(rng: np.random.Generator) -> float:
    """Below 1: brought to that share of the pixels; above: blurred by that; 1: neither."""
    chance = rng.random()
    if chance < 0.12:
        return 1 + rng.random()
    return 0.35 + 0.6 * rng.random() if chance < 0.32 else 1.0


def _coarser(picture: Any, coarse: float) -> Any:
    if coarse == 1:
        return picture
    picture = np.ascontiguousarray(picture)
    if coarse > 1:
        return cv2.GaussianBlur(picture, (0, 0), coarse - 0.5)
    small = cv2.resize(picture, None, fx=coarse, fy=coarse, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)


def _hole(picture: Image, rng: np.random.Generator) -> None:
    """A square of one colour over a quarter of the pictures."""
    if rng.random() < 0.25:
        side = int(rng.integers(16, 56))
        top, left = rng.integers(0, SIDE - side + 1, 2)
        picture[top : top + side, left : left + side] = rng.integers(0, 256, 3)
