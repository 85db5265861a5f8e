"""How old a frame is when it has been looked at, with a camera faster than the machine.

GStreamer's RTSP server on loopback serves a film at `--fps` frames a second, each of which is
decoded, its faces detected and embedded on one thread. The age of a frame, when that is done, is
counted from when it was read, and also from when the stream's own clock says that it was made
(against the earliest frame of the run, so that a queue anywhere on the way shows). The figure is
the 95th percentile of the age less the frame's own processing time, in frame intervals. It also
prints what a loop that reads every frame does in the same time.
"""

import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import numpy as np
from cameras import arguments, embedded, film, pipeline_of, served, verdict

from visavis.pipeline import Pipeline
from visavis.video.frames import Frame
from visavis.video.reader import Reader
from visavis.video.sources import open_source

INTERVALS = 2.0


@dataclass(frozen=True, slots=True)
class Looked:
    """One frame that was looked at; seconds by `time.monotonic()`, `at` by the stream's clock."""

    at: float
    arrived: float
    begun: float
    done: float

    @property
    def took(self) -> float:
        return self.done - self.begun


def look(frames: Iterable[Frame], pipeline: Pipeline, seconds: float) -> list[Looked]:
    """Looks at frames as they are given until the time is over."""
    end, found = time.monotonic() + seconds, []
    for frame in takewhile(lambda _: time.monotonic() < end, frames):
        begun = time.monotonic()
        embedded(pipeline, frame.image)
        found.append(Looked(frame.at, frame.arrived, begun, time.monotonic()))
    return found


def ages(found: list[Looked]) -> np.ndarray:
    """The age of each when it was done, in seconds: by its arrival or its clock, what is more."""
    by_clock = np.array([look.done - look.at for look in found])
    soonest = min(look.arrived - look.at for look in found)
    return np.maximum(by_clock - soonest, [look.done - look.arrived for look in found])


def told(name: str, found: list[Looked]) -> None:
    age, took = ages(found), np.array([look.took for look in found])
    print(
        f"{name}: {len(found)} frames, processing {np.median(took) * 1e3:.0f} ms, age p50 "
        f"{np.median(age) * 1e3:.0f} ms, p95 {np.percentile(age, 95) * 1e3:.0f} ms, "
        f"of the last {age[-1] * 1e3:.0f} ms",
        flush=True,
    )


def main() -> None:
    args = arguments(__doc__, seconds=40.0, fps=25, height=720)
    pipeline = pipeline_of(args)
    frames, _ = film(args.video, args.height)
    with (
        tempfile.TemporaryDirectory(prefix="visavis-bench-") as folder,
        served(frames, args.fps, Path(folder)) as server,
    ):
        with Reader(open_source(server.url)) as reader:
            found = look(reader, pipeline, args.seconds)
            dropped = reader.status().dropped
        told("newest frame", found)
        source = open_source(server.url)
        told("every frame", look(source.frames(), pipeline, args.seconds / 2))
    if dropped < len(found) / 2:
        sys.exit(f"expected a camera faster than the machine, got {dropped} dropped: raise --fps")
    beyond = ages(found) - [look.took for look in found]
    figure = float(np.percentile(beyond, 95)) * args.fps
    verdict("age beyond processing, p95", figure, INTERVALS, at_most=True, unit=" frame intervals")


main()
