"""The page that says how well a recogniser verifies and identifies."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from visavis.datasets.lfw import Errata
from visavis.evaluate.allpairs import AllPairs
from visavis.evaluate.identification import IdentificationResult, SearchPoint
from visavis.evaluate.impostors import Weighing
from visavis.evaluate.latency import Latency
from visavis.evaluate.pages.top_pairs import top_pairs
from visavis.evaluate.published import published
from visavis.evaluate.verification import VerificationResult
from visavis.report import plots
from visavis.report.document import (
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
from visavis.report.plots import Curve2
from visavis.report.words import literal

RATES = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)


@dataclass(frozen=True, slots=True)
class Everything:
    """All pairs of a set, with its known label errors taken out and as it is."""

    cleaned: AllPairs
    as_is: AllPairs
    errata: Errata | None


@dataclass(frozen=True, slots=True)
class Measured:
    """What one embedder showed; `model` is its id. None where it was not measured."""

    model: str
    verification: VerificationResult
    pairs: Everything | None = None
    identification: IdentificationResult | None = None
    latency: Latency | None = None


def page(systems: Sequence[Measured], provenance: Provenance) -> Report:
    """The report on one or more embedders; the first is the one in use, and leads."""
    first = systems[0]
    sections = [
        Section("Verification by the official protocol", _verification(systems)),
        *([Section("All pairs", _all_pairs(systems))] if first.pairs else []),
        *([Section("Identification with strangers", _identify(systems))]
          if first.identification else []),
        *([Section("Speed", (_speed(systems),))] if first.latency else []),
        *([Section("The most alike strangers", _alike(first.pairs))] if first.pairs else []),
        Section("Limits", (_limits(first),)),
    ]  # fmt: skip
    return Report(
        slug="model",
        title=f"Model evaluation: {first.model} on {first.verification.name}",
        lead=_lead(first),
        sections=tuple(sections),
        provenance=provenance,
        results={"systems": [_results(s) for s in systems]},
    )


def _lead(first: Measured) -> str:
    v = first.verification
    said = [
        f"{literal(first.model)} decides {_accuracy(v)} of the pairs of {literal(v.name)} rightly."
    ]
    if first.pairs:
        found = first.pairs.cleaned
        low, high = found.false_non_matches(found.threshold(1e-4)).interval()
        said.append(
            f"At a false-match rate of 1e-4, measured on {found.impostor_pairs:,} pairs of "
            f"different people, {_share(found.tmr(1e-4))} of pairs of one person match "
            f"({_share(1 - high)} to {_share(1 - low)})."
        )
    point = first.identification and _at(first.identification, 1e-2)
    if first.identification and point:
        said.append(
            f"Among {first.identification.people:,} enrolled people it misses "
            f"{_share(point.fnir.value)} of searches when one stranger in a hundred may be named."
        )
    return " ".join(said)


def _verification(systems: Sequence[Measured]) -> tuple[Table, Text, Figure, Figure]:
    rows = [_verified(s) for s in systems]
    first = systems[0].verification
    return (
        Table(
            ("embedder", "accuracy here", "95 % interval", "EER", "AUC", "no face", "published"),
            tuple(rows),
            "Accuracy at thresholds chosen on other folds, with the standard error over folds; the "
            "interval takes people and not pairs as what is drawn. Published figures are of other "
            "crops, which moves accuracy by tenths of a per cent: the columns are no contest.",
        ),
        Text(_explained(systems)),
        plots.roc(
            "roc",
            [_roc(s) for s in systems],
            caption=f"ROC on the pairs of {first.name}, from three false matches on. Left of 30, "
            f"which is {30 / max(_impostors(first), 1):.1%} here, the curves say little.",
            alt="true-match rate over false-match rate for each embedder",
        ),
        plots.histogram(
            "scores",
            {"one person": first.compared.curves.genuine,
             "different people": first.compared.curves.impostor},
            x=f"score of {systems[0].model}",
            mark={"threshold, first fold": first.folds[0].threshold},
            caption="Scores of both kinds of pairs. What lies on the wrong side of the line is an "
            "error; how far the humps lie apart is the model's worth.",
            alt="histograms of genuine and impostor scores",
        ),
    )  # fmt: skip


def _verified(system: Measured) -> tuple[Cell, ...]:
    v, known = system.verification, published(system.model)
    interval = f"{_share(v.accuracy.low)} to {_share(v.accuracy.high)}" if v.accuracy else None
    return (
        system.model,
        _accuracy(v),
        interval,
        _share(v.eer.value),
        f"{v.auc.value:.5f}",
        v.failed_pictures,
        f"{known.accuracy:.2f} %" if known else None,
    )


def _explained(systems: Sequence[Measured]) -> str:
    """What was published, with which crop, and whether it is further off than chance explains."""
    said = []
    for s in systems:
        known, v = published(s.model), s.verification
        if known is None or v.accuracy is None:
            continue
        off = 100 * v.accuracy.value - known.accuracy
        within = 100 * v.accuracy.low <= known.accuracy <= 100 * v.accuracy.high
        said.append(
            f"- {literal(s.model)}: published with {literal(known.crop)} "
            f"({literal(known.source)}). Here {abs(off):.2f} points "
            f"{'higher' if off > 0 else 'lower'}, "
            f"{'within' if within else 'outside'} the interval of chance."
        )
    return "\n".join(said) or "Nothing is published for these embedders."


def _roc(system: Measured) -> Curve2:
    """Where three false matches or more lie behind a point."""
    curve = system.verification.compared.curves.curve()
    told = curve.fmr * _impostors(system.verification) >= 3
    return Curve2(system.model, curve.fmr[told], curve.tmr[told])


def _all_pairs(systems: Sequence[Measured]) -> tuple[Text, Table, Table, Figure]:
    found = [(s, s.pairs) for s in systems if s.pairs]
    one = found[0][1]
    return (
        Text(
            f"Every usable picture with every other: {one.cleaned.impostor_pairs:,} comparisons of "
            f"different people, {one.cleaned.genuine_pairs:,} of one person. {_removed(one)} Each "
            f"{_weighed(one.cleaned.weigh)} counts once."
        ),
        Table(
            ("FMR", *(f"TMR of {s.model}" for s, _ in found)),
            tuple((_power(r), *(_tmr(p.cleaned, r) for _, p in found)) for r in RATES),
            "The share of pairs of one person that match, with 95 % intervals that take people as "
            "what is drawn. In square brackets: the false matches at that rate weigh as little as "
            "fewer than 30 independent ones, so the threshold itself is uncertain.",
        ),
        Table(
            ("FMR", "threshold", "95 % interval of the FMR", "threshold with label errors",
             "TMR with label errors"),
            tuple(_at_rate(one, r) for r in RATES),
            f"Thresholds of {found[0][0].model}, and what label errors do to them: at low rates "
            "they are most of what matches falsely.",
        ),
        plots.det(
            "det",
            [_det(s.model, p.cleaned) for s, p in found],
            caption="DET over all pairs: lower and further left is better.",
            alt="false-non-match rate over false-match rate for each embedder",
        ),
    )  # fmt: skip


def _removed(pairs: Everything) -> str:
    if pairs.errata is None:
        return "No label errors are known of this set."
    return (
        f"{len(pairs.errata.left_out)} pictures under wrong names and pairs of "
        f"{len(pairs.errata.same_people)} people who have two names are left out, each judged by "
        "eye; nothing was left out for scoring badly alone."
    )


def _weighed(weigh: Weighing) -> str:
    return "pair of pictures" if weigh == "pictures" else "pair of people"


def _tmr(pairs: AllPairs, rate: float) -> str:
    threshold = pairs.threshold(rate)
    low, high = pairs.false_non_matches(threshold).interval()
    said = f"{100 * pairs.tmr(rate):.2f} % ({100 * (1 - high):.2f} to {100 * (1 - low):.2f})"
    exact = threshold >= pairs.impostors.cut
    return f"[{said}]" if exact and pairs.false_matches(threshold).effective < 30 else said


def _at_rate(pairs: Everything, rate: float) -> tuple[Cell, ...]:
    threshold = pairs.cleaned.threshold(rate)
    interval = None
    if threshold >= pairs.cleaned.impostors.cut:
        low, high = pairs.cleaned.false_matches(threshold).interval()
        interval = f"{low:.1e} to {high:.1e}"
    raw = pairs.as_is.threshold(rate)
    return _power(rate), f"{threshold:.4f}", interval, f"{raw:.4f}", _share(pairs.as_is.tmr(rate))


def _det(label: str, pairs: AllPairs) -> Curve2:
    curve = pairs.curve(600)
    return Curve2(label, curve.fmr, curve.fnmr)


def _identify(systems: Sequence[Measured]) -> tuple[Text, Table, Figure, Figure]:
    found = [(s.model, s.identification) for s in systems if s.identification]
    one = found[0][1]
    return (
        Text(
            f"{one.people:,} people are enrolled with one picture each; {one.probes:,} other "
            f"pictures of them and {one.strangers:,} strangers are searched for."
        ),
        Table(
            ("", *(model for model, _ in found)),
            (
                ("rank-1", *(_share(r.rank_one.value) for _, r in found)),
                *(
                    (f"FNIR at FPIR {100 * p.fpir:g} %", *(_missed(r.points[k]) for _, r in found))
                    for k, p in enumerate(one.points)
                ),
            ),
            "Searches for enrolled people that do not name them, when so many strangers may be "
            "named, with 95 % intervals. In square brackets where fewer than 30 strangers are "
            "expected to be named.",
        ),
        plots.lines(
            "fnir",
            [Curve2(m, [p.fpir for p in r.points], [p.fnir.value for p in r.points],
                    [p.fnir.low for p in r.points], [p.fnir.high for p in r.points])
             for m, r in found],
            x="false-positive identification rate", y="false-negative identification rate",
            log_x=True, log_y=True,
            caption="The price of turning strangers away: misses over false alarms.",
            alt="false-negative over false-positive identification rate",
        ),
        plots.cmc(
            "cmc",
            [Curve2(m, list(range(1, len(r.cmc) + 1)), r.cmc) for m, r in found],
            caption="How often the right person is among the first candidates, strangers aside.",
            alt="identification rate over rank",
        ),
    )  # fmt: skip


def _missed(point: SearchPoint) -> str:
    found = point.fnir
    said = f"{100 * found.value:.2f} % ({100 * found.low:.2f} to {100 * found.high:.2f})"
    return said if point.supported else f"[{said}]"


def _at(result: IdentificationResult, fpir: float) -> SearchPoint | None:
    return next((p for p in result.points if p.fpir == fpir), None)


def _speed(systems: Sequence[Measured]) -> Table:
    rows = [
        (s.model, *(f"{stage.p50:.1f}" for stage in found.stages), f"{found.whole.p50:.1f}",
         f"{found.whole.p95:.1f}", f"{found.one_core:.0f}", f"{found.all_cores:.0f}")
        for s in systems
        if (found := s.latency)
    ]  # fmt: skip
    names = [stage.name for stage in found.stages] if (found := systems[0].latency) else []
    return Table(
        ("embedder", *(f"{name}, ms" for name in names), "whole, ms", "whole p95, ms",
         "pictures/s, one core", "pictures/s, all cores"),
        tuple(rows),
        "Medians for a picture on one thread, on the machine named below; whoever else was at work "
        "on it shows in the 95th percentile.",
    )  # fmt: skip


def _alike(pairs: Everything) -> tuple[Text, Table]:
    return top_pairs(pairs.as_is, pairs.errata)


def _limits(first: Measured) -> Note:
    return Note(
        f"{literal(first.verification.name)} shows celebrities and politicians as press "
        "photographers saw them around 2003: mostly adults, mostly men, mostly white, well lit and "
        "facing the camera. Its publishers warn that it is no measure of fitness for deployment. "
        "Several of the models here were trained on pictures of celebrities too, and whether some "
        "are the same people is not known. The detector's second look was tuned on this set, which "
        "flatters every row that uses it."
    )


def _accuracy(result: VerificationResult) -> str:
    if result.accuracy is None:
        return f"{100 * result.best_accuracy:.2f} % (best threshold: optimistic)"
    error = "" if result.standard_error is None else f" ± {100 * result.standard_error:.2f}"
    return f"{100 * result.accuracy.value:.2f}{error} %"


def _power(rate: float) -> str:
    """10⁻⁴, which breaks nowhere."""
    return "10⁻" + "⁰¹²³⁴⁵⁶⁷⁸⁹"[round(-math.log10(rate))]


def _share(value: float) -> str:
    return f"{100 * value:.2f} %"


def _impostors(result: VerificationResult) -> int:
    return int((~result.compared.genuine).sum())


def _results(system: Measured) -> dict[str, object]:
    pairs = system.pairs and {
        name: {
            "impostor_pairs": p.impostor_pairs,
            "genuine_pairs": p.genuine_pairs,
            "points": {f"{r:.0e}": (p.threshold(r), p.tmr(r)) for r in RATES},
        }
        for name, p in (("cleaned", system.pairs.cleaned), ("as_is", system.pairs.as_is))
    }
    return {
        "model": system.model,
        "verification": system.verification.summary(),
        "outcomes": system.verification.correct.tolist(),
        "all_pairs": pairs,
        "identification": system.identification and system.identification.summary(),
        "latency": plain(system.latency),
    }
