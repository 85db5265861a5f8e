"""live: what the liveness check says of every face."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from visavis.cli.console import answer, follow
from visavis.cli.options import (
    ApcerOption,
    BpcerOption,
    CheckOption,
    DrawOption,
    JsonOption,
    LiveThresholdOption,
    Photos,
    examples,
)
from visavis.cli.run import Exit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from visavis.batching import Outcome
    from visavis.cli.pictures import Targets
    from visavis.draw import Colour
    from visavis.protocols import Detector, LivenessCheck
    from visavis.settings import Settings
    from visavis.types import Face, Liveness

app = typer.Typer()


@app.command(
    rich_help_panel="Work with pictures",
    epilog=examples(
        "visavis live door.jpg",
        "visavis live photos/*.jpg --bpcer 0.01 --draw seen/ --json",
    ),
)
def live(
    images: Photos,
    draw: DrawOption = None,
    check: CheckOption = None,
    bpcer: BpcerOption = None,
    apcer: ApcerOption = None,
    live_threshold: LiveThresholdOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say whether each face is a live person or a picture, a screen or a mask.

    A face of which no check can tell is not taken for live. The error rates hold
    for cameras like those that were measured: for yours, see calibrate-liveness.

    Exit code 0: all faces look live; 1: one does not, cannot be told, or there is
    no face; 2: a photo could not be read.
    """
    from visavis.batching import batch
    from visavis.build import build_detector, build_liveness
    from visavis.cli import documents, pictures, views
    from visavis.settings import Settings

    settings = Settings.load(check=check, bpcer=bpcer, apcer=apcer, live_threshold=live_threshold)
    targets = pictures.targets(draw, images)
    detector, looker = build_detector(settings), build_liveness(settings)
    work = batch(lambda path: _live(detector, looker, settings, path, targets), images)
    found = follow("checking", len(images), work)
    answer(
        as_json,
        documents.lives(images, found, targets),
        lambda: views.lives(images, found, targets),
    )
    raise typer.Exit(_verdict(found))


def _live(
    detector: "Detector",
    check: "LivenessCheck",
    settings: "Settings",
    path: Path,
    targets: "Targets",
) -> "list[tuple[Face, Liveness]]":
    from visavis.image import ImageLimits, decode, save

    image = decode(path, ImageLimits(settings.max_bytes, settings.max_pixels))
    faces = detector.detect(image)
    said = [check.check(image, face, settings.live) for face in faces]
    if path in targets:
        from visavis.draw import annotate

        drawn = annotate(image, faces, [_label(s) for s in said], [_colour(s) for s in said])
        save(drawn, targets[path])
    return list(zip(faces, said, strict=True))


def _label(said: "Liveness") -> str:
    if said.score is None:
        return "cannot tell"
    if said.live:
        return f"live {said.score:.2f}"
    return f"{said.species or 'not live'} {said.score:.2f}"


def _colour(said: "Liveness") -> "Colour":
    if said.score is None:
        return "ambiguous"
    return "match" if said.live else "unknown"


def _verdict(outcomes: "Sequence[Outcome[list[tuple[Face, Liveness]]]]") -> Exit:
    if any(o.error for o in outcomes):
        return Exit.INPUT
    all_live = all(o.unwrap() and all(said.live for _, said in o.unwrap()) for o in outcomes)
    return Exit.YES if all_live else Exit.NO
