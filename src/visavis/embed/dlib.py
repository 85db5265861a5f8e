"""Embedding by dlib's ResNet (Davis King, 2017; extra `dlib`)."""

import math
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from visavis.embed.carded import Carded
from visavis.errors import InputError, ModelError
from visavis.extras import needs
from visavis.models.catalogue import ModelCard
from visavis.policy import Calibration
from visavis.types import Embedding, Face, Floats, Image

_SIDE = 2.275  # of dlib's own detector's box, in sizes of a face: the mean over 250 of LFW


class DlibEmbedder(Carded):
    """Embeds faces by dlib's network, cut by dlib's own five points. Thread-safe.

    `network` and `predictor`: the files of `card` and of the 5-point shape predictor. The
    detector's landmarks say where the predictor looks; its points cut the crop, as in training.
    One face at a time: dlib's networks hold state, and a call keeps Python's interpreter lock, so
    that threads gain nothing. dlib itself compares raw vectors by distance; here they are scaled
    to length 1, like all others.
    """

    def __init__(
        self,
        network: Path,
        predictor: Path,
        card: ModelCard,
        calibration: Calibration | None = None,
    ) -> None:
        super().__init__(card, calibration)
        with needs("dlib", f"the embedder {card.id}"):
            import dlib
        try:
            self._network: Any = dlib.face_recognition_model_v1(str(network))
            self._predictor: Any = dlib.shape_predictor(str(predictor))
        except RuntimeError as error:
            raise ModelError(f"dlib cannot load {card.id}: {error}") from error
        self._dlib: Any = dlib
        self._lock = threading.Lock()

    def embed(self, image: Image, faces: Sequence[Face]) -> list[Embedding]:
        """One embedding a face, in order, from the full-resolution RGB image.

        Raises InputError for landmarks that are no face's.
        """
        return [Embedding.of(self._raw(image, face), self.model) for face in faces]

    def _raw(self, image: Image, face: Face) -> Floats:
        corners = square(face.landmarks)
        with self._lock:
            points = self._predictor(image, self._dlib.rectangle(*corners))
            crop = self._dlib.get_face_chip(image, points, self._size)
            raw = np.array(self._network.compute_face_descriptor(crop), np.float32)
        if raw.shape != (self._dim,):
            raise ModelError(f"{self.model}: expected {self._dim} numbers, got {raw.shape}")
        return raw


def square(landmarks: Floats) -> tuple[int, int, int, int]:
    """Where dlib's detector would have seen the face: left, top, right, bottom.

    About the landmarks' middle, its side in proportion to the face, whichever of the eyes'
    distance and the height from eyes to mouth is more. Raises InputError where both are nothing.
    """
    left_eye, right_eye, _, left_mouth, right_mouth = landmarks.astype(np.float64)
    height = (left_mouth + right_mouth - left_eye - right_eye) / 2
    size = max(math.hypot(*height), math.hypot(*(right_eye - left_eye)))
    if size < 1:
        raise InputError(f"expected landmarks of a face, got {landmarks.tolist()}")
    middle, half = landmarks.mean(axis=0, dtype=np.float64), size * _SIDE / 2
    x1, y1, x2, y2 = np.rint([*(middle - half), *(middle + half)]).astype(int).tolist()
    return x1, y1, x2, y2
