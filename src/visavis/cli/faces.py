"""detect and embed: what is in the pictures, before anybody is named."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from visavis.cli.console import answer, follow, progress
from visavis.cli.options import DrawOption, FaceOption, JsonOption, Photos, examples
from visavis.cli.run import Exit
from visavis.errors import InputError

if TYPE_CHECKING:
    from visavis.cli.pictures import Targets
    from visavis.protocols import Detector
    from visavis.settings import Settings
    from visavis.types import Face, Quality

app = typer.Typer()
PANEL = "Work with pictures"


@app.command(
    rich_help_panel=PANEL,
    epilog=examples(
        "visavis detect party.jpg",
        "visavis detect photos/*.jpg --draw seen/ --json",
    ),
)
def detect(
    images: Photos,
    draw: DrawOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find the faces in photos, with five landmarks and a quality each.

    Exit code 0: all photos were read, whatever was found in them; 2: one could not be.
    """
    from visavis.batching import batch
    from visavis.build import build_detector
    from visavis.cli import documents, pictures, views
    from visavis.settings import Settings

    settings = Settings.load()
    targets = pictures.targets(draw, images)
    detector = build_detector(settings)
    work = batch(lambda path: _detect(detector, settings, path, targets), images)
    found = follow("detecting", len(images), work)
    answer(
        as_json,
        documents.detections(images, found, targets),
        lambda: views.detections(images, found, targets, settings.policy.limits),
    )
    raise typer.Exit(Exit.INPUT if any(o.error for o in found) else Exit.YES)


def _detect(
    detector: "Detector", settings: "Settings", path: Path, targets: "Targets"
) -> "list[tuple[Face, Quality]]":
    from visavis.image import ImageLimits, decode, save
    from visavis.quality import assess

    image = decode(path, ImageLimits(settings.max_bytes, settings.max_pixels))
    found = detector.detect(image)
    if path in targets:
        from visavis.draw import annotate

        labels = [f"{face.score:.2f}" for face in found]
        save(annotate(image, found, labels, ["plain"] * len(found), landmarks=True), targets[path])
    return [(face, assess(image, face)) for face in found]


@app.command(
    rich_help_panel=PANEL,
    epilog=examples(
        "visavis embed photos/ --out photos.npz",
        "visavis embed photos/ --out photos.npz --face largest",
    ),
)
def embed(
    folder: Annotated[
        Path,
        typer.Argument(metavar="DIR", exists=True, file_okay=False, help="Folder of photos."),
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE.npz", dir_okay=False, help="Where to write.")
    ],
    face: FaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Turn all photos below a folder into vectors, on all cores, for your own analysis.

    [bold]Embeddings are biometric data[/]: whoever has them can recognise the
    people, and nothing here encrypts or forgets them. The file is readable by
    you alone (mode 0600) and appears whole or not at all; without a face in any
    photo none is written and the exit code is 2.

    It holds one row a face: vectors (N, dim) float32 of length 1, files, boxes
    (N, 4), landmarks (N, 5, 2), scores, quality, and model, the model's id. All
    faces of a photo are taken unless --face says which one.
    """
    from visavis.build import build_pipeline
    from visavis.cli import documents, vectors, views
    from visavis.cli.pictures import tree
    from visavis.settings import Settings

    settings = Settings.load(face=face, liveness="off")  # no decision is made here
    photos = tree(folder)
    if not photos:
        raise InputError(f"expected photos in {folder} or below it, found none")
    pipeline = build_pipeline(settings)
    with progress("embedding", len(photos)) as advance:
        made = vectors.collect(
            pipeline, settings.policy, folder, photos, every_face=face is None, advance=advance
        )
    if made.rows:
        made.save(out)
    answer(as_json, documents.embedded(made, out), lambda: views.embedded(made, out))
    raise typer.Exit(Exit.YES if made.rows else Exit.INPUT)
