"""Liveness by the FasNet of an installed `deepface` (Minivision, Silent-Face-Anti-Spoofing)."""

import threading
from typing import Any

import numpy as np

from visavis.errors import ConfigError, ModelError
from visavis.targets import DEFAULT_TARGET, LiveTarget
from visavis.types import Face, Image, Liveness


class DeepFaceLiveness:
    """Judges one picture by two small networks; neither depth nor movement. Thread-safe.

    DeepFace is no dependency: see `embed/deepface.py`. It answers with the likelier side and that
    side's probability out of three classes, one live and two of attacks. `score` is the live
    one's probability where that is likeliest, else the most that it can be. `threshold`: the
    least score of a live face; at 0.5 the check is at least as strict as DeepFace's own answer.
    """

    def __init__(self, threshold: float = 0.5) -> None:
        try:
            from deepface import DeepFace
        except ModuleNotFoundError as error:
            raise ConfigError(
                "DeepFace's liveness check needs the package deepface, in an environment of its "
                f"own (docs/concepts/models.md); missing: {error.name}"
            ) from error
        try:
            self._fasnet: Any = DeepFace.build_model(model_name="Fasnet", task="spoofing")
        except Exception as error:  # a missing engine and a failed download share no class
            raise ModelError(f"DeepFace cannot load Fasnet: {error}") from error
        self._threshold = threshold
        self._lock = threading.Lock()

    def check(self, image: Image, face: Face, target: LiveTarget = DEFAULT_TARGET) -> Liveness:
        """The judgement on one face of an RGB image. Raises ModelError where DeepFace fails."""
        bgr = np.ascontiguousarray(image[..., ::-1])
        try:
            with self._lock:
                real, sure = self._fasnet.analyze(img=bgr, facial_area=_area(image, face))
        except Exception as error:
            raise ModelError(f"DeepFace's Fasnet failed: {error}") from error
        score = float(sure) if real else min(float(sure), 1 - float(sure))
        return Liveness(score, self._threshold, checks=(("fasnet", score),))


def _area(image: Image, face: Face) -> tuple[int, int, int, int]:
    """The box as x, y, width, height in whole pixels, held inside the picture."""
    last = np.array(image.shape[1::-1]) - 1
    x1, y1 = np.clip(np.rint(face.box[:2]), 0, last).astype(int).tolist()
    x2, y2 = np.clip(np.rint(face.box[2:]), (x1 + 1, y1 + 1), last + 1).astype(int).tolist()
    return x1, y1, x2 - x1, y2 - y1
