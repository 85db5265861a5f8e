"""Light on and about a flat object in a scene: its shadow, and what its surface throws back."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from visavis.datasets.rooms import polygon, shaded
from visavis.types import Floats, Image

_COARSE: Final = 8  # light is soft, and made this much smaller
Points = NDArray[np.float64]


def shadowed(scene: Image, outline: Points, side: float, rng: np.random.Generator) -> Image:
    """The soft shadow of an object of this (N, 2) outline on what is behind it, one time in two.

    `side` is the face's, in pixels: the shadow's offset and softness go with it.
    """
    if rng.random() < 0.5:
        return scene
    shade = np.full(_small(scene), 127, np.uint8)
    shift = rng.normal(0, 0.12, 2) * side
    polygon(shade, (outline + shift) / _COARSE, rng.uniform(50, 115))
    soft = rng.uniform(0.02, 0.12) * side / _COARSE + 0.5
    shade = np.asarray(cv2.GaussianBlur(shade, (0, 0), soft), np.uint8)
    return shaded(scene, shade * np.float32(1 / 127))


def reflecting(scene: Image, outline: Points, gloss: float, rng: np.random.Generator) -> Image:
    """Light thrown back within the (N, 2) outline: a veil, lamps, windows, as strong as `gloss`."""
    small = _small(scene)
    veil = cv2.resize(rng.random((3, 3)).astype(np.float32), small[::-1])
    light = np.asarray(veil * np.float32(70 * gloss * rng.random()), np.float32)
    for _ in range(int(rng.choice([0, 1, 2, 3], p=[0.35, 0.35, 0.2, 0.1]))):
        light += _spot(small, outline / _COARSE, gloss, rng)
    tint = np.asarray(1 + rng.normal(0, 0.06, 3), np.float32)
    field = np.clip(light[..., None] * tint, 0, 255).astype(np.uint8)
    whole = cv2.resize(field, scene.shape[1::-1])
    mask = np.zeros(scene.shape[:2], np.uint8)
    polygon(mask, outline, 255)
    return np.asarray(cv2.add(scene, whole, mask=mask, dst=scene.copy()), np.uint8)


def _spot(size: tuple[int, int], outline: Points, gloss: float, rng: np.random.Generator) -> Floats:
    """One lamp, round or long, or a window, blurred as the surface is rough."""
    spot = np.zeros(size, np.uint8)
    low, high = outline.min(axis=0), outline.max(axis=0)
    low, high = np.maximum(low, 0), np.minimum(high, size[::-1])
    place = low + (high - low) * rng.random(2)
    reach = float(max(min(high - low), 8))
    axes = reach * rng.uniform(0.02, 0.15, 2)
    turn = rng.normal(0, 0.4)
    corners = 4 if rng.random() < 0.4 else 24
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False) + np.pi / corners
    ring = np.column_stack([np.cos(angles), np.sin(angles)]) * axes
    turned = np.array([(np.cos(turn), np.sin(turn)), (-np.sin(turn), np.cos(turn))])
    polygon(spot, ring @ turned + place, 255)
    soft = reach * rng.uniform(0.01, 0.03 + 0.12 * (1 - gloss))
    blurred = cv2.GaussianBlur(spot, (0, 0), max(soft, 0.5))
    power = rng.uniform(0.05, 0.2 + 1.2 * gloss) * rng.random()
    return np.asarray(blurred * np.float32(power), np.float32)


def _small(scene: Image) -> tuple[int, int]:
    return scene.shape[0] // _COARSE + 1, scene.shape[1] // _COARSE + 1
