"""A camera that is killed and started again three times, watched end to end for minutes.

GStreamer's RTSP server on loopback serves a film in a loop. The people in it, told apart in the
file and enrolled, are to be identified in the stream by a monitor as the service runs it: four in
five of them before the first kill, for the stream is compressed harder than the file, and each of
those again after every kill. At a quarter, a half and three quarters of the time the server is
killed, and started again some seconds later. A frame must have been looked at within the reader's
longest pause and the time that a connection takes (the longest measured here on a server that runs,
and a second). Every event that was told must be in the gallery, in that order, and every sighting
must begin with `entered` and end with `left`. Memory, threads and open files of the process must
not grow from the first part to the last. The figure is the longest recovery in seconds.
`--minutes 30` is the long run.
"""

import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from cameras import Held, People, arguments, film, pipeline_of, served, verdict
from common import isolated

from streams import RtspServer
from visavis.build import build_eyes, build_gallery
from visavis.gallery.sighting import Kind, Sighted
from visavis.pipeline import Pipeline
from visavis.recognizer import Recognizer
from visavis.video.backoff import Backoff
from visavis.video.lookout import Lookout
from visavis.video.monitor import Monitor
from visavis.video.reader import Reader
from visavis.video.rota import Rota
from visavis.video.sightings import Presences, SightingPolicy
from visavis.video.sources import open_source
from visavis.video.watch import Watcher

BACKOFF = Backoff(first=0.5, longest=5.0)
DOWN = 6.0  # seconds: long enough for the pauses to grow
ABSENT = 3.0  # seconds after which somebody has left: less than that, so that all enter anew
SPARE = 1.0  # seconds, for a busy machine
GROWTH = 8.0  # MiB
KNOWN = 0.8  # share of the people of the film


@dataclass(slots=True)
class Part:
    """The time between two kills."""

    recovered: float = 0.0
    frames: int = 0
    seen: set[str] = field(default_factory=set)
    held: list[Held] = field(default_factory=list)


@dataclass(slots=True)
class Run:
    """A monitor at work, and what it told."""

    monitor: Monitor
    recognizer: Recognizer
    told: list[Sighted]

    def part(self, seconds: float) -> Part:
        """Waits until the time is over."""
        before, known = self.monitor.status().frames, len(self.told)
        part, end = Part(), time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(1.0)
            part.held.append(Held.now())
        part.frames = self.monitor.status().frames - before
        named = (e for e in self.told[known:] if e.kind is Kind.IDENTIFIED)
        part.seen = {event.subject for event in named if event.subject is not None}
        return part

    def frame(self) -> float:
        """Seconds until another frame was looked at."""
        begun, before = time.monotonic(), self.monitor.status().frames
        while self.monitor.status().frames == before:
            if time.monotonic() - begun > 120:
                sys.exit(f"no frame in two minutes: {self.monitor.status()}")
            time.sleep(0.01)
        return time.monotonic() - begun


def restart(server: RtspServer, run: Run) -> float:
    """Seconds from when the server listens again to the first frame that was looked at."""
    server.kill()
    time.sleep(DOWN)
    server.start()
    return run.frame()


def connecting(url: str) -> float:
    """The longest of three connections to a server that runs, in seconds."""
    took = []
    for _ in range(3):
        begun = time.monotonic()
        with Reader(open_source(url)) as reader:
            if reader.next(120.0) is None:
                sys.exit(f"no frame in two minutes: {reader.status()}")
        took.append(time.monotonic() - begun)
    return max(took)


@contextmanager
def monitored(url: str, pipeline: Pipeline, people: People) -> Iterator[Run]:
    """A monitor of the stream, on a gallery in which its people are enrolled."""
    with isolated() as settings, build_gallery(settings) as gallery:
        recognizer = Recognizer(pipeline, gallery, policy=settings.policy)
        for number, vectors in enumerate(people.faces):
            some = vectors[:: max(len(vectors) // 5, 1)][:5]
            recognizer.collection.enrol(f"person {number}", some, qualities=[0.5] * len(some))
        told: list[Sighted] = []
        lookout = Lookout(
            Presences("door", SightingPolicy(absence_timeout=ABSENT)),
            keep=recognizer.collection.sightings,
            tell=told.extend,
            note=recognizer.note,
        )
        eyes = build_eyes(pipeline.detector)
        watcher = Watcher(pipeline, eyes, recognizer.decide, settings.policy)
        monitor = Monitor("door", Reader(open_source(url), backoff=BACKOFF), watcher, lookout)
        rota = Rota(1)
        rota.add(monitor)
        try:
            yield Run(monitor, recognizer, told)
        finally:
            rota.remove(monitor)
            rota.close()
            monitor.close()
            lookout.close()
            check(told, recognizer)


def check(told: Sequence[Sighted], recognizer: Recognizer) -> None:
    """Ends the process where an event was lost, doubled or out of order."""
    kept = [event.told for event in recognizer.collection.sightings.events(limit=len(told) + 1)]
    if [(e.sighting, e.kind) for e in kept] != [(e.sighting, e.kind) for e in told]:
        sys.exit(f"{len(told)} events told, {len(kept)} in the gallery: not the same, SHORT")
    ordered = sorted(told, key=lambda e: e.sighting)  # stable: each sighting's in their order
    for sighting, events in groupby(ordered, key=lambda e: e.sighting):
        kinds = [event.kind for event in events]
        if (
            kinds[0] is not Kind.ENTERED
            or kinds[-1] is not Kind.LEFT
            or len(set(kinds)) < len(kinds)
        ):
            sys.exit(f"the sighting {sighting} is {kinds}: SHORT")
    print(f"events told and kept, all in order: {len(told)}")


def main() -> None:
    args = arguments(__doc__, minutes=4.0, height=540)
    pipeline = pipeline_of(args)
    frames, fps = film(args.video, args.height)
    people = People.of(frames, pipeline)
    print(f"{args.video.name}: {len(frames)} frames, {len(people.faces)} people", flush=True)
    if not people.faces:
        sys.exit("expected a film that shows people")
    with (
        tempfile.TemporaryDirectory(prefix="visavis-bench-") as folder,
        served(frames, fps, Path(folder)) as server,
    ):
        connect = connecting(server.url)
        with monitored(server.url, pipeline, people) as run:
            parts = watched(args.minutes * 60 / 4, server, run)
    report(parts, people, connect)


def watched(seconds: float, server: RtspServer, run: Run) -> list[Part]:
    """Four parts, with a restart before each but the first."""
    parts: list[Part] = []
    run.frame()
    for number in range(4):
        recovered = restart(server, run) if number else 0.0
        part = run.part(seconds)
        part.recovered = recovered
        parts.append(part)
        print(f"part {number + 1}: {told_of(part)}; {run.monitor.status()}", flush=True)
    return parts


def told_of(part: Part) -> str:
    held = Held.middle(part.held)
    return (
        f"recovered in {part.recovered:.2f} s, {part.frames} frames looked at, "
        f"{len(part.seen)} people identified, "
        f"{held.memory:.1f} MiB, {held.threads} threads, {held.files} files"
    )


def report(parts: list[Part], people: People, connect: float) -> None:
    """Ends the process with what falls short, or with the figure."""
    first = parts[0].seen
    lost = sum(len(first - part.seen) for part in parts)
    before = Held.middle(parts[0].held[len(parts[0].held) // 2 :])
    after = Held.middle(parts[-1].held[len(parts[-1].held) // 2 :])
    growth = after.memory - before.memory
    least = KNOWN * len(people.faces)
    print(f"people identified before the first kill: {len(first)} (needs >= {least:.1f})")
    print(f"of those not identified in a part after one: {lost} (needs 0)")
    print(f"growth of memory: {growth:.1f} MiB (needs <= {GROWTH:g} MiB)")
    print(f"threads: {before.threads} before, {after.threads} after (needs no more)")
    print(f"open files: {before.files} before, {after.files} after (needs no more)")
    print(f"a connection takes up to {connect:.2f} s, a pause up to {BACKOFF.longest:g} s")
    leaks = after.threads > before.threads or after.files > before.files
    if lost or len(first) < least or growth > GROWTH or leaks:
        sys.exit("people lost, or memory, threads or files grew: SHORT")
    bound = BACKOFF.longest + connect + SPARE
    longest = max(part.recovered for part in parts)
    verdict("longest recovery", longest, round(bound, 2), at_most=True, unit=" s")


main()
