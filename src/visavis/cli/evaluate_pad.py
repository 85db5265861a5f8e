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
    from visavis.evaluate.iapar import JointResult
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
    epilog=examples(
        "visavis evaluate pad nuaa/ --scores live.csv --threshold 0.5",
        "visavis evaluate pad nuaa/ --scores live.csv --threshold 0.5 "
        "--match-scores match.csv --match-threshold 0.42",
    ),
)
def pad(
    folder: Presentations,
    scores: ScoresOption,
    threshold: LiveOption,
    match_scores: Annotated[
        Path | None,
        typer.Option(
            "--match-scores",
            metavar="FILE.csv",
            exists=True,
            dir_okay=False,
            help="Scores of the same pictures against the person they claim to show: file,score.",
        ),
    ] = None,
    match_threshold: Annotated[
        float | None,
        typer.Option("--match-threshold", metavar="SCORE", help="A match from here on."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure presentation attack detection; follows the metrics of ISO/IEC 30107-3.

    APCER for every attack species, the worst of them, BPCER, and both at other
    thresholds. Presentations without a response are left out of these and
    counted as APNRR and BPNRR. With --match-scores also IAPAR: attacks that pass
    the match and the liveness check.
    """
    from visavis.report.document import plain

    if (match_scores is None) != (match_threshold is None):
        raise typer.BadParameter("expected --match-scores and --match-threshold together")
    shown, result = measured(folder, scores, threshold)
    both = None
    if match_scores is not None and match_threshold is not None:
        both = _joint(shown, scores, threshold, match_scores, match_threshold)
    found = {"pad": plain(result), "joint": plain(both)}
    answer(
        as_json,
        found | {"provenance": plain(provenance(None, shown.dataset))},
        lambda: _view(shown, result, both),
    )


def measured(folder: Path, scores: Path, threshold: float) -> "tuple[PadSet, PadResult]":
    """The set, and the rates of the check whose scores are in the file."""
    from visavis.datasets.pad import read_pad
    from visavis.evaluate.pad import rates, read_scores

    shown = read_pad(folder)
    return shown, rates(read_scores(scores, shown), threshold)


def _joint(
    shown: "PadSet", live: Path, live_threshold: float, match: Path, match_threshold: float
) -> "JointResult":
    from visavis.evaluate.iapar import joint
    from visavis.evaluate.pad import read_scores

    checked, matched = read_scores(live, shown), read_scores(match, shown)
    return joint(
        matched.scores,
        checked.scores,
        checked.species,
        match_threshold=match_threshold,
        live_threshold=live_threshold,
    )


def _view(shown: "PadSet", result: "PadResult", both: "JointResult | None") -> "RenderableType":
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
        *([] if both is None else [_accepted(both)]),
    )


def _accepted(both: "JointResult") -> "RenderableType":
    numbers = ("IAPAR, match and live", "IAPMR, match alone", "no response")
    rows = table("attacks", *numbers, right=numbers)
    for one in both.attacks:
        rows.add_row(
            text(one.species), _share(one.iapar), _share(one.iapmr), _share(one.non_response)
        )
    rows.add_row("bona fide turned away", _share(both.bona_fide.rejected), "", "")
    return rows


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
