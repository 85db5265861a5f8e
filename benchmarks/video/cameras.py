"""What the benchmarks of cameras share: a film served by RTSP on loopback, the people in it, and
what a process holds.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "tests")]
from common import verdict as verdict  # noqa: E402

from streams import RtspServer, access_units, has_rtsp_server  # noqa: E402
from visavis.build import build_pipeline  # noqa: E402
from visavis.pipeline import Pipeline  # noqa: E402
from visavis.policy import Policy  # noqa: E402
from visavis.settings import Settings  # noqa: E402
from visavis.types import Embedding, Image  # noqa: E402
from visavis.video.sources import open_source  # noqa: E402

SEEN = 0.2  # share of a film's frames that a person must be found in to be one of its people
SURE = 1e-4  # the false-match rate by which people are told apart


def arguments(about: str | None, **extra: float) -> argparse.Namespace:
    """`--video`, `--height` and what is named; ends the process without a film or a server."""
    parser = argparse.ArgumentParser(
        description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    data = os.environ.get("VISAVIS_TEST_DATA")
    film = Path(data) / "video" / "people.mp4" if data else None
    parser.add_argument("--video", type=Path, default=film)
    parser.add_argument("--runtime", default=Settings.load().runtime)
    for name, default in extra.items():
        parser.add_argument(f"--{name}", type=type(default), default=default)
    found = parser.parse_args()
    if not found.video or not found.video.is_file():
        sys.exit("expected a film: give --video FILE or set VISAVIS_TEST_DATA to a folder of data")
    if not has_rtsp_server():
        sys.exit("expected GStreamer's RTSP server for /usr/bin/python3 (see .ci/run)")
    return found


def film(path: Path, height: int) -> tuple[list[Image], int]:
    """All frames at that height (width even), and how many there are a second."""
    frames, times = [], []
    for frame in open_source(str(path)).frames():
        tall, wide = frame.image.shape[:2]
        size = round(wide * height / tall / 2) * 2, height
        frames.append(np.asarray(cv2.resize(frame.image, size, interpolation=cv2.INTER_AREA)))
        times.append(frame.at)
    return frames, round((len(times) - 1) / (times[-1] - times[0]))


@contextmanager
def served(frames: list[Image], fps: int, folder: Path) -> Iterator[RtspServer]:
    """The frames as an RTSP stream in a loop."""
    server = RtspServer(access_units(folder / "film.h264", frames, fps), fps=fps).start()
    try:
        yield server
    finally:
        server.close()


def pipeline_of(args: argparse.Namespace) -> Pipeline:
    """One thread, as where many cameras share the machine."""
    return build_pipeline(Settings.load(runtime=args.runtime, threads=1))


@dataclass(frozen=True, slots=True)
class People:
    """Those that a film shows: for each, one embedding a frame in which they were found."""

    faces: tuple[tuple[Embedding, ...], ...]
    threshold: float

    @classmethod
    def of(cls, frames: list[Image], pipeline: Pipeline) -> "People":
        """Told apart by their embeddings alone; faces too poor to be named are left out."""
        policy = Policy(fmr=SURE)
        threshold = policy.verification(pipeline.embedder.calibration).score
        found: list[list[Embedding]] = []
        for image in frames:
            samples = pipeline.samples(image, policy)
            for embedding in [s.embedding for s in samples if not policy.limits.reasons(s.quality)]:
                near = max(found, key=lambda p: _best(p, embedding), default=None)
                if near is not None and _best(near, embedding) >= threshold:
                    near.append(embedding)
                else:
                    found.append([embedding])
        kept = tuple(tuple(p) for p in found if len(p) >= SEEN * len(frames))
        return cls(kept, threshold)

    def who(self, embedding: Embedding) -> int | None:
        """The number of the person, or None."""
        scores = [_best(person, embedding) for person in self.faces]
        best = int(np.argmax(scores))
        return best if scores[best] >= self.threshold else None


def embedded(pipeline: Pipeline, image: Image) -> list[Embedding]:
    """An embedding of every face in a picture."""
    return pipeline.embedder.embed(image, pipeline.detector.detect(image))


def _best(person: list[Embedding] | tuple[Embedding, ...], embedding: Embedding) -> float:
    return max(known.similarity(embedding) for known in person[:: max(len(person) // 16, 1)])


@dataclass(frozen=True, slots=True)
class Held:
    """What this process holds: resident memory in MiB, threads, open files."""

    memory: float
    threads: int
    files: int

    @classmethod
    def now(cls) -> "Held":
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        memory = pages * os.sysconf("SC_PAGE_SIZE") / 2**20
        return cls(memory, len(os.listdir("/proc/self/task")), len(os.listdir("/proc/self/fd")))

    @classmethod
    def middle(cls, found: list["Held"]) -> "Held":
        """The median of each."""
        columns = zip(*((h.memory, h.threads, h.files) for h in found), strict=True)
        memory, threads, files = (float(np.median(column)) for column in columns)
        return cls(memory, round(threads), round(files))
