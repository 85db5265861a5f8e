"""Fakes for scripted streams: people are colours that no wall has, found and told apart by them."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from visavis.datasets.records import Dataset, Picture
from visavis.image import save
from visavis.pipeline import Pipeline
from visavis.policy import Policy, QualityLimits
from visavis.protocols import LivenessCheck
from visavis.testing import CALIBRATION
from visavis.types import Embedding, Face, Image
from visavis.video.watch import Eyes

COLOURS = {
    "ada": (250, 10, 10),
    "ben": (10, 250, 10),
    "cleo": (10, 10, 250),
    "dan": (250, 250, 10),
    "eve": (10, 250, 250),
    "fay": (250, 10, 250),
    "gus": (250, 130, 10),
}
LENIENT = Policy(limits=QualityLimits(min_sharpness=0, min_contrast=0, max_brightness=1))
"""Flat patches are no good photos."""
_HEAD = 1.44  # times as wide as its face


def photo(person: str, seed: int = 0) -> Image:
    """A photo that is all face."""
    grain = np.random.default_rng(seed).integers(-4, 5, (96, 96, 3))
    return np.asarray(np.clip(np.array(COLOURS[person]) + grain, 0, 255), np.uint8)


class VividDetector:
    """Finds patches of vivid colour."""

    def detect(self, image: Image) -> list[Face]:
        vivid = (image.max(axis=2).astype(int) - image.min(axis=2) > 180).astype(np.uint8)
        closed = cv2.morphologyEx(vivid, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
        _, _, found, _ = cv2.connectedComponentsWithStats(closed)
        return [_face(*row[:4].tolist()) for row in found[1:] if row[4] > 900]


class VividEmbedder:
    """A direction for each colour."""

    model, dim, calibration = "vivid-1", 256, CALIBRATION

    def embed(self, image: Image, faces: Sequence[Face]) -> list[Embedding]:
        return [self._vector(image, face) for face in faces]

    def _vector(self, image: Image, face: Face) -> Embedding:
        x, y = face.box.reshape(2, 2).mean(axis=0).astype(int)
        colour = np.median(image[y - 6 : y + 7, x - 6 : x + 7].reshape(-1, 3), axis=0)
        steps = np.rint(colour / 64).astype(int).tolist()
        return Embedding.of(np.random.default_rng(steps).standard_normal(self.dim), self.model)


def vivid_pipeline(check: LivenessCheck | None = None) -> tuple[Pipeline, Eyes]:
    """A pipeline of these fakes, and its eyes."""
    detector = VividDetector()
    return Pipeline(detector, VividEmbedder(), check), Eyes(detector, lambda _, face: face)


def vivid_set(folder: Path, people: Sequence[str] = tuple(COLOURS), each: int = 3) -> Dataset:
    """Photos of people, `each` of every one."""
    pictures = []
    for person in people:
        for seed in range(each):
            path = folder / f"{person}{seed}.png"
            save(photo(person, seed), path)
            pictures.append(Picture(path, path.name, person))
    return Dataset("vivid", folder, tuple(pictures))


def _face(left: int, top: int, width: int, height: int) -> Face:
    middle = np.array([left + width / 2, top + height / 2])
    half = np.array([width, height]) / _HEAD / 2
    box = np.concatenate([middle - half, middle + half])
    places = np.array([(-0.2, -0.15), (0.2, -0.15), (0, 0.05), (-0.15, 0.25), (0.15, 0.25)])
    marks = middle + places * 2 * half
    return Face(box.astype(np.float32), marks.astype(np.float32), 0.95)
