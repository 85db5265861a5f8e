"""One face seen several times: what the checks over time are given."""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from visavis.errors import InputError
from visavis.quality import pose
from visavis.types import Embedding, Face, Image, Quality


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """A face at one moment: `at` seconds since any start, the same for a whole track.

    `face` is in pixels of `image`, the whole frame or a crop of it; without one, only checks that
    need no pixels can say anything. `quality` and `embedding` are what others made of the face.
    Raises InputError for a time that is not finite and an image that is no (H, W, 3) uint8.
    """

    at: float
    face: Face
    image: Image | None = None
    embedding: Embedding | None = None
    quality: Quality | None = None

    def __post_init__(self) -> None:
        if not math.isfinite(self.at):
            raise InputError(f"expected a time in seconds, got {self.at}")
        image = self.image
        if image is not None and (image.shape[2:] != (3,) or image.dtype != np.uint8):
            raise InputError(
                f"expected an image (H, W, 3) of uint8, got {image.shape} of {image.dtype}"
            )

    @property
    def pose(self) -> tuple[float, float, float]:
        """Yaw, pitch and roll in degrees, signed as in `Quality`: measured, else by landmarks."""
        if self.quality is not None:
            return self.quality.yaw, self.quality.pitch, self.quality.roll
        return pose(self.face.landmarks)


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """Observations of one face, in order of time.

    Who joins them answers for its being one face. Raises InputError where there is none, where
    time does not rise, or where embeddings are of several models.
    """

    observations: tuple[Observation, ...]

    def __post_init__(self) -> None:
        times = [o.at for o in self.observations]
        if not times:
            raise InputError("expected a track of one observation or more, got none")
        if any(after <= before for before, after in pairwise(times)):
            raise InputError(f"expected rising times, got {times}")
        models = {o.embedding.model for o in self.observations if o.embedding is not None}
        if len(models) > 1:
            raise InputError(f"expected embeddings of one model, got {sorted(models)}")

    def __len__(self) -> int:
        return len(self.observations)

    @property
    def seconds(self) -> float:
        """The time from the first observation to the last."""
        return self.observations[-1].at - self.observations[0].at
