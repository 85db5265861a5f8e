"""The page about liveness checks: all of them on the same pictures, and what that leaves open."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from visavis.evaluate.liveness import Answers, Kind, LivenessResults, Training
from visavis.evaluate.liveness_rates import (
    Rated,
    bona_fide,
    by_group,
    by_subject,
    rated,
    together,
)
from visavis.evaluate.pages.liveness_tables import (
    checks,
    control,
    faces,
    interval,
    limits,
    maps,
    named,
    percent,
    stated,
)
from visavis.report import plots
from visavis.report.document import (
    Block,
    Cell,
    Figure,
    Provenance,
    Report,
    Section,
    Table,
    Text,
    plain,
)
from visavis.report.words import literal

_COLUMNS = ("check", "D-EER", "BPCER10", "BPCER20", "threshold", "APCER", "BPCER", "APNRR", "BPNRR")
_READING = (
    "D-EER is that of the hardest species; BPCER10 and BPCER20 are at an APCER of 10 and 5 % of "
    "every species, the rest at the check's default threshold, with 95 % intervals."
)


def page(results: LivenessResults, provenance: Provenance) -> Report:
    """The report, of the parts that were measured; all figures in words come from the scores."""
    parts: tuple[tuple[str, Callable[[LivenessResults], Iterable[Block]]], ...] = (
        ("Side by side on recorded attacks", lambda r: _sets(r, "recorded")),
        ("People left out of training", _subjects),
        ("Simulated attacks, the mechanism kept out of training", _held_out),
        ("Simulated attacks, as shipped", lambda r: _sets(r, "simulated")),
        ("Trained on one set, tested on another", _cross),
        ("Live people who are refused", _people),
        ("Matching and liveness together", _joint),
        ("What the files alone give away", control),
        ("Speed, size and origin", checks),
        ("What the checks look at", maps),
        ("What this does not show", limits),
    )
    made = ((title, tuple(blocks(results))) for title, blocks in parts)
    return Report(
        slug="liveness",
        title="Liveness checks compared",
        lead=_lead(results),
        sections=tuple(Section(title, blocks) for title, blocks in made if blocks),
        provenance=provenance,
        results={"liveness": _figures(results)},
    )


def _lead(results: LivenessResults) -> str:
    told = [_first(results, results.of("shipped", "recorded"), "recorded")]
    for answers in _ours(results, "subject_out", "recorded")[:1]:
        found = by_subject(results, answers)
        told.append(
            f"Trained anew without each of {len(found.subjects)} subjects in turn, "
            f"{literal(named(results, answers))} has a mean D-EER of {percent(found.mean_eer)} on "
            f"the one left out, {percent(found.worst[1].eer)} on the worst."
        )
    held = [rated(results, a) for a in _ours(results, "mechanism_out", "simulated")]
    if held:
        worst = max(held, key=lambda r: r.eer)
        told.append(
            f"On simulated attacks whose mechanism was kept out of its training the D-EER is "
            f"{percent(min(r.eer for r in held))} to {percent(worst.eer)} "
            f"({literal(worst.hardest)})."
        )
    else:
        told.append(_first(results, results.of("shipped", "simulated"), "simulated"))
    for answers in _ours(results, "shipped", "bona_fide"):
        refused, _ = bona_fide(results, answers)
        told.append(
            f"At its default threshold it refuses {percent(refused.value)} of the live people of "
            f"{literal(answers.shown)}."
        )
    told.append("Simulated attacks are not real ones, and no camera of yours is among these sets.")
    return " ".join(sentence for sentence in told if sentence)


def _first(results: LivenessResults, given: tuple[Answers, ...], kind: str) -> str:
    """All checks on the first set of a kind, best first."""
    same = [rated(results, a) for a in given if a.shown == given[0].shown]
    if not same:
        return ""
    ranked = sorted(same, key=lambda r: r.eer)
    told = ", ".join(f"{literal(named(results, r.answers))} {percent(r.eer)}" for r in ranked)
    return (
        f"On the {kind} attacks of {literal(ranked[0].answers.shown)}, the D-EER of the hardest "
        f"species is{', best first' if len(ranked) > 1 else ''}: {told}."
    )


def _ours(results: LivenessResults, training: Training, kind: Kind) -> list[Answers]:
    found = results.of(training, kind)
    return [a for a in found if results.check(a.check).role == "ours"]


def _sets(results: LivenessResults, kind: Kind) -> Iterable[Block]:
    given = results.of("shipped", kind)
    for name in dict.fromkeys(a.shown for a in given):
        found = [rated(results, a) for a in given if a.shown == name]
        best = min(found, key=lambda r: r.eer)
        shown = results.shown(name)
        attacks = sum(c.error.trials + c.non_response.events for c in best.pad.attacks)
        if shown.note:
            yield Text(shown.note)
        yield Table(
            _COLUMNS,
            tuple((named(results, r.answers), *_row(r)) for r in found),
            f"{name}, {attacks:,} {kind} attacks and {len(shown.species) - attacks:,} live "
            f"presentations: the lowest D-EER is {percent(best.eer)}, "
            f"{named(results, best.answers)}. {_READING}",
        )
        yield _det(results, name, found, kind)
        if len(best.pad.dets) > 1:
            yield _species(results, name, found)


def _row(one: Rated) -> tuple[Cell, ...]:
    ten, twenty = one.pad.points[:2]
    silent = [*(c.non_response.value for c in one.pad.attacks), *(1.0 for _ in one.silent)]
    return (
        percent(one.eer),
        percent(ten.bpcer.value),
        percent(twenty.bpcer.value),
        stated(one.answers),
        interval(one.pad.apcer),
        interval(one.pad.bpcer),
        percent(max(silent)),
        percent(one.pad.bona_fide.non_response.value),
    )


def _det(results: LivenessResults, name: str, found: list[Rated], kind: Kind) -> Figure:
    curves = []
    for one in found:
        det = next(d for d in one.pad.dets if d.species == one.hardest)
        label = f"{named(results, one.answers)}, {det.species}"
        curves.append(plots.Curve2(label, det.curve.fmr, det.curve.fnmr))
    told = [f"{c.label}: D-EER {percent(r.eer)}" for c, r in zip(curves, found, strict=True)]
    return plots.det(
        f"det-{kind}-{[s.name for s in results.sets].index(name)}",
        curves,
        x="APCER",
        y="BPCER",
        caption=f"{name}: each check on the {kind} species that is hardest for it. Lower and "
        "further left is better.",
        alt="; ".join(told),
    )


def _species(results: LivenessResults, name: str, found: list[Rated]) -> Table:
    kinds = sorted({d.species for r in found for d in r.pad.dets})
    easy = min(kinds, key=lambda k: float(np.nanmean([r.eer_of(k) for r in found])))
    hard = max(kinds, key=lambda k: float(np.nanmean([r.eer_of(k) for r in found])))
    return Table(
        ("species", *(named(results, r.answers) for r in found)),
        tuple((kind, *(percent(r.eer_of(kind)) for r in found)) for kind in kinds),
        f"D-EER by species on {name}: over all checks {hard} is the hardest and {easy} the "
        "easiest.",
    )


def _subjects(results: LivenessResults) -> Iterable[Block]:
    for answers in results.of("subject_out", "recorded"):
        found = by_subject(results, answers)
        worst = found.worst
        rows: list[tuple[Cell, ...]] = [
            (name, percent(one.eer), interval(one.pad.apcer), interval(one.pad.bpcer))
            for name, one in found.subjects
        ]
        whole = rated(results, answers).pad
        rows.append(("all scores together", percent(max(d.eer for d in whole.dets)),
                     interval(whole.apcer), interval(whole.bpcer)))  # fmt: skip
        left = f" Without both classes: {', '.join(found.missing)}." if found.missing else ""
        yield Table(
            ("subject left out", "D-EER", "APCER", "BPCER"),
            tuple(rows),
            f"{named(results, answers)} on {answers.shown}, each subject scored by a model that "
            f"never saw it: mean D-EER {percent(found.mean_eer)}, worst "
            f"{percent(worst[1].eer)} (subject {worst[0]}). This is a variant for research and "
            f"not the model that is shipped.{left}",
        )


def _held_out(results: LivenessResults) -> Iterable[Block]:
    held = results.of("mechanism_out", "simulated")
    for name in dict.fromkeys(a.shown for a in held):
        mine = {(a.check, a.held_out): rated(results, a) for a in held if a.shown == name}
        blind = dict.fromkeys(check for check, _ in mine)
        others = [rated(results, a) for a in results.of("shipped", "simulated") if a.shown == name]
        others = [r for r in others if r.answers.check not in blind]
        rows = []
        for kind in dict.fromkeys(kind for _, kind in mine):
            told = [mine.get((check, kind)) for check in blind]
            told += [_only(results, other, kind) for other in others]
            rows.append((kind, *("" if one is None else percent(one.eer) for one in told)))
        worst = max(mine.values(), key=lambda r: r.eer)
        roles = {results.check(r.answers.check).role for r in others}
        seen = "Public models have seen none of them. " * ("public" in roles)
        seen += "Fused checks hold our model as shipped, which saw all." * ("fused" in roles)
        titles = [f"{results.check(check).title}, trained without it" for check in blind]
        titles += [f"{named(results, one.answers)}, as it is" for one in others]
        yield Table(
            ("kept out", *titles),
            tuple(rows),
            f"{name}: D-EER of each mechanism that training left out. The worst is "
            f"{percent(worst.eer)}, {named(results, worst.answers)} on {worst.answers.held_out}. "
            f"{seen}",
        )


def _only(results: LivenessResults, one: Rated, species: str) -> Rated | None:
    """The rates of a check on one species, as if the set held no other; None without responses."""
    if species in one.silent:
        return None
    alone = replace(one.answers, training="mechanism_out", held_out=species)
    return rated(results, alone)


def _cross(results: LivenessResults) -> Iterable[Block]:
    kinds: tuple[Kind, ...] = ("recorded", "simulated")
    found = [rated(results, a) for k in kinds for a in results.of("cross_set", k)]
    if found:
        worst = max(found, key=lambda r: r.eer)
        yield Table(
            ("trained on", "tested on", *_COLUMNS),
            tuple(
                (r.answers.trained_on, r.answers.shown, named(results, r.answers), *_row(r))
                for r in found
            ),
            f"The worst D-EER is {percent(worst.eer)}, trained on {worst.answers.trained_on} and "
            f"tested on {worst.answers.shown}: what a check learns from one set it need not know "
            f"on another. {_READING}",
        )


def _people(results: LivenessResults) -> Iterable[Block]:
    for name in dict.fromkeys(a.shown for a in results.of("shipped", "bona_fide")):
        given = [a for a in results.of("shipped", "bona_fide") if a.shown == name]
        found = [(a, *bona_fide(results, a)) for a in given]
        best = min(found, key=lambda f: f[1].value)
        yield Table(
            ("check", "threshold", "live people", "BPCER", "BPNRR"),
            tuple(
                (named(results, a), stated(a), f"{no.trials:,}", interval(rate),
                 interval(no))
                for a, rate, no in found
            ),
            f"{name}: {named(results, best[0])} refuses the fewest live people at its default "
            f"threshold, {percent(best[1].value)}. A low BPCER alone is no merit: a check that "
            "lets everything pass has none.",
        )  # fmt: skip
        for attribute in results.shown(name).groups:
            yield _groups(results, given, attribute)


def _groups(results: LivenessResults, given: list[Answers], attribute: str) -> Table:
    rows, clear = [], []
    for answers in given:
        found = by_group(results, answers, attribute)
        (most, high), (least, low) = found.groups[0], found.groups[-1]
        rows.append((named(results, answers), f"{most} {interval(high)}",
                     f"{least} {interval(low)}", percent(found.spread)))  # fmt: skip
        clear += [named(results, answers)] if found.apart else []
    said = f"beyond their intervals for {', '.join(clear)}" if clear else "within their intervals"
    return Table(
        ("check", "highest BPCER", "lowest BPCER", "spread"),
        tuple(rows),
        f"BPCER by {attribute} on {given[0].shown}: the groups differ {said}. Labels are other "
        "people's; of many groups the extremes lie apart by chance too.",
    )


def _joint(results: LivenessResults) -> Iterable[Block]:
    rows = []
    for matched in results.matched:
        for answers in results.answers:
            if answers.shown == matched.shown and answers.training == "shipped":
                both = together(results, answers, matched)
                worst = both.worst
                rows.append((answers.shown, results.shown(answers.shown).kind,
                             named(results, answers), worst.species, interval(worst.iapmr),
                             interval(worst.iapar), interval(both.bona_fide.rejected)))  # fmt: skip
    if rows:
        yield Table(
            ("set", "attacks", "check", "worst species", "IAPMR", "IAPAR", "bona fide refused"),
            tuple(rows),
            "IAPMR: attacks that match the person they imitate, which is all that would stop them "
            "without a check. IAPAR: attacks that match and are taken for live, the worst species.",
        )


def _figures(results: LivenessResults) -> object:
    """Everything derived, without the scores themselves."""
    done = [
        {
            "check": a.check, "set": a.shown, "kind": results.shown(a.shown).kind,
            "training": a.training, "held_out": a.held_out, "trained_on": a.trained_on,
            **_derived(results, a),
        }
        for a in results.answers
    ]  # fmt: skip
    return {"rates": done, "checks": plain(results.checks), "files": plain(results.files),
            "maps": plain(results.maps), "faces": plain(faces(results))}  # fmt: skip


def _derived(results: LivenessResults, answers: Answers) -> dict[str, object]:
    if results.shown(answers.shown).kind == "bona_fide":
        refused, silent = bona_fide(results, answers)
        return {"bpcer": plain(refused), "bpnrr": plain(silent)}
    found = rated(results, answers)
    return {
        "threshold": answers.threshold, "eer": found.eer, "silent": list(found.silent),
        "attacks": plain(found.pad.attacks), "bona_fide": plain(found.pad.bona_fide),
        "points": plain(found.pad.points),
        "eer_by_species": {d.species: d.eer for d in found.pad.dets},
    }  # fmt: skip
