"""evaluate latency: milliseconds a stage, pictures a second."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from visavis.cli.console import answer, facts, progress, table
from visavis.cli.options import JsonOption, examples
from visavis.cli.system import (
    DetectorOption,
    EmbedderOption,
    RuntimeOption,
    open_system,
    provenance,
)
from visavis.cli.words import count, text
from visavis.errors import InputError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from visavis.evaluate.latency import Latency

app = typer.Typer()


@app.command(
    epilog=examples("visavis evaluate latency photos/ --images 200"),
)
def latency(
    folder: Annotated[
        Path,
        typer.Argument(metavar="DIR", exists=True, file_okay=False, help="Folder of photos."),
    ],
    images: Annotated[
        int, typer.Option("--images", min=1, help="So many photos, spread over the folder.")
    ] = 200,
    embedder: EmbedderOption = None,
    detector: DetectorOption = None,
    runtime: RuntimeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure how long each stage takes on this machine, and how many photos a second.

    Stages take turns within each photo, on one thread; then all cores work at
    once. Files are read before the clock starts. What else the machine does
    meanwhile is in the figures.
    """
    from visavis.cli.pictures import tree
    from visavis.evaluate.latency import measure
    from visavis.report.document import plain

    photos = tree(folder)
    if not photos:
        raise InputError(f"expected photos in {folder} or below it, found none")
    chosen = [photos[i * len(photos) // images] for i in range(images)]
    chosen = chosen if len(photos) > images else photos
    system = open_system(embedder, detector, runtime)
    with progress("timing", len(chosen)) as advance:
        result = measure(system.pipeline, chosen, system=system.name, progress=advance)
    answer(
        as_json,
        {"latency": plain(result), "provenance": plain(provenance(system))},
        lambda: _view(result),
    )


def _view(result: "Latency") -> "RenderableType":
    from rich.console import Group
    from rich.text import Text

    numbers = ("median", "95th percentile", "mean")
    rows = table("ms a photo", *numbers, right=numbers)
    for stage in (*result.stages, result.whole):
        rows.add_row(stage.name, *(f"{ms:.2f}" for ms in (stage.p50, stage.p95, stage.mean)))
    cores = count(result.cores, "core")
    return Group(
        text(f"Latency over {count(result.pictures, 'photo')}: {result.system}", "bold"),
        Text(),
        rows,
        facts(
            {
                "one thread": f"{result.one_core:.1f} photos a second",
                cores: f"{result.all_cores:.1f} photos a second, {result.per_core:.1f} a core",
                "photos": f"{result.megapixels:.2f} megapixels on average",
                "left out": count(result.skipped, "photo") + " without a face",
            }
        ),
    )
