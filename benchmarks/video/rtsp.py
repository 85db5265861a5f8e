"""A camera that is killed and started again three times, recognised end to end for minutes.

GStreamer's RTSP server on loopback serves a film in a loop; the people in it, found in the file,
are to be recognised in the stream: four in five of them before the first kill, for the stream is
compressed harder than the file, and each of those after every kill. At a quarter, a half and three
quarters of the time the server is killed, and started again some seconds later. The reader must
have a frame again within its longest pause and the time that a connection takes (the longest
measured here on a server that runs, and a second), and memory, threads and open files of the
process must not grow from the first part to the last. The figure is the longest recovery in
seconds. `--minutes 30` is the long run.
"""

import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from cameras import Held, People, arguments, embedded, film, pipeline_of, served, verdict

from streams import RtspServer
from visavis.pipeline import Pipeline
from visavis.video.backoff import Backoff
from visavis.video.reader import Reader
from visavis.video.sources import open_source

BACKOFF = Backoff(first=0.5, longest=5.0)
DOWN = 6.0  # seconds: long enough for the pauses to grow
SPARE = 1.0  # seconds, for a busy machine
GROWTH = 8.0  # MiB
KNOWN = 0.8  # share of the people of the film


@dataclass(slots=True)
class Part:
    """The time between two kills."""

    recovered: float = 0.0
    frames: int = 0
    seen: dict[int, int] = field(default_factory=dict)
    held: list[Held] = field(default_factory=list)


def watch(reader: Reader, pipeline: Pipeline, people: People, seconds: float) -> Part:
    """Looks at the newest frames until the time is over."""
    part, end, noted = Part(), time.monotonic() + seconds, 0.0
    while time.monotonic() < end:
        frame = reader.next(1.0)
        if frame is None:
            continue
        part.frames += 1
        for embedding in embedded(pipeline, frame.image):
            person = people.who(embedding)
            if person is not None:
                part.seen[person] = part.seen.get(person, 0) + 1
        if time.monotonic() - noted > 1.0:
            noted = time.monotonic()
            part.held.append(Held.now())
    return part


def restart(server: RtspServer, reader: Reader) -> float:
    """Seconds from when the server listens again to the first new frame."""
    server.kill()
    end = time.monotonic() + DOWN
    while time.monotonic() < end:
        reader.next(0.2)
    server.start()
    return first_frame(reader)


def first_frame(reader: Reader) -> float:
    begun = time.monotonic()
    if reader.next(120.0) is None:
        sys.exit(f"no frame in two minutes: {reader.status()}")
    return time.monotonic() - begun


def connecting(url: str) -> float:
    """The longest of three connections to a server that runs, in seconds."""
    took = []
    for _ in range(3):
        with Reader(open_source(url)) as reader:
            took.append(first_frame(reader))
    return max(took)


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
        parts = run(args.minutes * 60 / 4, server, pipeline, people)
    report(parts, people, connect)


def run(seconds: float, server: RtspServer, pipeline: Pipeline, people: People) -> list[Part]:
    """Four parts, with a restart before each but the first."""
    parts: list[Part] = []
    with Reader(open_source(server.url), backoff=BACKOFF) as reader:
        first_frame(reader)
        for number in range(4):
            recovered = restart(server, reader) if number else 0.0
            part = watch(reader, pipeline, people, seconds)
            part.recovered = recovered
            parts.append(part)
            print(f"part {number + 1}: {told(part)}; {reader.status()}", flush=True)
    return parts


def told(part: Part) -> str:
    held = Held.middle(part.held)
    return (
        f"recovered in {part.recovered:.2f} s, {part.frames} frames looked at, "
        f"{len(part.seen)} people in {sum(part.seen.values())} faces, "
        f"{held.memory:.1f} MiB, {held.threads} threads, {held.files} files"
    )


def report(parts: list[Part], people: People, connect: float) -> None:
    """Ends the process with what falls short, or with the figure."""
    first = set(parts[0].seen)
    lost = sum(len(first - set(part.seen)) for part in parts)
    before = Held.middle(parts[0].held[len(parts[0].held) // 2 :])
    after = Held.middle(parts[-1].held[len(parts[-1].held) // 2 :])
    growth = after.memory - before.memory
    least = KNOWN * len(people.faces)
    print(f"people recognised before the first kill: {len(first)} (needs >= {least:.1f})")
    print(f"of those not recognised in a part after one: {lost} (needs 0)")
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
