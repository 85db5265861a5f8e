"""Embedders made of others: a face with its mirror image, and several models side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from visavis.errors import ConfigError
from visavis.models.calibration import required, table
from visavis.policy import Calibration
from visavis.protocols import Embedder
from visavis.types import Embedding, Face, Image

_FLIP: Final = "@flip"
_AROUND = 1.5  # longer sides of the face on each side of its middle: more than any crop shows
_MIRRORED = [1, 0, 2, 4, 3]  # what was on the left is on the right


class FlipAverage:
    """The mean of a face's vector and of its mirror image's, scaled to length 1. Thread-safe.

    Its model is `<id>@flip`. `calibration` stands before the packaged table.
    """

    def __init__(self, embedder: Embedder, calibration: Calibration | None = None) -> None:
        self._embedder = embedder
        self._table = calibration or table(self.model)

    @property
    def model(self) -> str:
        return self._embedder.model + _FLIP

    @property
    def dim(self) -> int:
        return self._embedder.dim

    @property
    def calibration(self) -> Calibration:
        """The table of thresholds. Raises ConfigError where none has been measured."""
        return required(self._table, self.model)

    def embed(self, image: Image, faces: Sequence[Face]) -> list[Embedding]:
        """One embedding a face, in order. Raises what the embedder raises."""
        plain = self._embedder.embed(image, faces)
        return [
            Embedding.of(
                one.vector + self._embedder.embed(*mirrored(image, face))[0].vector, self.model
            )
            for one, face in zip(plain, faces, strict=True)
        ]


class Fusion:
    """Vectors of several embedders in one, so that its cosine is the weighted mean of theirs.

    Unit vectors, each times the root of its weight, end to end: score fusion by a weighted sum
    (Ross and Jain, Pattern Recognition Letters 2003). `weights` are scaled to the sum 1; equal
    without them. The model is `<a>+<b>`, with the weights in it where they differ. `calibration`
    as in FlipAverage. Thread-safe.
    """

    def __init__(
        self,
        embedders: Sequence[Embedder],
        weights: Sequence[float] | None = None,
        calibration: Calibration | None = None,
    ) -> None:
        given = np.ones(len(embedders)) if weights is None else np.asarray(weights, np.float64)
        if len(embedders) < 2 or given.shape != (len(embedders),) or not (given > 0).all():
            raise ConfigError(
                f"expected two embedders or more with positive weights, got {len(embedders)} "
                f"with {given.tolist()}"
            )
        self._embedders = tuple(embedders)
        self._weights = given / given.sum()
        self._table = calibration or table(self.model)

    @property
    def model(self) -> str:
        names = [e.model for e in self._embedders]
        if np.ptp(self._weights) > 1e-9:
            names = [f"{w:.4g}*{name}" for w, name in zip(self._weights, names, strict=True)]
        return "+".join(names)

    @property
    def dim(self) -> int:
        return sum(e.dim for e in self._embedders)

    @property
    def calibration(self) -> Calibration:
        """The table of thresholds. Raises ConfigError where none has been measured."""
        return required(self._table, self.model)

    def embed(self, image: Image, faces: Sequence[Face]) -> list[Embedding]:
        """One embedding a face, in order. Raises what the embedders raise."""
        parts = [e.embed(image, faces) for e in self._embedders]
        roots = np.sqrt(self._weights)
        return [
            Embedding.of(
                np.concatenate([r * p.vector for r, p in zip(roots, of_face, strict=True)]),
                self.model,
            )
            for of_face in zip(*parts, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Part:
    """One embedder of a composite: a model's id, and whether it also sees the mirror image."""

    model: str
    flip: bool = False


def parse(name: str) -> tuple[Part, ...]:
    """The parts of a name such as `a@flip+b`. Raises ConfigError for any other grammar."""
    parts = []
    for word in name.split("+"):
        model, at, change = word.partition("@")
        if not model or at + change not in ("", _FLIP):
            raise ConfigError(
                f"expected an embedder such as `a`, `a@flip` or `a@flip+b`, got {name!r}"
            )
        parts.append(Part(model, flip=bool(at)))
    if len(set(parts)) != len(parts):
        raise ConfigError(f"expected each embedder once, got {name!r}")
    return tuple(parts)


def mirrored(image: Image, face: Face) -> tuple[Image, list[Face]]:
    """The face's surroundings in a mirror, and the face there: what a full mirror image shows.

    Only the surroundings are copied, so that the cost does not grow with the photograph.
    """
    points = np.concatenate([face.box.reshape(2, 2), face.landmarks])
    low, high = points.min(axis=0), points.max(axis=0)
    middle, reach = (low + high) / 2, _AROUND * (high - low).max()
    last = np.array(image.shape[1::-1]) - 1
    x1, y1 = np.clip(np.floor(middle - reach), 0, last).astype(int)
    x2, y2 = np.clip(np.ceil(middle + reach), 0, last).astype(int) + 1
    there = np.ascontiguousarray(image[y1:y2, x1:x2][:, ::-1])

    places = (points - (x1, y1)) * (-1, 1) + (x2 - 1 - x1, 0)
    (right, top), (left, bottom) = places[:2]
    marks = places[2:][_MIRRORED]
    return there, [Face(np.array([left, top, right, bottom]), marks, face.score)]
