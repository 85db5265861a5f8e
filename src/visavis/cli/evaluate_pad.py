"""evaluate pad: how well attacks are told from live people."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from visavis.cli.console import answer, facts, table
from visavis.cli.options import JsonOption, examples
from visavis.cli.system import provenance
from visavis.cli.words import percent, text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from visavis.datasets.records import PadSet
    from visavis.evaluate.pad import ClassRates, PadResult
    from visavis.evaluate.rates import Rate

app = typer.Typer()

Presentations: TypeAlias = Annotated[
    Path,
    typer.Argument(
        metavar="DIR", exists=True, file_okay=False, help="Bona fide and attack presentations."
    ),
]
ScoresOption: TypeAlias = Annotated[
    Path,
    typer.Option(
        "--scores",
        metavar="FILE.csv",
        exists=True,
        dir_okay=False,
        help="Scores of any check: columns file,score; higher is more live, empty: no response.",
    ),
]
LiveOption: TypeAlias = Annotated[
    float,
    typer.Option("--threshold", metavar="SCORE", help="Scores at or above it are taken for live."),
]


@app.command(
    epilog=examples("visavis evaluate pad nuaa/ --scores scores.csv --threshold 0.5"),
)
def pad(
    folder: Presentations,
    scores: ScoresOption,
    threshold: LiveOption,
    as_json: JsonOption = False,
) -> None:
    """Measure presentation attack detection; follows the metrics of ISO/IEC 30107-3.

    APCER for every attack species, the worst of them, BPCER, and both at other
    thresholds. Presentations without a response are left out of these and
    counted as APNRR and BPNRR.
    """
    from visavis.report.document import plain

    shown, result = measured(folder, scores, threshold)
    answer(
        as_json,
        {"pad": plain(result), "provenance": plain(provenance(None, shown.dataset))},
        lambda: _view(shown, result),
    )


def measured(folder: Path, scores: Path, threshold: float) -> "tuple[PadSet, PadResult]":
    """The set, and the rates of the check whose scores are in the file."""
    from visavis.datasets.pad import read_pad
    from visavis.evaluate.pad import rates, read_scores

    shown = read_pad(folder)
    return shown, rates(read_scores(scores, shown), threshold)


def _view(shown: "PadSet", result: "PadResult") -> "RenderableType":
    from rich.console import Group
    from rich.text import Text

    return Group(
        text(f"{shown.dataset.name}: attack detection at {result.threshold:g}", "bold"),
        Text(),
        facts(
            {
                "APCER": f"{_share(result.apcer)}, {result.worst.species} (the worst species)",
                "BPCER": _share(result.bpcer),
            }
        ),
        _classes(result),
        _points(result),
    )


def _classes(result: "PadResult") -> "RenderableType":
    numbers = ("error", "by subjects", "no response", "D-EER")
    rows = table("presentations", "", *numbers, right=numbers)
    equal = {det.species: f"{100 * det.eer:.2f} %" for det in result.dets}
    for one, name, silent in (
        *((a, "APCER", "APNRR") for a in result.attacks),
        (result.bona_fide, "BPCER", "BPNRR"),
    ):
        gone = f"{silent} {100 * one.non_response.value:.2f} %"
        rows.add_row(
            text(one.species), name, _share(one.error), _by_subject(one), gone,
            equal.get(one.species, ""),
        )  # fmt: skip
    return rows


def _points(result: "PadResult") -> "RenderableType":
    numbers: tuple[str, ...] = ("APCER at most", "threshold", "BPCER", "APCER there")
    rows = table("", *numbers, right=numbers)
    for point in result.points:
        cells: list[Any] = [point.name, percent(point.limit), f"{point.threshold:.4f}"]
        rows.add_row(*cells, _share(point.bpcer), _share(point.apcer))
    return rows


def _by_subject(one: "ClassRates") -> str:
    found = one.by_subject
    return "" if found is None else f"{100 * found.low:.1f} to {100 * found.high:.1f} %"


def _share(rate: "Rate") -> str:
    return f"{100 * rate.value:.2f} % ({100 * rate.low:.1f} to {100 * rate.high:.1f})"
