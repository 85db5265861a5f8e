"""The page about presentation attack detection."""

from visavis.evaluate.pad import ClassRates, PadResult
from visavis.evaluate.rates import Rate
from visavis.report import plots
from visavis.report.document import (
    Figure,
    Note,
    Provenance,
    Report,
    Section,
    Table,
    plain,
)
from visavis.report.words import literal


def page(result: PadResult, provenance: Provenance, dataset: str) -> Report:
    """The report: rates by species, operating points, trade-off curves, and limits."""
    return Report(
        slug="pad",
        title=f"Presentation attack detection on {dataset}",
        lead=_lead(result, dataset),
        sections=(
            Section(f"At the threshold {result.threshold:.4g}", (_classes(result),)),
            Section("At other thresholds", (_points(result), _det(result))),
            Section("How to read this", (_limits(result),)),
        ),
        provenance=provenance,
        results={"pad": plain(result)},
    )


def _lead(result: PadResult, dataset: str) -> str:
    worst, silent = result.worst, [a for a in result.attacks if a.non_response.events]
    told = [
        f"At the threshold {result.threshold:.4g}, {_share(result.apcer)} of the attacks of the "
        f"worst species, {literal(worst.species)}, are taken for live people (APCER), and "
        f"{_share(result.bpcer)} of live people for attacks (BPCER), on {literal(dataset)}."
    ]
    point = result.points[0]
    told.append(
        f"With APCER held to {100 * point.limit:g} % for every species, BPCER is "
        f"{_share(point.bpcer)}."
    )
    gone = result.bona_fide.non_response
    if silent or gone.events:
        told.append(
            f"{sum(a.non_response.events for a in result.attacks):,} attacks and {gone.events:,} "
            "live presentations gave no response and are in neither rate."
        )
    return " ".join(told)


def _classes(result: PadResult) -> Table:
    known = result.bona_fide.by_subject is not None
    again = ", then from drawing subjects again: the wider one is the one to trust" if known else ""
    equal = {det.species: det.eer for det in result.dets}
    rows = [
        *((a, "APCER", "APNRR", equal[a.species]) for a in result.attacks),
        (result.bona_fide, "BPCER", "BPNRR", None),
    ]  # fmt: skip
    return Table(
        ("presentations", "error", "of", "rate", "by subjects", "no response", "D-EER"),
        tuple(
            (one.species.replace("_", " "), name, f"{one.error.trials:,}", _interval(one.error),
             _by_subject(one), f"{silent} {_interval(one.non_response)}",
             None if eer is None else f"{100 * eer:.2f} %")
            for one, name, silent, eer in rows
        ),
        f"The species to report is {result.worst.species.replace('_', ' ')}. Rates with 95 % "
        f"intervals as if presentations were independent{again}. D-EER is where APCER and BPCER "
        "are equal.",
    )  # fmt: skip


def _points(result: PadResult) -> Table:
    last = result.points[-1]
    return Table(
        ("", "APCER at most", "threshold", "BPCER", "APCER there"),
        tuple(
            (p.name, f"{100 * p.limit:g} %", f"{p.threshold:.4f}", _interval(p.bpcer),
             _interval(p.apcer))
            for p in result.points
        ),
        "BPCER at the lowest threshold at which no species is accepted more often than the limit. "
        f"How low APCER really is there depends on the number of attacks: at {last.name} it may be "
        f"as high as {100 * last.apcer.high:.1f} %.",
    )  # fmt: skip


def _det(result: PadResult) -> Figure:
    curves = [plots.Curve2(d.species, d.curve.fmr, d.curve.fnmr) for d in result.dets]
    best = min(result.dets, key=lambda d: d.eer)
    worst = max(result.dets, key=lambda d: d.eer)
    said = (
        f"{worst.species} is the hardest to detect (D-EER {100 * worst.eer:.2f} %), "
        f"{best.species} the easiest ({100 * best.eer:.2f} %)"
        if len(result.dets) > 1
        else f"APCER and BPCER are equal at {100 * best.eer:.2f} %"
    )
    return plots.det(
        "det",
        curves,
        x="APCER",
        y="BPCER",
        caption=f"BPCER over APCER for each attack species: {said}. Lower and further left is "
        "better.",
        alt="; ".join(f"{d.species}: D-EER {100 * d.eer:.2f} %" for d in result.dets),
    )


def _limits(result: PadResult) -> Note:
    known = result.bona_fide.by_subject is not None
    subjects = (
        "Frames of one recording are alike, so an interval by subjects is the honest one, and few "
        "subjects make it coarse."
        if known
        else "Subjects are not known, so intervals take frames of one recording for independent: "
        "they are too narrow if there are any."
    )
    return Note(
        "The rates follow the metrics of ISO/IEC 30107-3; this is not a test by an accredited "
        "laboratory.\n\n"
        "A presentation without a response, such as a picture in which no face was found, is "
        f"neither accepted nor rejected: it is left out of APCER and BPCER and counted as APNRR or "
        f"BPNRR. {subjects}\n\n"
        "The figures are of the attacks in this set. Another instrument, camera or light is "
        "another measurement."
    )


def _share(rate: Rate) -> str:
    return f"{100 * rate.value:.2f} %"


def _interval(rate: Rate) -> str:
    return f"{100 * rate.value:.2f} % ({100 * rate.low:.2f}–{100 * rate.high:.2f})"


def _by_subject(one: ClassRates) -> str | None:
    found = one.by_subject
    return None if found is None else f"{100 * found.low:.1f}–{100 * found.high:.1f} %"
