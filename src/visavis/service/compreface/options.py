"""What a request asks for in its query, and how far the service goes along with it."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Annotated, Final, TypeAlias

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from visavis.pipeline import Pipeline
from visavis.protocols import Detector
from visavis.recognizer import Recognizer
from visavis.service.metrics import Stage
from visavis.service.timed import TimedDetector, TimedEmbedder
from visavis.types import Face, Image

MOST_PREDICTIONS: Final = 1000


class Options(BaseModel):
    """The parameters that all routes with pictures take; others are ignored, as CompreFace does."""

    model_config = ConfigDict(frozen=True)

    limit: int = Field(default=0, ge=0, description="so many faces, the largest first; 0 for all")
    det_prob_threshold: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="the least score of the detector, on top of its own limit",
    )
    face_plugins: str = Field(
        default="", max_length=200, description="calculator, landmarks and pose, by commas"
    )
    status: bool = Field(default=False, description="whether times and models are told")

    def wants(self, plugin: str) -> bool:
        """Whether a face plugin was asked for."""
        return plugin in {name.strip() for name in self.face_plugins.split(",")}


class Predictions(Options):
    """And how many subjects are named of each face."""

    prediction_count: int = Field(default=1, ge=1, le=MOST_PREDICTIONS)


Asked: TypeAlias = Annotated[Options, Query()]
AskedPredictions: TypeAlias = Annotated[Predictions, Query()]


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds that the steps of one request took, summed over its pictures."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: Stage) -> Iterator[None]:
        """Times the block, whether or not it raises."""
        start = perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + perf_counter() - start


class ChosenFaces:
    """A detector that passes on the faces that a request wants. Thread-safe."""

    def __init__(self, inner: Detector, options: Options) -> None:
        self._inner = inner
        self._options = options

    def detect(self, image: Image) -> list[Face]:
        """The faces of a high enough score, largest first, as many as are wanted."""
        sure = [
            face
            for face in self._inner.detect(image)
            if face.score >= self._options.det_prob_threshold
        ]
        sure.sort(key=lambda face: face.area, reverse=True)
        return sure[: self._options.limit or None]


def choosing(pipeline: Pipeline, options: Options, times: Times) -> Pipeline:
    """The same pipeline for one request: it sees the faces that are wanted, and is timed."""
    twin = copy.copy(pipeline)
    twin.detector = ChosenFaces(TimedDetector(pipeline.detector, times), options)
    twin.embedder = TimedEmbedder(pipeline.embedder, times)
    return twin


def recognizer_for(recognizer: Recognizer, pipeline: Pipeline) -> Recognizer:
    """The same recognizer on another pipeline; collection and locks are shared."""
    twin = copy.copy(recognizer)
    twin.pipeline = pipeline
    return twin
