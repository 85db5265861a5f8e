"""evaluate robustness: what worse light, angle, sharpness and covering do."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from visavis.cli.console import answer, note, progress, table
from visavis.cli.options import JsonOption, examples, open_rate
from visavis.cli.system import (
    CacheOption,
    DetectorOption,
    EmbedderOption,
    RuntimeOption,
    System,
    open_system,
    provenance,
)
from visavis.cli.words import text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from visavis.datasets.records import Dataset
    from visavis.evaluate.rates import Rate
    from visavis.evaluate.robustness import Robustness

app = typer.Typer()
SetArgument: TypeAlias = Annotated[
    Path,
    typer.Argument(
        metavar="DIR", exists=True, file_okay=False, help="LFW, or a folder for each person."
    ),
]
PeopleOption: TypeAlias = Annotated[
    int, typer.Option("--people", metavar="N", min=1, help="How many people, one pair each.")
]
RateOption: TypeAlias = Annotated[
    float,
    typer.Option(
        "--fmr",
        metavar="RATE",
        callback=open_rate,
        help="False-match rate whose calibrated threshold is used.",
    ),
]
SeedOption: TypeAlias = Annotated[
    int, typer.Option("--seed", metavar="N", min=0, help="Of people, pairs and distortions.")
]


@app.command(
    epilog=examples(
        "visavis evaluate robustness lfw/ --cache embedded/",
        "visavis evaluate robustness staff/ --people 50 --json",
    ),
)
def robustness(
    folder: SetArgument,
    people: PeopleOption = 300,
    fmr: RateOption = 1e-4,
    seed: SeedOption = 0,
    embedder: EmbedderOption = None,
    detector: DetectorOption = None,
    runtime: RuntimeOption = None,
    cache: CacheOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure detection and matching under worse light, angle, sharpness and covering.

    Of each person one picture stays as it is and another is distorted, by one
    condition at a time, in three to five steps. The conditions are synthetic;
    real pairs by pose and by mouth stand beside them. All pictures of the set
    are embedded first: the strangers whom the distorted faces must not match.
    """
    from visavis.report.document import plain

    system = open_system(embedder, detector, runtime)
    dataset, result = run(system, folder, people=people, fmr=fmr, seed=seed, cache=cache)
    for remark in result.notes:
        note(remark)
    answer(
        as_json,
        {"robustness": plain(result), "provenance": plain(provenance(system, dataset))}
        if as_json
        else {},
        lambda: _view(result),
    )


def run(
    system: System, folder: Path, *, people: int, fmr: float, seed: int, cache: Path | None
) -> "tuple[Dataset, Robustness]":
    """The set in a folder, and what was measured on it; known errors of LFW are left out."""
    from visavis.datasets.layouts import read
    from visavis.datasets.lfw import errata
    from visavis.evaluate.robustness import measure

    dataset = read(folder)
    embedded = system.embedded(dataset, cache)
    known = errata() if dataset.name == "LFW" else None
    with progress("distorting", people) as advance:
        result = measure(
            system.pipeline,
            embedded,
            people=people,
            fmr=fmr,
            seed=seed,
            errata=known,
            progress=advance,
        )
    return dataset, result


def _view(result: "Robustness") -> "RenderableType":
    from rich.console import Group

    rows = table("condition", "step", "found", "matched", "95 %", "FMR", right=("found", "matched"))
    for cell in (result.baseline, *result.cells):
        low, high = 100 * cell.end_to_end.low, 100 * cell.end_to_end.high
        rows.add_row(
            cell.kind or "none",
            cell.step,
            _share(cell.detected),
            _share(cell.end_to_end),
            f"{low:.1f} to {high:.1f} %",
            f"{cell.fmr.value:.1e}" if cell.fmr.trials else "",
        )
    real = table("real pairs", "from", "to", "matched", "pairs", right=("matched", "pairs"))
    for name, buckets in (("yaw, degrees", result.yaw), ("mouth's width, log", result.expression)):
        for b in buckets:
            real.add_row(name, f"{b.low:g}", f"{b.high:g}", _share(b.tmr), f"{b.tmr.trials:,}")
    title = f"{result.people} people of {result.dataset}, {result.model} at {result.threshold:.4f}"
    return Group(text(title, "bold"), rows, real)


def _share(rate: "Rate") -> str:
    return f"{100 * rate.value:.1f} %" if rate.trials else ""
