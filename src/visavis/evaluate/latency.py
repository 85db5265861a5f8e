"""How long each stage takes for one picture, and how many pictures go through in a second."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from visavis.batching import Progress, batch
from visavis.errors import InputError, NoFace, VisavisError
from visavis.pipeline import Pipeline, choose
from visavis.policy import Policy
from visavis.quality import assess

Clock: TypeAlias = Callable[[], float]
STAGES: Final = ("decode", "detect", "quality", "align and embed")
_CENTRAL: Final = Policy(face="central")


@dataclass(frozen=True, slots=True)
class Stage:
    """Milliseconds for one picture on one thread: median, 95th percentile and mean."""

    name: str
    p50: float
    p95: float
    mean: float


@dataclass(frozen=True, slots=True)
class Latency:
    """`stages` one by one, and `whole` from bytes to embedding, over `pictures` with a face.

    `one_core`: pictures a second, one after another on one thread; `all_cores`: on `cores`
    threads at once. `skipped` pictures could not be read or show no face.
    """

    system: str
    stages: tuple[Stage, ...]
    whole: Stage
    pictures: int
    skipped: int
    megapixels: float
    one_core: float
    all_cores: float
    cores: int

    @property
    def per_core(self) -> float:
        """Pictures a second and core when all cores are at work."""
        return self.all_cores / self.cores


def measure(
    pipeline: Pipeline,
    pictures: Sequence[Path],
    *,
    system: str = "",
    warm_up: int = 10,
    clock: Clock = time.perf_counter,
    cores: int | None = None,
    progress: Progress | None = None,
) -> Latency:
    """Times every stage for each picture in turn, so that a slow moment falls on all of them.

    Files are read before the clock starts; the first `warm_up` pictures go through untimed and
    are then timed like the others. One face a picture, the central one. Raises InputError where
    no picture has a face.
    """
    for path in pictures[:warm_up]:
        _attempt(pipeline, path, clock)
    marks, sizes, usable = [], [], []
    for done, path in enumerate(pictures, 1):
        timed = _attempt(pipeline, path, clock)
        if timed is not None:
            marks.append(timed[0])
            sizes.append(timed[1])
            usable.append(path)
        if progress is not None:
            progress(done, len(pictures))
    if not marks:
        raise InputError(f"expected pictures with a face, found none in {len(pictures)}")
    spans = 1000 * np.array([[b - a for a, b in pairwise(row)] for row in marks])
    whole = _stage("whole", spans.sum(axis=1))
    cores = cores or os.cpu_count() or 1
    return Latency(
        system,
        tuple(_stage(name, spans[:, i]) for i, name in enumerate(STAGES)),
        whole,
        pictures=len(marks),
        skipped=len(pictures) - len(marks),
        megapixels=float(np.mean(sizes)) / 1e6,
        one_core=1000 / whole.mean,
        all_cores=_throughput(pipeline, usable, cores, clock),
        cores=cores,
    )


def _attempt(pipeline: Pipeline, path: Path, clock: Clock) -> tuple[list[float], int] | None:
    """The clock before and after each stage, and the picture's pixels; None without a face."""
    try:
        return _timed(pipeline, path.read_bytes(), clock)
    except VisavisError:
        return None


def _timed(pipeline: Pipeline, data: bytes, clock: Clock) -> tuple[list[float], int]:
    marks = [clock()]
    image = pipeline.decode(data)
    marks.append(clock())
    faces = pipeline.detector.detect(image)
    marks.append(clock())
    if not faces:
        raise NoFace("expected a face, found none")
    face = choose(faces, _CENTRAL, image)
    assess(image, face)
    marks.append(clock())
    pipeline.embedder.embed(image, [face])
    marks.append(clock())
    return marks, image.shape[0] * image.shape[1]


def _throughput(pipeline: Pipeline, pictures: Sequence[Path], cores: int, clock: Clock) -> float:
    data = [path.read_bytes() for path in pictures]
    start = clock()
    for _ in batch(lambda item: _timed(pipeline, item, lambda: 0.0), data, cores):
        pass
    return len(pictures) / (clock() - start)


def _stage(name: str, spans: NDArray[np.float64]) -> Stage:
    p50, p95 = np.percentile(spans, [50, 95])
    return Stage(name, float(p50), float(p95), float(spans.mean()))
