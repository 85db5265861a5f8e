"""The most alike strangers of a set by file name, each judged by eye."""

from visavis.datasets.lfw import Errata
from visavis.evaluate.allpairs import AllPairs
from visavis.report.document import Table, Text

_SHOWN = 100


def top_pairs(pairs: AllPairs, errata: Errata | None) -> tuple[Text, Table]:
    """The strangers that score highest in the set as it is, and what was seen of each pair."""
    verdicts = _verdicts(errata)
    rows = [
        (k, f"{c.score:.4f}", c.first, c.second, _judged(c.first, c.second, errata, verdicts))
        for k, c in enumerate(pairs.top(_SHOWN), 1)
    ]
    errors = sum(1 for row in rows if str(row[4]).startswith("label error"))
    return (
        Text(
            f"The {len(rows)} pairs of “different” people that score highest were looked at one by "
            f"one; {errors} are label errors."
        ),
        Table(
            ("", "score", "first", "second", "judged"),
            tuple(rows),
            "By file name, with what was seen. Twins and brothers are no label errors and stay in.",
        ),
    )


def _verdicts(errata: Errata | None) -> dict[frozenset[str], str]:
    """What was said of two people, by their names."""
    entries = errata.entries if errata else ()
    return {
        frozenset((e.first.split("/")[0], e.second.split("/")[0])): f"{e.verdict}: {e.note}"
        for e in entries
        if e.verdict != "wrong_name"
    }


def _judged(
    first: str, second: str, errata: Errata | None, verdicts: dict[frozenset[str], str]
) -> str:
    if errata is None:
        return "not looked at"
    for name in (first, second):
        if name in errata.left_out:
            return f"label error: {name.split('/')[-1]} is under a wrong name"
    said = verdicts.get(frozenset((first.split("/")[0], second.split("/")[0])), "not looked at")
    verdict, _, note = said.partition(": ")
    match verdict:
        case "same_person" | "duplicate":
            return f"label error: {note}"
        case "different":
            return f"different people{f': {note}' if note else ''}"
        case _:
            return verdict
