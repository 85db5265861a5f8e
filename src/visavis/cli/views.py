"""Results as people read them."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from visavis.batching import Outcome
from visavis.cli.console import clean, facts, marked, table
from visavis.cli.words import (
    count,
    decided,
    lively,
    moment,
    scale,
    score,
    stands_for,
    text,
    verdict,
)
from visavis.errors import Rejection
from visavis.policy import QualityLimits
from visavis.types import (
    Face,
    Identification,
    Liveness,
    Quality,
    Receipt,
    Subject,
    Threshold,
    Verification,
)

if TYPE_CHECKING:
    from visavis.cli.folder import Enrolled
    from visavis.cli.pictures import Targets
    from visavis.cli.vectors import Vectors
    from visavis.recognizer import Enrolment

T = TypeVar("T")


def verification(found: Verification, words: str) -> RenderableType:
    limit = found.threshold
    lead = found.score - limit.score
    return Group(
        verdict(found.accepted, words),
        Text(),
        Padding(scale(found.score, limit.score), (0, 0, 1, 2)),
        facts(
            {
                "score": Text.assemble(score(found.score), (f"   {lead:+.3f}", "dim")),
                "threshold": Text.assemble(
                    score(limit.score), (f"   {stands_for(limit, 'false-match rate')}", "dim")
                ),
                "quality": ", ".join(f"{s.quality.score:.2f}" for s in found.samples),
                "liveness": _liveness([s.liveness for s in found.samples if s.liveness]),
                "model": found.model,
            }
        ),
        *_beyond(limit),
    )


def _liveness(found: Sequence[Liveness]) -> RenderableType:
    """A line for each face that was checked."""
    lines = [
        Text.assemble(lively(one), (f"   {_against(one)}", "dim"), (f"   {_why(one)}", "yellow"))
        for one in found
    ]
    return Group(*lines) if lines else ""


def _against(found: Liveness) -> str:
    return f"{_fine(found.score)} of {_fine(found.threshold)} needed"


def _fine(value: float | None) -> str:
    """A liveness score to four places: thresholds often lie close to 1."""
    return "none" if value is None else f"{value:.4f}"


def _why(found: Liveness) -> str:
    return clean(", ".join(found.reasons))


def lives(
    images: Sequence[Path],
    outcomes: Sequence[Outcome[list[tuple[Face, Liveness]]]],
    drawn: "Targets",
) -> RenderableType:
    numbers = ("face", "score", "needed")
    rows = table("file", "face", "live", "score", "needed", "reasons", right=numbers)
    for image, outcome in zip(images, outcomes, strict=True):
        if outcome.error:
            rows.add_row(text(image), "", text(f"✗ {outcome.error.code}", "red"))
            continue
        for number, (_, one) in enumerate(outcome.unwrap(), 1):
            rows.add_row(
                text(image if number == 1 else ""),
                str(number),
                lively(one),
                _fine(one.score),
                _fine(one.threshold),
                text(_why(one), "dim"),
            )
        if not outcome.unwrap():
            rows.add_row(text(image), "", text("no face", "dim"))
    return Group(rows, *_errors(images, outcomes), *_drawn(drawn))


def identifications(
    images: Sequence[Path], outcomes: Sequence[Outcome[list[Identification]]], drawn: "Targets"
) -> RenderableType:
    numbers = ("face", "score", "margin")
    checked = any(i.sample.liveness for o in outcomes if not o.error for i in o.unwrap())
    last = ("live",) if checked else ()
    rows = table(
        "file", "face", "decision", "subject", "score", "margin", "runner-up", *last, right=numbers
    )
    for image, outcome in zip(images, outcomes, strict=True):
        if outcome.error:
            rows.add_row(text(image), "", text(f"✗ {outcome.error.code}", "red"))
            continue
        for number, one in enumerate(outcome.unwrap(), 1):
            seen = [lively(one.sample.liveness)] if checked else []
            place = text(image if number == 1 else ""), str(number)
            rows.add_row(*place, *_identification(one), *seen)
        if not outcome.unwrap():
            rows.add_row(text(image), "", text("no face", "dim"))
    return Group(rows, *_thresholds(outcomes), *_errors(images, outcomes), *_drawn(drawn))


def _identification(found: Identification) -> Iterable[RenderableType]:
    best, second = (*found.candidates[:2], None, None)[:2]
    named = found.decision == "match"
    yield decided(found.decision)
    yield text(best.subject if best and named else "", "bold")
    yield score(best.score if best else None)
    yield score(found.margin)
    runner = second if named else best
    yield text(f"{runner.subject} {score(runner.score)}" if runner else "", "dim")


def _thresholds(outcomes: Sequence[Outcome[list[Identification]]]) -> Iterable[RenderableType]:
    """The limit that the decisions were made by: it is one for all of them."""
    limits = {i.threshold for o in outcomes if not o.error for i in o.unwrap()}
    for limit in sorted(limits, key=lambda t: t.score):
        rate = stands_for(limit, "strangers named at most")
        yield Text(f"threshold {score(limit.score)}: {rate}", style="dim")
        yield from _beyond(limit)


def _beyond(limit: Threshold) -> Iterable[Text]:
    """A note that cannot be missed where no measurement carries the decision."""
    if limit.extrapolated:
        words = "the threshold is extrapolated: no measurement reaches a rate as low as this"
        yield Text(marked(f"! {words}"), style="yellow")


def detections(
    images: Sequence[Path],
    outcomes: Sequence[Outcome[list[tuple[Face, Quality]]]],
    drawn: "Targets",
    limits: QualityLimits,
) -> RenderableType:
    numbers = ("face", "left", "top", "width", "height", "sure", "quality")
    rows = table("file", *numbers, "unfit", right=numbers)
    for image, outcome in zip(images, outcomes, strict=True):
        if outcome.error:
            rows.add_row(text(image), *[""] * 7, text(f"✗ {outcome.error.code}", "red"))
            continue
        for number, (face, quality) in enumerate(outcome.unwrap(), 1):
            place = (face.box[0], face.box[1], face.width, face.height)
            rows.add_row(
                text(image if number == 1 else ""),
                str(number),
                *(f"{value:.0f}" for value in place),
                f"{face.score:.2f}",
                f"{quality.score:.2f}",
                text(", ".join(limits.reasons(quality)), "yellow"),
            )
        if not outcome.unwrap():
            rows.add_row(text(image), *[""] * 7, text("no face", "dim"))
    return Group(rows, *_errors(images, outcomes), *_drawn(drawn))


def _errors(images: Sequence[Path], outcomes: Sequence[Outcome[list[T]]]) -> Iterable[Text]:
    for image, outcome in zip(images, outcomes, strict=True):
        if outcome.error:
            yield text(f"{image}: {outcome.error} ({outcome.error.code})", "red")


def _drawn(targets: "Targets") -> Iterable[Text]:
    for target in targets.values():
        if target.exists():
            yield text(f"drawn in {target}", "dim")


def enrolment(made: "Enrolment", photos: Sequence[Path]) -> RenderableType:
    stored = count(len(made.templates), "template")
    refused = [(photos[r.index], r) for r in made.rejected]
    return Group(verdict(True, f"enrolled {made.subject}: {stored} added"), *_refusals(refused))


def enrolments(done: "Sequence[Enrolled]") -> RenderableType:
    fresh = [d for d in done if d.templates]
    absent = [d for d in done if not d.present]
    refused = [pair for d in done for pair in d.refused]
    summary = {
        "enrolled": _tally(
            len(fresh), f"with {count(sum(d.templates for d in fresh), 'template')}"
        ),
        "already there": _tally(sum(d.skipped for d in done), "skipped"),
        "not enrolled": _tally(len(absent), "no usable photo"),
        "photos refused": _tally(len(refused), "each with its reason above"),
    }
    head = verdict(
        not absent, f"{len(done) - len(absent)} of {count(len(done), 'subject')} enrolled"
    )
    return Group(*_refusals(refused), head, facts({k: v for k, v in summary.items() if v}))


def _tally(number: int, remark: str) -> Text | str:
    return Text.assemble(f"{number:>6,}", (f"   {remark}", "dim")) if number else ""


def _refusals(refused: Sequence[tuple[Path, Rejection]]) -> Iterable[RenderableType]:
    """The refused photos under their reasons, each reason once."""
    reasons: dict[tuple[str, str], list[Path]] = {}
    for path, why in refused:
        reasons.setdefault((why.code, why.reason), []).append(path)
    for (code, reason), paths in sorted(reasons.items()):
        head = Text.assemble((f"{marked('!')} {code}  ", "yellow"), text(reason))
        yield Group(head, *(text(f"    {path}", "dim") for path in paths), "")


def embedded(made: "Vectors", out: Path) -> RenderableType:
    faces = count(len(made.rows), "face")
    refused = [(Path(name), Rejection(0, fault.code, str(fault))) for name, fault in made.refused]
    return Group(
        *_refusals(refused),
        verdict(bool(made.rows), f"{faces} in {out}" if made.rows else f"{faces}, nothing written"),
        facts(
            {
                "photos": f"{made.photos:,}",
                "without a usable face": f"{len(made.refused):,}" if made.refused else "",
                "vectors": f"{made.dim} numbers each, float32",
                "model": made.model,
            }
        ),
    )


def subject(person: Subject) -> RenderableType:
    return Group(
        Text.assemble(text(person.id, "bold"), "   ", text(_name(person), "dim")),
        facts(
            {
                "templates": str(person.templates),
                "enrolled": moment(person.created_at),
                "expires": moment(person.expires_at),
                "consent": text(person.consent_ref) if person.consent_ref else "",
                **{clean(key): text(value) for key, value in person.metadata.items()},
            }
        ),
    )


def _name(person: Subject) -> str:
    return person.name if person.name != person.id else ""


def subjects(people: Sequence[Subject], rest: str) -> RenderableType:
    """`rest` says how to see the next page; empty on the last one."""
    times = ("enrolled (UTC)", "expires (UTC)")
    rows = table("subject", "name", "templates", *times, right=("templates",))
    for person in people:
        rows.add_row(
            text(person.id, "bold"),
            text(_name(person)),
            str(person.templates),
            moment(person.created_at, zone=""),
            moment(person.expires_at, zone=""),
        )
    return Group(rows, Text(rest, style="dim")) if rest else rows


def receipt(proof: Receipt, words: str) -> RenderableType:
    beyond = [text(f"  · {line}", "dim") for line in proof.beyond_reach]
    return Group(
        verdict(True, words),
        facts(
            {
                "templates destroyed": str(proof.templates),
                "keys destroyed": str(proof.keys_destroyed),
                "audit record": str(proof.audit_seq),
                "pseudonym": proof.subject,
                "at": moment(proof.at),
            }
        ),
        *([Text("  beyond reach:", style="dim"), *beyond] if beyond else []),
    )
