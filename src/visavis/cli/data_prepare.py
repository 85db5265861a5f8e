"""data prepare: aligned crops, split by person, with an index."""

import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from visavis.cli.console import answer, facts, note, progress
from visavis.cli.options import FaceOption, JsonOption, examples
from visavis.cli.run import Exit, Interrupted

if TYPE_CHECKING:
    from rich.console import RenderableType

    from visavis.evaluate.prepare import Prepared

app = typer.Typer()


@app.command(
    epilog=examples(
        "visavis data prepare data/lfw --out crops",
        "visavis data prepare photos --out crops --size 160 --split 90/5/5 --min-quality 0.3",
    )
)
def prepare(
    folder: Annotated[
        Path,
        typer.Argument(metavar="DIR", exists=True, file_okay=False, help="A set of pictures."),
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", file_okay=False, help="Where crops go.")
    ],
    layout: Annotated[
        Literal["auto", "lfw", "folder", "vggface2", "celeba", "attributes"],
        typer.Option("--layout", metavar="NAME", help="How DIR is laid out."),
    ] = "auto",
    size: Annotated[int, typer.Option("--size", metavar="PIXELS", help="Side of a crop.")] = 112,
    split: Annotated[
        str, typer.Option("--split", metavar="TRAIN/VAL/TEST", help="Shares of people.")
    ] = "80/10/10",
    seed: Annotated[int, typer.Option("--seed", help="Another one deals people differently.")] = 0,
    face: FaceOption = None,
    min_quality: Annotated[
        float | None,
        typer.Option(
            "--min-quality",
            metavar="SCORE",
            min=0,
            max=1,
            help="Leave out faces of a lower quality, and those that break the usual limits.",
        ),
    ] = None,
    kind: Annotated[Literal["jpg", "png"], typer.Option("--format", help="Of the crops.")] = "jpg",
    npz: Annotated[
        bool, typer.Option("--npz", help="Also write normalised float32 arrays, a file a part.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Make aligned face crops of a set, split by person, on all cores.

    The output folder holds crops/, labels.csv (one row a crop: identity, part, box,
    landmarks, quality and the set's own labels), failures.csv with the code of each
    picture that gave no crop, and prepare.json. The face meant is the central one
    unless --face says otherwise. The same command goes on after an interruption.
    """
    from visavis.build import build_detector
    from visavis.datasets.layouts import read
    from visavis.datasets.split import Split
    from visavis.evaluate.arrays import write_arrays
    from visavis.evaluate.prepare import Preparation
    from visavis.evaluate.prepare import prepare as run
    from visavis.image import ImageLimits
    from visavis.policy import QualityLimits
    from visavis.settings import Settings

    settings, began = Settings.load(), time.monotonic()
    how = Preparation(
        settings.detector,
        size,
        face or "central",
        None if min_quality is None else QualityLimits(min_score=min_quality),
        Split.parse(split, seed),
        ".png" if kind == "png" else ".jpg",
    )
    dataset, limits = read(folder, layout), ImageLimits(settings.max_bytes, settings.max_pixels)
    try:
        with progress("preparing", len(dataset)) as advance:
            detector = build_detector(settings)
            made = run(detector, dataset, out, how, image_limits=limits, progress=advance)
    except KeyboardInterrupt:
        raise Interrupted("stopped; run the same command again to go on") from None
    arrays = write_arrays(out, how) if npz and made.crops else ()
    for text in made.notes if not as_json else ():
        note(text)
    seconds = time.monotonic() - began
    document = asdict(made) | {"crops": made.crops, "arrays": arrays, "seconds": round(seconds, 3)}
    answer(as_json, document, lambda: _view(made, seconds))
    raise typer.Exit(Exit.YES if made.crops else Exit.INPUT)


def _view(made: "Prepared", seconds: float) -> "RenderableType":
    from visavis.cli.words import count, text

    rows: dict[str, Any] = {
        "in": text(made.folder),
        "crops": f"{made.crops} of {count(made.pictures, 'picture')}"
        + (f", {made.resumed} pictures done before" if made.resumed else ""),
    }
    for part in made.parts:
        rows[part.part] = f"{part.crops} crops of {part.identities} people"
    rows["left out"] = ", ".join(f"{number} {code}" for code, number in made.codes)
    rows["took"] = f"{seconds:.1f} s"
    return facts(rows)
