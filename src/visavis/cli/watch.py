"""watch: who is in streams and films, as it happens."""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any, Literal

import typer

from visavis.cli.console import answer, facts, note
from visavis.cli.options import (
    ApcerOption,
    BpcerOption,
    CheckOption,
    CollectionOption,
    FmrOption,
    FpirOption,
    GalleryOption,
    JsonOption,
    LivenessOption,
    LiveThresholdOption,
    ThresholdOption,
    examples,
    live_settings,
)
from visavis.cli.run import Exit

if TYPE_CHECKING:
    from rich.console import RenderableType

    from visavis.cli.watching import Journal, Plan, Watch
    from visavis.gallery.sighting import Sighted
    from visavis.recognizer import Recognizer
    from visavis.settings import Settings
    from visavis.video.sightings import SightingPolicy
    from visavis.video.source import Source
    from visavis.video.stage import Stage

STREAM, EVENTS = "Stream", "Events"

app = typer.Typer()


@app.command(
    rich_help_panel="Watch",
    epilog=examples(
        "visavis watch 0 --show",
        "visavis watch rtsp://cam.example/door --events door.jsonl",
        "visavis watch film.mp4 --out named.mp4 --no-keep",
        "visavis watch 0 --verify ada --require-liveness",
    ),
)
def watch(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE",
            help="A film, a folder of pictures, a webcam's number, an rtsp:// or http:// (MJPEG) "
            "address.",
        ),
    ],
    show: Annotated[
        bool, typer.Option("--show", help="Show the streams on a page of this machine.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE.mp4", help="Write an annotated film.", dir_okay=False),
    ] = None,
    events: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Add each event to this file, one JSON a line."),
    ] = None,
    verify: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Ask of everybody whether it is this subject (1:1)."),
    ] = None,
    require_liveness: Annotated[
        bool, typer.Option("--require-liveness", help="Short for --liveness require.")
    ] = False,
    seconds: Annotated[
        float | None, typer.Option("--for", metavar="SECONDS", min=0, help="Stop after so long.")
    ] = None,
    every: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            min=0,
            help="Pass over frames nearer than this.",
            rich_help_panel=STREAM,
        ),
    ] = 0.0,
    transport: Annotated[
        Literal["tcp", "udp"],
        typer.Option(metavar="tcp|udp", help="How RTSP is carried.", rich_help_panel=STREAM),
    ] = "tcp",
    keep: Annotated[
        bool,
        typer.Option(
            "--keep/--no-keep", help="Keep sightings in the gallery.", rich_help_panel=EVENTS
        ),
    ] = True,
    shots: Annotated[
        bool,
        typer.Option(
            "--shots/--no-shots",
            help="Keep a best picture too, encrypted.",
            rich_help_panel=EVENTS,
        ),
    ] = False,
    confirm: Annotated[
        int,
        typer.Option(min=1, help="Looks that must agree first.", rich_help_panel=EVENTS),
    ] = 3,
    absence: Annotated[
        float,
        typer.Option(
            metavar="SECONDS", min=0.1, help="Unseen for so long is gone.", rich_help_panel=EVENTS
        ),
    ] = 5.0,
    cooldown: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            min=0,
            help="Say nothing of who comes back so soon.",
            rich_help_panel=EVENTS,
        ),
    ] = 0.0,
    strangers: Annotated[
        bool,
        typer.Option(
            "--strangers/--no-strangers", help="Tell of strangers too.", rich_help_panel=EVENTS
        ),
    ] = True,
    gallery: GalleryOption = None,
    collection: CollectionOption = None,
    fmr: FmrOption = None,
    fpir: FpirOption = None,
    threshold: ThresholdOption = None,
    liveness: LivenessOption = None,
    check: CheckOption = None,
    bpcer: BpcerOption = None,
    apcer: ApcerOption = None,
    live_threshold: LiveThresholdOption = None,
    as_json: JsonOption = False,
) -> None:
    """Watch cameras, films or folders of pictures, and say who comes and goes.

    Faces are followed from frame to frame and looked at closely when a frame shows
    them better; who somebody is is decided by all looks together. Of live streams
    always the newest frame is taken. Ends with the films, or with Ctrl-C.

    Exit code 0: done, and with --verify that subject was seen; 1: with --verify,
    that subject was not seen; 2: a source cannot be used.
    """
    from visavis.cli.context import open_recognizer
    from visavis.video.sightings import SightingPolicy

    settings = live_settings(
        gallery=gallery,
        collection=collection,
        fmr=fmr,
        fpir=fpir,
        threshold=threshold,
        liveness="require" if require_liveness else liveness,
        check=check,
        bpcer=bpcer,
        apcer=apcer,
        live_threshold=live_threshold,
    )
    if out is not None and len(sources) > 1:
        raise typer.BadParameter("--out writes the film of one source, got several sources")
    rules = SightingPolicy(confirm, absence, cooldown, strangers)
    opened = _opened(sources, settings, transport)
    with ExitStack() as stack:
        recognizer = stack.enter_context(open_recognizer(settings))
        plan = _plan(recognizer, settings, rules, verify, keep=keep, shots=shots, every=every)
        journal = stack.enter_context(_journal(events))
        stage = stack.enter_context(_stage(opened)) if show else None
        made = stack.enter_context(_watch(recognizer, plan, journal, stage))
        for source in opened:
            made.add(source, out)
        _run(made, journal, seconds, quiet=as_json)
    answer(as_json, _document(made, journal), lambda: _view(made, journal))
    raise typer.Exit(_verdict(made, journal, verify))


def _opened(
    sources: Sequence[str], settings: "Settings", transport: Literal["tcp", "udp"]
) -> "list[Source]":
    from visavis.image import ImageLimits
    from visavis.video.sources import SourceOptions, open_source, require_extra

    require_extra("watching streams")
    limits = ImageLimits(settings.max_bytes, settings.max_pixels)
    options = SourceOptions(transport=transport, limits=limits)
    return [open_source(one, options) for one in sources]


def _plan(
    recognizer: "Recognizer",
    settings: "Settings",
    rules: "SightingPolicy",
    verify: str | None,
    **options: Any,
) -> "Plan":
    from visavis.cli.watching import Plan, one_to_one

    policy = settings.policy
    decide = (
        (lambda sample: recognizer.decide(sample, policy))
        if verify is None
        else one_to_one(recognizer, verify, policy)
    )
    return Plan(policy, rules, decide, **options)


@contextmanager
def _watch(
    recognizer: "Recognizer", plan: "Plan", journal: "Journal", stage: "Stage | None"
) -> "Iterator[Watch]":
    from visavis.build import build_eyes
    from visavis.cli.watching import Watch

    made = Watch(recognizer, build_eyes(recognizer.pipeline.detector), plan, journal, stage)
    try:
        yield made
    finally:
        made.close()


def _run(made: "Watch", journal: "Journal", seconds: float | None, *, quiet: bool) -> None:
    """Watches to the end, or to Ctrl-C, which is no error here."""
    from visavis.cli.dashboard import dashboard

    with dashboard(made.monitors, journal, quiet=quiet) as tick:
        try:
            made.run(seconds, tick)
        except KeyboardInterrupt:
            note("stopped")
        made.close()


@contextmanager
def _journal(path: Path | None) -> "Iterator[Journal]":
    """Events as they come, and line by line in the file, where one is named."""
    from visavis.cli.watching import Journal

    if path is None:
        yield Journal()
        return
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(handle, "a", encoding="utf-8", buffering=1) as file:
        yield Journal(_writer(file))


def _writer(file: IO[str]) -> "Callable[[Sighted], None]":
    def write(event: "Sighted") -> None:
        line = {"sighting": event.sighting, "subject": event.subject, **event.fields()}
        file.write(json.dumps(line) + "\n")

    return write


@contextmanager
def _stage(sources: "Sequence[Source]") -> "Iterator[Stage]":
    from visavis.video.stage import Stage

    with Stage([source.name for source in sources]) as stage:
        note(f"shown at {stage.address}")
        yield stage


def _document(made: "Watch", journal: "Journal") -> dict[str, Any]:
    return {
        "streams": [
            {
                "source": m.name,
                "frames": s.frames,
                "dropped": s.reading.dropped,
                "reconnects": s.reading.reconnects,
                "corrupt": s.reading.corrupt,
                "error": s.error,
            }
            for m in made.monitors
            for s in [m.status()]
        ],
        "events": {kind.value: count for kind, count in sorted(journal.counts.items())},
        "subjects": dict(sorted(journal.subjects.items())),
    }


def _view(made: "Watch", journal: "Journal") -> "RenderableType":
    """What was watched, and who was seen."""
    frames = sum(m.status().frames for m in made.monitors)
    told = ", ".join(f"{n} {k.value.replace('_', ' ')}" for k, n in sorted(journal.counts.items()))
    seen = ", ".join(
        f"{who} ({n})" if n > 1 else who for who, n in sorted(journal.subjects.items())
    )
    return facts(
        {"frames": f"{frames:,}", "events": told or "none", "seen": seen or "nobody known"}
    )


def _verdict(made: "Watch", journal: "Journal", verify: str | None) -> Exit:
    """What the run says; a source that failed is told on stderr."""
    failed = [m for m in made.monitors if m.error is not None]
    for monitor in failed:
        note(str(monitor.error))
    if failed:
        return Exit.INPUT
    return Exit.YES if verify is None or verify in journal.subjects else Exit.NO
