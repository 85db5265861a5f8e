"""Fakes for tests of code that uses Visavis: no weights, no models, deterministic.

`fake_photo("ada", "ben")` draws one textured square a person; FakeDetector finds the squares and
FakeEmbedder knows people by their colour.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from visavis.liveness.look import Look
from visavis.policy import Calibration
from visavis.targets import DEFAULT_TARGET, LiveTarget
from visavis.types import Embedding, Face, Image, Liveness

CALIBRATION = Calibration(((1e-1, 0.2), (1e-4, 0.4), (1e-6, 0.5)), "synthetic", 10_000_000)
Mask = NDArray[np.bool_]
_PALETTE = 12  # colour steps a channel, far enough apart to survive noise
_STEP = 16


def fake_photo(*people: str, size: int = 96, noise: int = 0, seed: int = 0) -> Image:
    """A photo of `people` side by side, (size, n * size, 3) RGB; black where there is nobody."""
    image = np.zeros((size, max(len(people), 1) * size, 3), dtype=np.uint8)
    rng = np.random.default_rng(seed)
    inner = size // 2
    tiles = np.indices((inner, inner)) * 4 // inner
    texture = np.where(tiles.sum(axis=0) % 2, 10, -10)[..., None]
    for place, person in enumerate(people):
        grain = rng.integers(-noise, noise + 1, (inner, inner, 3)) if noise else 0
        block = np.clip(_colour(person) + texture + grain, 1, 255)
        left = place * size + size // 4
        image[size // 4 : size // 4 + inner, left : left + inner] = block
    return image


class FakeDetector:
    """Finds the squares of `fake_photo`, left to right."""

    def detect(self, image: Image) -> list[Face]:
        lit: Mask = np.any(image, axis=2)
        edges = np.diff(lit.any(axis=0).astype(np.int8), prepend=0, append=0)
        spans = zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True)
        return [_face(lit, int(x1), int(x2)) for x1, x2 in spans]


class FakeEmbedder:
    """Gives everybody a fixed random direction by colour; noise in the photo moves it a little."""

    def __init__(self, dim: int = 32, model: str = "fake-1", spread: float = 0.05) -> None:
        self.dim = dim
        self.model = model
        self.calibration = CALIBRATION
        self._spread = spread

    def embed(self, image: Image, faces: Sequence[Face]) -> list[Embedding]:
        return [self._vector(_inside(image, face)) for face in faces]

    def _vector(self, pixels: Image) -> Embedding:
        steps = np.rint(pixels.reshape(-1, 3).mean(axis=0) / _STEP).astype(int)
        centre = np.random.default_rng(steps.tolist()).standard_normal(self.dim)
        own = np.random.default_rng(_number(pixels.tobytes())).standard_normal(self.dim)
        return Embedding.of(centre + self._spread * own, self.model)


class FakeLiveness:
    """Says of every face what it was told to say; a target's own threshold comes first."""

    def __init__(
        self,
        score: float | None = 1.0,
        threshold: float = 0.5,
        species: str | None = None,
        reasons: tuple[str, ...] = (),
    ) -> None:
        self.answer = Liveness(score, threshold, species, reasons)

    def check(self, image: Image, face: Face, target: LiveTarget = DEFAULT_TARGET) -> Liveness:
        if target.threshold is None:
            return self.answer
        return replace(self.answer, threshold=target.threshold)


class FakeLooker:
    """Gives every face the same logit; a brighter one a higher logit, by `slope` times the mean
    grey value of the face, 0..1. With `face_alone` it judges by the face alone.
    """

    def __init__(
        self,
        name: str = "fake-look",
        logit: float | None = 0.0,
        species: str | None = None,
        reasons: tuple[str, ...] = (),
        slope: float = 0.0,
        face_alone: bool = False,
    ) -> None:
        self.name = name
        self.face_alone = face_alone
        self._look = Look(logit, species, reasons, face_alone)
        self._slope = slope

    def look(self, image: Image, face: Face) -> Look:
        if self._look.logit is None:
            return self._look
        grey = float(_inside(image, face).mean()) / 255
        return replace(self._look, logit=self._look.logit + self._slope * grey)


def _number(data: bytes) -> int:
    return int.from_bytes(hashlib.sha256(data).digest()[:8], "big")


def _colour(person: str) -> NDArray[np.int64]:
    """A colour in the middle of a palette cell, never near black or white."""
    rng = np.random.default_rng(_number(person.encode()))
    return (rng.integers(0, _PALETTE, 3) + 2) * _STEP


def _face(lit: Mask, x1: int, x2: int) -> Face:
    rows = np.flatnonzero(lit[:, x1:x2].any(axis=1))
    y1, y2 = int(rows[0]), int(rows[-1]) + 1
    places = np.array([(0.3, 0.35), (0.7, 0.35), (0.5, 0.55), (0.35, 0.75), (0.65, 0.75)])
    landmarks = (x1, y1) + places * (x2 - x1, y2 - y1)
    box = np.array([x1, y1, x2, y2], dtype=np.float32)
    return Face(box, landmarks.astype(np.float32), 1.0)


def _inside(image: Image, face: Face) -> Image:
    x1, y1, x2, y2 = face.box.astype(int)
    return image[y1:y2, x1:x2]
