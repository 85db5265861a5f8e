"""The page about a calibration: thresholds, the fitted tail, and searches that test them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from visavis.evaluate.allpairs import STEPS, AllPairs
from visavis.evaluate.fpir import FpirCheck
from visavis.evaluate.rates import RULE_OF_30
from visavis.policy import Calibration
from visavis.report import plots
from visavis.report.document import (
    Block,
    Cell,
    Figure,
    Note,
    Provenance,
    Report,
    Section,
    Table,
    Text,
    plain,
)
from visavis.report.words import literal

_STATED = 1e-4
_DRAWN = 10_000  # values that stand for a histogram
_NAMES = {"people": "two people count once", "pictures": "each comparison counts once"}


def page(
    pairs: AllPairs,
    calibration: Calibration,
    checks: Sequence[FpirCheck],
    provenance: Provenance,
) -> Report:
    """The report on a table made from `pairs`; `checks` may be empty."""
    searches = (Section("Strangers in galleries", _searches(checks)),) if checks else ()
    return Report(
        slug="calibration-" + "".join(c if c.isalnum() else "-" for c in pairs.model),
        title=f"Thresholds and error rates: {pairs.model} on {pairs.dataset}",
        lead=_lead(pairs, calibration, checks),
        sections=(
            Section("Thresholds", (_table(pairs, calibration), *_tail(pairs, calibration))),
            *searches,
            Section("Scores", (_scores(pairs, calibration),)),
            Section("What these data can and cannot show", (_limits(pairs, calibration),)),
        ),
        provenance=provenance,
        results={"calibration": plain(calibration), "searches": plain(tuple(checks))},
    )


def _lead(pairs: AllPairs, calibration: Calibration, checks: Sequence[FpirCheck]) -> str:
    rate = max(_STATED, calibration.points[-1][0])
    limit = calibration.threshold(rate)
    told = [
        f"A false-match rate of {rate:.0e} stands for the score {limit.score:.3f}"
        + (
            f" (95 % interval of the rate {limit.interval[0]:.1e} to {limit.interval[1]:.1e})."
            if limit.interval
            else "."
        )
    ]
    if pairs.genuine_pairs:
        misses = pairs.false_non_matches(limit.score)
        low, high = misses.interval()
        told.append(
            f"There {_percent(1 - misses.value)} of comparisons of one person match "
            f"({_percent(1 - high)} to {_percent(1 - low)})."
        )
    if calibration.measured is not None:
        told.append(f"Rates down to {calibration.measured:.1e} are measured")
        lowest = calibration.points[-1][0]
        told[-1] += (
            f"; from there to {lowest:.1e} a fitted tail is used, and nothing is claimed below."
            if lowest < calibration.measured
            else ", and nothing is claimed below."
        )
    if checks:
        held = sum(check.holds for check in checks)
        told.append(
            f"In {held} of {len(checks)} kinds of random gallery, strangers were named as often "
            "as predicted."
        )
    return " ".join(told)


def _table(pairs: AllPairs, calibration: Calibration) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for fmr, score, *ends in calibration.points:
        limit = calibration.threshold(fmr)
        misses = pairs.false_non_matches(score) if pairs.genuine_pairs else None
        rests = None if limit.extrapolated else f"{_rests(pairs, score):,.0f}"
        rows.append(
            (
                f"{fmr:.1e}",
                f"{score:.4f}",
                "{:.1e} to {:.1e}".format(*ends) if ends else None,
                rests,
                None if misses is None else _percent(1 - misses.value),
                "extrapolated" if limit.extrapolated else "measured",
            )
        )
    return Table(
        ("FMR", "threshold", "95 % interval of the FMR", "rests on", "TMR", ""),
        tuple(rows),
        f"Thresholds of {literal(pairs.model)} by false-match rate; {_NAMES[pairs.weigh]}. "
        "“Rests on” is to how many equally weighty pairs of people the false matches amount; "
        f"fewer than {RULE_OF_30} are no measurement.",
    )


def _rests(pairs: AllPairs, score: float) -> float:
    exact = score >= pairs.impostors.cut
    return pairs.false_matches(score).effective if exact else float("nan")


def _tail(pairs: AllPairs, calibration: Calibration) -> tuple[Block, ...]:
    tail = calibration.tail
    if tail is None:
        return (Note("Too few high scores to fit a tail: lower rates are not claimed."),)
    highest = max(float(pairs.impostors.scores[0]), calibration.points[-1][1])
    scores = np.linspace(pairs.impostors.cut, highest, 400)
    seen = np.array([pairs.fmr(score) for score in scores])
    fitted = np.where(scores >= tail.start, tail.fmr(scores), np.nan)
    points = np.array([p for p in calibration.points if len(p) == 4], np.float64).reshape(-1, 4)
    kind = {"pareto": "generalised Pareto", "quadratic": "log-quadratic"}[tail.kind]
    figure = plots.lines(
        "tail",
        [
            plots.Curve2("measured", scores, seen),
            plots.Curve2(f"fitted ({kind})", scores, fitted),
            plots.Curve2("table, 95 %", points[:, 1], points[:, 0], points[:, 2], points[:, 3]),
        ],
        x="threshold",
        y="false-match rate",
        log_y=True,
        caption=f"The {kind} distribution fitted to scores above {tail.start:.3f} follows what was "
        f"measured; below {calibration.points[-1][0]:.1e} it is not believed.",
        alt="False-match rate over threshold, measured and fitted, with intervals that widen "
        "towards low rates.",
    )
    words = Text(
        f"The tail was chosen among two distributions with three starting points each, by how well "
        f"it foretold the scores of people it had not seen. Shape {tail.shape:.3f}, scale "
        f"{tail.scale:.4f}. The interval is a jackknife over groups of people, widened to hold "
        "what every other candidate says."
    )
    return figure, words


def _searches(checks: Sequence[FpirCheck]) -> tuple[Block, ...]:
    rows = tuple(
        (
            check.people,
            check.templates,
            check.strangers,
            f"{check.threshold.score:.4f}",
            _percent(check.predicted),
            _percent(check.measured.value),
            f"{_percent(check.measured.low)} to {_percent(check.measured.high)}",
            "holds" if check.holds else "safe" if check.safe else "missed",
        )
        for check in checks
    )
    names = ("people", "templates", "strangers", "threshold", "predicted FPIR", "measured", "95 %")
    galleries = ", ".join(str(n) for n in sorted({c.galleries for c in checks}))
    table = Table(
        (*names, ""),
        rows,
        "Strangers named in random galleries, against 1 - (1 - FMR)^templates. “Holds”: within "
        "the interval; “safe”: fewer were named than predicted. Means of "
        f"{galleries} galleries; the interval is that of one gallery's strangers.",
    )
    ratio = [c.measured.value / c.predicted for c in checks if c.predicted]
    note = Note(
        f"Measured over predicted lies between {min(ratio):.2f} and {max(ratio):.2f}. Comparisons "
        "are taken as independent. The people are those of the calibration: it is a test of the "
        "model of a search, not of other cameras or people."
    )
    return table, note


def _scores(pairs: AllPairs, calibration: Calibration) -> Figure:
    rate = max(_STATED, calibration.points[-1][0])
    groups = {"different people": _impostors(pairs)}
    if pairs.genuine_pairs:
        groups["one person"] = _genuine(pairs)
    return plots.histogram(
        "scores",
        groups,
        x="score",
        mark={f"FMR {rate:.0e}": calibration.threshold(rate).score},
        caption="Scores of different people and of one person; the line is the threshold. "
        f"{_NAMES[pairs.weigh].capitalize()}; drawn from {_DRAWN:,} quantiles.",
        alt="Histogram of impostor and genuine scores with the threshold between them.",
    )


def _impostors(pairs: AllPairs) -> NDArray[np.float64]:
    """Scores at even steps of the impostors' distribution."""
    sums = pairs.histogram.cumsum() / pairs.histogram.sum()
    bins = np.searchsorted(sums, (np.arange(_DRAWN) + 0.5) / _DRAWN)
    return np.asarray((bins - STEPS - 0.5) / STEPS)


def _genuine(pairs: AllPairs) -> NDArray[np.float64]:
    """Scores at even steps of the genuine distribution, by weight."""
    steps = np.searchsorted(pairs.genuine_shares[1:], (np.arange(_DRAWN) + 0.5) / _DRAWN)
    places = np.minimum(steps, pairs.genuine_pairs - 1)
    return pairs.genuine_scores[places].astype(np.float64)


def _limits(pairs: AllPairs, calibration: Calibration) -> Note:
    return Note(
        f"{len(pairs.identities):,} people and {pairs.impostor_pairs:,} impostor comparisons of "
        f"{literal(calibration.dataset)}. Intervals say how far other people of the same kind "
        "would move the rate; they say nothing about other cameras, ages or groups of people. "
        "The lowest rates are set by the few relatives and doubles in the set: people who know one "
        "another are related more often."
    )


def _percent(value: float) -> str:
    return f"{100 * value:.2f} %"
