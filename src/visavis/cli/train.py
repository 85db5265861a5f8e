"""train: models of your own, by a recipe."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from visavis.cli.console import answer, note, progress, table
from visavis.cli.options import JsonOption, examples
from visavis.cli.words import percent, text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from visavis.train.pool import Pool
    from visavis.train.recipe import LivenessRecipe
    from visavis.train.validate import Told

app = typer.Typer(no_args_is_help=True)


@app.callback()
def root() -> None:
    """Train models by a recipe."""


@app.command(
    epilog=examples(
        "visavis train liveness recipes/liveness.toml --photos fairface/train --out runs/pad",
        "visavis train liveness recipes/liveness-nuaa.toml --photos fairface/train "
        "--real nuaa --start runs/pad/model.onnx --out runs/pad-nuaa",
    ),
)
def liveness(
    recipe: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A TOML file.")],
    photos: Annotated[
        Path,
        typer.Option(exists=True, file_okay=False, help="Photos of live people, at any depth."),
    ],
    out: Annotated[
        Path, typer.Option(file_okay=False, help="Checkpoints, log and model files come here.")
    ],
    real: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="Real presentations, if the recipe asks."),
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="What the recipe starts from."),
    ] = None,
    pool: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="Where simulated shots are kept; else in --out."),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that simulate shots.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """Train the liveness network on photos with simulated attacks.

    Finds the faces, makes live shots and attacks of each photo, learns to tell
    them, says how well on photos kept apart, and writes model.onnx and
    model.int8.onnx. Run it again to go on where it stopped.
    """
    from visavis.extras import needs
    from visavis.report.document import plain
    from visavis.train.recipe import load

    plan = load(recipe)
    with needs("train", "training models"):
        from visavis.train.liveness import split, train
        from visavis.train.produce import Inputs, write_models
        from visavis.train.validate import validate
    inputs = Inputs(photos, real, pool or out / "pool", workers)
    shots, extra = _gathered(plan, inputs)
    learnt, kept = split(shots, plan)
    note(f"{len(learnt):,} shots to learn from, {len(kept):,} kept for validation")
    with progress("training", plan.schedule.steps, unit="steps") as advance:
        net = train(plan, learnt, out, extra=extra, start=start, progress=advance)
    told = validate(net, kept)
    files = write_models(net, learnt, out, plan.seed)
    answer(
        as_json,
        {"recipe": plain(plan), "simulated": plain(told), "files": [str(f) for f in files]},
        lambda: _view(told, files),
    )


def _gathered(plan: "LivenessRecipe", inputs: Any) -> "tuple[Pool, Pool | None]":
    """The simulated shots, and the real presentations where the recipe has a share of them."""
    from visavis.build import build_detector
    from visavis.settings import Settings

    detector = build_detector(Settings.load())
    dataset = inputs.dataset(plan)
    with progress("finding faces", len(dataset), unit="photos") as advance:
        pictures, faces = inputs.faces(dataset, detector, advance)
    with progress("simulating shots", unit="shards") as advance:
        shots = inputs.shots(plan, pictures, faces, advance)
    return shots, inputs.presentations(plan, detector)


def _view(told: "tuple[Told, ...]", files: "list[Path]") -> "RenderableType":
    from rich.console import Group

    numbers = ("shots", "D-EER", "face alone")
    rows = table("simulated attack", *numbers, right=numbers)
    for one in told:
        rows.add_row(
            text(one.species), f"{one.shots:,}", percent(one.eer), percent(one.eer_face_alone)
        )
    return Group(rows, *(text(f"{f.name}: {f.stat().st_size:,} bytes") for f in files))
