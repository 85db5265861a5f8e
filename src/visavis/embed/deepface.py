"""Embedding by the models of an installed `deepface` (Serengil and Ozpinar, 2020)."""

import math
import threading
from collections.abc import Sequence
from typing import Any, Final

import cv2
import numpy as np

from visavis.errors import ConfigError, ModelError
from visavis.image import align, warp
from visavis.models.calibration import required
from visavis.policy import Calibration
from visavis.types import Embedding, Face, Floats, Image

_BY_FIVE_POINTS: Final = frozenset({"ArcFace", "Buffalo_L", "GhostFaceNet", "SFace"})
"""Models trained on crops cut by ARCFACE's five points; the others see the box, eyes level."""


class DeepFaceEmbedder:
    """Embeds faces by one of DeepFace's models, cut by our own detector. Thread-safe.

    `name` is DeepFace's, such as "Facenet512"; the model is `deepface:<name>`. The package is not
    a dependency: it brings TensorFlow and an OpenCV of its own, so it needs an environment of its
    own. Weights are its business, with licences of their own: no card describes them, and it
    downloads those that are not in its folder. One face at a time, as not all its models can be
    shared by threads.
    """

    def __init__(self, name: str, calibration: Calibration | None = None) -> None:
        try:
            from deepface import DeepFace
        except ModuleNotFoundError as error:
            raise ConfigError(
                f"the embedder deepface:{name} needs the package deepface, in an environment of "
                f"its own (docs/concepts/models.md); missing: {error.name}"
            ) from error
        try:
            client: Any = DeepFace.build_model(task="facial_recognition", model_name=name)
        except Exception as error:  # unknown names and failed downloads share no class
            raise ModelError(f"DeepFace cannot load {name!r}: {error}") from error
        self._deepface: Any = DeepFace
        self._name = name
        self._size = int(client.input_shape[0])
        self._dim = int(client.output_shape)
        self._table = calibration
        self._lock = threading.Lock()

    @property
    def model(self) -> str:
        return f"deepface:{self._name}"

    @property
    def dim(self) -> int:
        return self._dim

    @property
    def calibration(self) -> Calibration:
        """The table given. Raises ConfigError without one: none is known for DeepFace's models."""
        return required(self._table, self.model)

    def embed(self, image: Image, faces: Sequence[Face]) -> list[Embedding]:
        """One embedding a face, in order. Raises ModelError where DeepFace fails."""
        return [Embedding.of(self._raw(self._crop(image, face)), self.model) for face in faces]

    def _crop(self, image: Image, face: Face) -> Image:
        if self._name in _BY_FIVE_POINTS:
            return align(image, face.landmarks, self._size)
        return level(image, face, self._size)

    def _raw(self, crop: Image) -> Floats:
        bgr = np.ascontiguousarray(crop[..., ::-1])
        try:
            with self._lock:
                found = self._deepface.represent(
                    bgr,
                    model_name=self._name,
                    detector_backend="skip",
                    enforce_detection=False,
                    align=False,
                )
        except Exception as error:
            raise ModelError(f"{self.model} failed: {error}") from error
        raw = np.asarray(found[0]["embedding"], np.float32)
        if raw.shape != (self._dim,):
            raise ModelError(f"{self.model}: expected {self._dim} numbers, got {raw.shape}")
        return raw


def level(image: Image, face: Face, size: int) -> Image:
    """The (size, size, 3) square about the box, as wide as its longer side, with level eyes."""
    middle = face.box.reshape(2, 2).mean(axis=0)
    across, down = face.landmarks[1] - face.landmarks[0]
    turn = math.degrees(math.atan2(down, across))
    scale = size / max(face.width, face.height)
    matrix = cv2.getRotationMatrix2D((float(middle[0]), float(middle[1])), turn, scale)
    matrix[:, 2] += size / 2 - middle
    return warp(image, matrix, size, around=middle)
