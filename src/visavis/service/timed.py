"""The steps of a pipeline, timed: wrappers that pass everything through."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

import numpy as np

from visavis.image import ImageLimits
from visavis.pipeline import Pipeline
from visavis.policy import Calibration
from visavis.protocols import Detector, Embedder, LivenessCheck
from visavis.service.metrics import Metrics, Stage
from visavis.targets import DEFAULT_TARGET, LiveTarget
from visavis.types import Embedding, Face, Image, ImageLike, Liveness


class Stages(Protocol):
    """Where times go: `Metrics`, or a `Stopwatch` before it. Thread-safe."""

    def stage(self, name: Stage) -> AbstractContextManager[None]:
        """Times the block, whether or not it raises."""
        ...


class Stopwatch:
    """Times stages into metrics, and tells them to who collects on the same thread. Thread-safe."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._local = threading.local()

    @contextmanager
    def stage(self, name: Stage) -> Iterator[None]:
        """Times the block as a stage, whether or not it raises."""
        start = time.perf_counter()
        try:
            yield
        finally:
            seconds = time.perf_counter() - start
            self._metrics.observe_stage(name, seconds)
            stages: dict[str, float] = getattr(self._local, "stages", {})
            stages[name] = stages.get(name, 0.0) + seconds

    @contextmanager
    def collect(self) -> Iterator[dict[str, float]]:
        """Seconds by stage of what this thread does within the block, summed over calls; filled
        as they end. What an inner `collect` takes, an outer one does not get.
        """
        before: dict[str, float] = getattr(self._local, "stages", {})
        self._local.stages = stages = dict[str, float]()
        try:
            yield stages
        finally:
            self._local.stages = before


class TimedDetector:
    """A detector whose calls are the stage `detect`."""

    def __init__(self, inner: Detector, stages: Stages) -> None:
        self._inner = inner
        self._stages = stages

    def detect(self, image: Image) -> list[Face]:
        with self._stages.stage("detect"):
            return self._inner.detect(image)


class TimedEmbedder:
    """An embedder whose calls are the stage `embed`, however many faces; without faces none."""

    def __init__(self, inner: Embedder, stages: Stages) -> None:
        self._inner = inner
        self._stages = stages

    @property
    def model(self) -> str:
        return self._inner.model

    @property
    def dim(self) -> int:
        return self._inner.dim

    @property
    def calibration(self) -> Calibration:
        return self._inner.calibration

    def embed(self, image: Image, faces: Sequence[Face]) -> list[Embedding]:
        if not faces:
            return self._inner.embed(image, faces)
        with self._stages.stage("embed"):
            return self._inner.embed(image, faces)


class TimedLiveness:
    """A liveness check whose calls, one a face, are the stage `liveness`."""

    def __init__(self, inner: LivenessCheck, stages: Stages) -> None:
        self.inner = inner
        self._stages = stages

    def check(self, image: Image, face: Face, target: LiveTarget = DEFAULT_TARGET) -> Liveness:
        with self._stages.stage("liveness"):
            return self.inner.check(image, face, target)


def timed(pipeline: Pipeline, stages: Stages, limits: ImageLimits) -> Pipeline:
    """The same pipeline, each of its steps timed; `limits` are those it was made with."""
    return _TimedPipeline(pipeline, stages, limits)


class _TimedPipeline(Pipeline):
    def __init__(self, inner: Pipeline, stages: Stages, limits: ImageLimits) -> None:
        super().__init__(
            TimedDetector(inner.detector, stages),
            TimedEmbedder(inner.embedder, stages),
            None if inner.liveness is None else TimedLiveness(inner.liveness, stages),
            limits,
        )
        self._stages = stages

    def decode(self, source: ImageLike) -> Image:
        """As Pipeline's; the stage `decode`, but for an array, which is a picture already."""
        if isinstance(source, np.ndarray):
            return super().decode(source)
        with self._stages.stage("decode"):
            return super().decode(source)
