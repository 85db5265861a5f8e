"""evaluate fairness: false matches, detection and quality by group."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from visavis.cli.console import answer, note, table
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
from visavis.cli.words import count, percent, text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from visavis.datasets.records import Dataset
    from visavis.evaluate.fairness import AtLimit, Fairness
    from visavis.evaluate.rates import Rate

app = typer.Typer()


def _rates(values: list[float] | None) -> list[float]:
    """Rates between 0 and 1, the highest first; 1 %, 0.1 % and 0.01 % where none is given."""
    for value in values or []:
        open_rate(value)
    return sorted(set(values or (1e-2, 1e-3, 1e-4)), reverse=True)


Labelled: TypeAlias = Annotated[
    Path,
    typer.Argument(
        metavar="DIR", exists=True, file_okay=False, help="Pictures with a table of labels."
    ),
]
RatesOption: TypeAlias = Annotated[
    list[float] | None,
    typer.Option(
        "--fmr",
        metavar="RATE",
        help="False-match rate whose threshold is applied to all; again for another. Default: "
        "1e-2, 1e-3 and 1e-4.",
    ),
]
ByOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--by",
        metavar="LABEL",
        help="Group by this label, or by several together: race,gender. Default: as FairFace.",
    ),
]
KeepOption: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--keep-doubles",
        help="Keep the pictures of FairFace that show somebody a second time.",
    ),
]


@app.command(
    epilog=examples(
        "visavis evaluate fairness fairface/",
        "visavis evaluate fairness own/ --by site --by site,gender --fmr 1e-2 --json",
    ),
)
def fairness(
    folder: Labelled,
    fmr: RatesOption = None,
    by: ByOption = None,
    keep_doubles: KeepOption = False,
    embedder: EmbedderOption = None,
    detector: DetectorOption = None,
    runtime: RuntimeOption = None,
    cache: CacheOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure false matches by group at the thresholds that the calibration gives for all.

    Needs labels and no identities: every picture is taken for another person,
    so missed matches cannot be measured. Groups whose pairs are too few for 30
    false matches at a rate are marked n/m, or † where 30 were seen all the same.
    """
    from visavis.report.document import plain

    system = open_system(embedder, detector, runtime)
    dataset, result = measured(system, folder, fmr, by, keep_doubles, cache)
    answer(
        as_json,
        {"fairness": plain(result), "provenance": plain(provenance(system, dataset))},
        lambda: _view(result),
    )


def measured(
    system: System,
    folder: Path,
    fmr: list[float] | None,
    by: list[str] | None,
    keep_doubles: bool,
    cache: Path | None,
) -> "tuple[Dataset, Fairness]":
    """The labelled set and what was measured on it."""
    from visavis.datasets.attributes import read_attributes
    from visavis.datasets.fairface import doubles
    from visavis.evaluate.fairness import FAIRFACE, By, measure

    dataset = read_attributes(folder)
    embedded = system.embedded(dataset, cache)
    left_out = frozenset() if keep_doubles else doubles(dataset)
    if left_out:
        note(f"left out {count(len(left_out), 'picture')} of somebody already in the set")
    calibration = system.pipeline.embedder.calibration
    return dataset, measure(
        embedded,
        [calibration.threshold(rate) for rate in _rates(fmr)],
        by=FAIRFACE if by is None else [By(tuple(names.split(","))) for names in by],
        quality=system.settings.policy.limits,
        calibrated_on=calibration.dataset,
        leave_out=left_out,
    )


def _view(result: "Fairness") -> "RenderableType":
    from rich.console import Group
    from rich.text import Text

    heads = [f"FMR at {percent(limit.rate or 0)}" for limit in result.limits]
    numbers = ("pictures", *heads, "face found", "quality")
    rows = table("group", *numbers, right=numbers)
    shares = [_share(rate) for rate in result.overall]
    rows.add_row(text("everybody", "bold"), f"{result.pictures:,}", *shares, "", "")
    for grouping in result.groupings:
        rows.add_section()
        rows.add_row(text(grouping.by.name, "dim"))
        for place, group in enumerate(grouping.groups):
            cells = [_told(at, at.within[place]) for at in grouping.limits]
            found = f"{100 * group.detected.value:.1f} %"
            quality = f"{group.quality.mean:.2f}"
            rows.add_row(text(group.name), f"{group.pictures:,}", *cells, found, quality)
    return Group(
        text(f"{result.dataset}: false matches within groups, {result.model}", "bold"),
        Text(),
        rows,
        _ratios(result),
    )


def _ratios(result: "Fairness") -> "RenderableType":
    rows = table(
        "groups", "at", "highest : lowest", "ratio", "noise", right=("at", "ratio", "noise")
    )
    for grouping in result.groupings:
        for at in grouping.limits:
            d = at.differential
            if d is not None:
                rows.add_row(
                    text(grouping.by.name),
                    percent(at.rate),
                    text(f"{d.highest} : {d.lowest}"),
                    f"{d.ratio:.2f} ({d.low:.2f} to {d.high:.2f})",
                    f"{d.noise:.2f}",
                )
    return rows


def _told(at: "AtLimit", cell: "Rate") -> str:
    if at.measurable(cell):
        return _share(cell)
    return f"{_share(cell)} †" if at.surprising(cell) else "n/m"


def _share(rate: "Rate") -> str:
    if not rate.trials:
        return "n/m"
    return f"{100 * rate.value:.3g} % ({100 * rate.low:.3g} to {100 * rate.high:.3g})"
