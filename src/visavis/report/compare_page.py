"""A comparison of two results as a page."""

from typing import Final

from visavis.report.compare import Comparison, Result
from visavis.report.document import Block, Note, Provenance, Report, Section, Table, Text, plain
from visavis.report.walk import LEVEL, Finding, Verdict
from visavis.report.words import literal

_MOST: Final = 200


def page(comparison: Comparison, provenance: Provenance) -> Report:
    """What differs, what cannot be told apart, and what was not tested."""
    tested, rest = comparison.tested, _changed(comparison)
    sections = [Section("What is compared", tuple(_sides(comparison)))]
    if tested:
        sections.append(Section("Tested figures", (_tests(tested), Text(HOW))))
    if rest:
        sections.append(Section("Other figures", tuple(_others(rest))))
    return Report(
        f"compare-{comparison.first.slug}",
        f"Compared: {comparison.first.title}",
        lead(comparison),
        tuple(sections),
        provenance,
        {"comparison": document(comparison)},
    )


HOW: Final = (
    "The difference is B less A, with a 95 % interval of that figure alone. Outcomes of the same "
    "trials are compared by McNemar's exact test, accuracies of the same folds by the paired "
    "t-test, counts of independent trials by Fisher's exact test, all else by the intervals that "
    "the results state. The last two take A and B as independent samples: on the same pictures "
    "they tend to see too little difference, not too much. p is corrected for the number of tests "
    "after Holm."
)


def lead(comparison: Comparison) -> str:
    """The conclusion in a few sentences, as Markdown."""
    tested = len(comparison.tested)
    names = (literal(comparison.second.name), literal(comparison.first.name))
    if not tested:
        return f"Nothing in {names[0]} can be tested against {names[1]}." + _loud(comparison)
    kinds: tuple[Verdict, ...] = ("better", "worse", "higher", "lower", "not distinguishable")
    counts = [(comparison.count(kind), kind) for kind in kinds]
    told = ", ".join(f"{n} {kind}" for n, kind in counts if n)
    return (
        f"Tested were {tested} figures of {names[0]} (B) against {names[1]} (A). B is: {told}, at "
        f"{LEVEL * 100:g} % after Holm's correction for so many tests." + _loud(comparison)
    )


def warning(comparison: Comparison) -> str:
    """What is wrong with comparing these two; empty where they have the same data."""
    if comparison.same_data:
        return ""
    if not (comparison.first.data and comparison.second.data):
        return "A or B does not say what data it was measured on: differences may come from that."
    return "A and B were measured on different data: differences may come from that alone."


def document(comparison: Comparison) -> dict[str, object]:
    """The comparison as JSON knows it."""
    findings = [
        {**plain(f), "difference": f.difference, "verdict": f.verdict} for f in comparison.findings
    ]
    return {
        "first": _named(comparison.first),
        "second": _named(comparison.second),
        "same_data": comparison.same_data,
        "tested": len(comparison.tested),
        "findings": findings,
        "unmatched": list(comparison.unmatched),
    }


def figure(value: float) -> str:
    """A figure to four digits."""
    return f"{value:.4g}"


def interval(finding: Finding) -> str:
    """The limits of the difference."""
    test = finding.test
    return "" if test is None else f"{test.low:+.2g} to {test.high:+.2g}"


def _loud(comparison: Comparison) -> str:
    said = warning(comparison)
    return f" **{said}**" if said else ""


def _named(result: Result) -> dict[str, object]:
    return {"file": result.name, "models": dict(result.models), "data": dict(result.data)}


def _sides(comparison: Comparison) -> list[Block]:
    rows = tuple(
        (side, one.name, ", ".join(sorted(one.models)), ", ".join(sorted(one.data)))
        for side, one in (("A", comparison.first), ("B", comparison.second))
    )
    blocks: list[Block] = [Table(("", "file", "models", "data"), rows, "What A and B stand for.")]
    if said := warning(comparison):
        blocks.append(Note(said))
    if comparison.unmatched:
        paths = ", ".join(literal(path) for path in comparison.unmatched[:20])
        more = len(comparison.unmatched) - 20
        blocks.append(
            Note(f"Only in A or only in B: {paths}" + (f" and {more} more." if more > 0 else "."))
        )
    return blocks


def _tests(tested: tuple[Finding, ...]) -> Table:
    rows = tuple(
        (
            f.path,
            figure(f.first),
            figure(f.second),
            f"{f.difference:+.3g}",
            interval(f),
            "" if f.test is None else f.test.name,
            "" if f.adjusted is None else f"{f.adjusted:.2g}",
            f.verdict,
        )
        for f in tested
    )
    head = ("figure", "A", "B", "difference", "95 % interval", "test", "p, corrected", "B is")
    differing = sum((f.adjusted or 0) < LEVEL for f in tested)
    caption = f"{differing} of {len(tested)} tested figures differ by more than chance explains."
    return Table(head, rows, caption)


def _others(rest: list[Finding]) -> list[Block]:
    rows = tuple(
        (f.path, figure(f.first), figure(f.second), f"{f.difference:+.3g}") for f in rest[:_MOST]
    )
    head = ("figure", "A", "B", "difference")
    caption = f"{len(rest)} figures differ that carry no interval; nothing is claimed of them."
    blocks: list[Block] = [Table(head, rows, caption)]
    if len(rest) > _MOST:
        blocks.append(Note(f"The first {_MOST} are shown; the JSON file has all."))
    return blocks


def _changed(comparison: Comparison) -> list[Finding]:
    return [f for f in comparison.findings if f.adjusted is None and f.difference]
