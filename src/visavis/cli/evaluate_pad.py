"""evaluate pad: how well attacks are told from live people."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from visavis.cli.console import answer, facts, progress, table
from visavis.cli.options import ApcerOption, BpcerOption, CheckOption, JsonOption, examples
from visavis.cli.system import provenance
from visavis.cli.words import percent, text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from visavis.datasets.records import PadSet
    from visavis.evaluate.iapar import JointResult
    from visavis.evaluate.pad import ClassRates, PadResult, Presented
    from visavis.evaluate.rates import Rate
    from visavis.report.document import Provenance

app = typer.Typer()

Presentations: TypeAlias = Annotated[
    Path,
    typer.Argument(
        metavar="DIR", exists=True, file_okay=False, help="Bona fide and attack presentations."
    ),
]
ScoresOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--scores",
        metavar="FILE.csv",
        exists=True,
        dir_okay=False,
        help="Scores of any check instead of running one: columns file,score; higher is more live, "
        "empty: no response. Needs --threshold.",
    ),
]
LimitOption: TypeAlias = Annotated[
    float | None,
    typer.Option("--threshold", metavar="SCORE", help="Scores at or above it are taken for live."),
]


@dataclass(frozen=True, slots=True)
class Tried:
    """A set and what was said of it, with the threshold and the models that said it."""

    shown: "PadSet"
    presented: "Presented"
    threshold: float
    models: "Mapping[str, str]"

    @property
    def provenance(self) -> "Provenance":
        return replace(provenance(None, self.shown.dataset), models=self.models)

    def rated(self) -> "PadResult":
        from visavis.evaluate.pad import rates

        return rates(self.presented, self.threshold)


@app.command(
    epilog=examples(
        "visavis evaluate pad nuaa/",
        "visavis evaluate pad nuaa/ --check visavis-pad-1 --apcer 0.05",
        "visavis evaluate pad nuaa/ --scores live.csv --threshold 0.5 "
        "--match-scores match.csv --match-threshold 0.42",
    ),
)
def pad(
    folder: Presentations,
    scores: ScoresOption = None,
    threshold: LimitOption = None,
    check: CheckOption = None,
    bpcer: BpcerOption = None,
    apcer: ApcerOption = None,
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

    Runs the liveness check on the largest face of every picture, or takes the
    scores of another. APCER for every attack species, the worst of them, BPCER,
    and both at other thresholds. Presentations without a response are left out
    of these and counted as APNRR and BPNRR. With --match-scores also IAPAR:
    attacks that pass the match and the liveness check.

    Several models together have other thresholds for faces that some of them
    cannot judge. Without --threshold their scores are stretched so that 0.5 is the threshold
    of every face.
    """
    from visavis.report.document import plain

    if (match_scores is None) != (match_threshold is None):
        raise typer.BadParameter("expected --match-scores and --match-threshold together")
    done = tried(folder, scores, threshold, check=check, bpcer=bpcer, apcer=apcer)
    result, both = done.rated(), None
    if match_scores is not None and match_threshold is not None:
        both = _joint(done, match_scores, match_threshold)
    found = {"pad": plain(result), "joint": plain(both), "provenance": plain(done.provenance)}
    answer(as_json, found, lambda: _view(done.shown, result, both))


def tried(folder: Path, scores: Path | None, threshold: float | None, **flags: Any) -> Tried:
    """The set, and what the check of these flags or the one behind the scores said of it."""
    from visavis.datasets.pad import read_pad
    from visavis.evaluate.pad import read_scores

    of_the_check = [name for name, value in flags.items() if value is not None]
    if scores is not None and (threshold is None or of_the_check):
        raise typer.BadParameter("expected --scores with --threshold, and no option of a check")
    shown = read_pad(folder)
    if scores is None or threshold is None:
        return _run(shown, threshold, **flags)
    return Tried(shown, read_scores(scores, shown), threshold, {})


def _run(shown: "PadSet", threshold: float | None, **flags: Any) -> Tried:
    """What the settings' check says of every picture."""
    from visavis import build
    from visavis.evaluate.levelled import LEVEL, Levelled
    from visavis.evaluate.pad import present
    from visavis.image import ImageLimits
    from visavis.models.catalogue import card
    from visavis.settings import Settings

    settings = Settings.load(**flags)
    models = build.checks_of(settings)
    check, detector = build.build_liveness(settings), build.build_detector(settings)
    level = threshold is None and len(models) > 1
    used = Levelled(check) if level else check
    limits = ImageLimits(settings.max_bytes, settings.max_pixels)
    with progress("checking", len(shown.dataset)) as move:
        said, own = present(
            detector, used, shown, target=settings.live, limits=limits, progress=move
        )
    limit = next(iter(own), LEVEL) if threshold is None else threshold
    cards = (card(settings.detector), *models)
    return Tried(shown, said, limit, {c.id: c.sha256 for c in cards})


def _joint(done: Tried, match: Path, match_threshold: float) -> "JointResult":
    from visavis.evaluate.iapar import joint
    from visavis.evaluate.pad import read_scores

    return joint(
        read_scores(match, done.shown).scores,
        done.presented.scores,
        done.presented.species,
        match_threshold=match_threshold,
        live_threshold=done.threshold,
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
