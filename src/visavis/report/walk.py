"""Down two results at once: the figures that stand under the same path, and what tests them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias

from visavis.report import significance
from visavis.report.significance import Interval, Test

LEVEL: Final = 0.05
Verdict: TypeAlias = Literal[
    "better", "worse", "higher", "lower", "not distinguishable", "not tested"
]
_KEYS: Final = ("name", "label", "condition", "group", "fmr", "fpir", "rank", "severity")
"""What tells the entries of a list apart, in this order."""
_LESS: Final = re.compile(
    r"fmr|fnmr|fpir|fnir|far|frr|eer|hter|apcer|bpcer|acer|iapar|ft[ae]|errors?|wrong|false|missed"
    r"|misidentified|failed|ece|brier|loss|mae|rmse|latency|seconds|milliseconds|ms"
)
_MORE: Final = re.compile(
    r"tmr|tpir|tar|accurac(y|ies)|auc|rank|correct|outcomes|precision|recall|f1|detected|cmc|true"
    r"|right|folds"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """A figure in both files. `adjusted` is p after Holm's correction, None where untested."""

    path: str
    first: float
    second: float
    test: Test | None = None
    adjusted: float | None = None

    @property
    def difference(self) -> float:
        return self.second - self.first

    @property
    def verdict(self) -> Verdict:
        """What the second is against the first; "higher" where nobody said what is good."""
        if self.adjusted is None:
            return "not tested"
        if self.adjusted >= LEVEL:
            return "not distinguishable"
        match direction(self.path):
            case 0:
                return "higher" if self.difference > 0 else "lower"
            case wanted:
                return "better" if self.difference * wanted > 0 else "worse"


def direction(path: str) -> int:
    """1 where more is better, -1 where less is, 0 where the name does not say."""
    for part in reversed(re.sub(r"\[[^\]]*\]", "", path).split(".")):
        for word in re.findall(r"[a-z]+\d?", part.lower()):
            if _LESS.fullmatch(word):
                return -1
            if _MORE.fullmatch(word):
                return 1
    return 0


@dataclass(frozen=True, slots=True)
class Walk:
    """Down both results at once; `paired` says that trials and folds are the same in both."""

    unmatched: list[str]
    paired: bool

    def down(self, path: str, first: Any, second: Any) -> Iterator[Finding]:
        match first, second:
            case (dict(), dict()) if _is_rate(first) and _is_rate(second):
                yield from _rates(path, first, second)
            case (dict(), dict()) if _is_estimate(first) and _is_estimate(second):
                test = significance.intervals(_interval(first), _interval(second))
                yield Finding(path, first["value"], second["value"], test)
            case (dict(), dict()):
                yield from self._mappings(path, first, second)
            case (list(), list()) if _all(first + second, bool):
                yield from self._outcomes(path, first, second)
            case (list(), list()) if _folds(path, first) and _folds(path, second):
                yield from self._folds(path, _folds(path, first), _folds(path, second))
            case (list(), list()) if _nested(first) and _nested(second):
                yield from self._lists(path, _keyed(first), _keyed(second))
            case _ if _number(first) and _number(second):
                yield Finding(path, first, second)
            case _ if (first is None) is not (second is None):
                self.unmatched.append(path)

    def _mappings(
        self, path: str, first: dict[str, Any], second: dict[str, Any], *, listed: bool = False
    ) -> Iterator[Finding]:
        for key in {**first, **second}:
            below = f"{path}[{key}]" if listed else f"{path}.{key}".lstrip(".")
            if key in first and key in second:
                yield from self.down(below, first[key], second[key])
            else:
                self.unmatched.append(below)

    def _lists(self, path: str, first: dict[str, Any], second: dict[str, Any]) -> Iterator[Finding]:
        """Entries without a name stand for the same only in lists of one length."""
        if len(first) != len(second) and "0" in {**first, **second}:
            self.unmatched.append(path)
        else:
            yield from self._mappings(path, first, second, listed=True)

    def _outcomes(self, path: str, first: list[bool], second: list[bool]) -> Iterator[Finding]:
        if not first or not second:
            return
        test = None
        if self.paired and len(first) == len(second):
            test = significance.outcomes(first, second)
        yield Finding(path, sum(first) / len(first), sum(second) / len(second), test)

    def _folds(self, path: str, first: list[float], second: list[float]) -> Iterator[Finding]:
        test = None
        if self.paired and len(first) == len(second) > 1:
            test = significance.folds(first, second)
        yield Finding(path, sum(first) / len(first), sum(second) / len(second), test)


def _rates(path: str, first: dict[str, Any], second: dict[str, Any]) -> Iterator[Finding]:
    """Exact where both intervals are those of independent trials, else by the intervals."""
    if not first["trials"] or not second["trials"]:
        return
    given = [
        (r["events"], r["trials"], _interval(r | {"value": r["events"] / r["trials"]}))
        for r in (first, second)
    ]
    test = significance.intervals(given[0][2], given[1][2])
    if test is not None and all(significance.exact(*rate) for rate in given):
        p = significance.counts(given[0][:2], given[1][:2])
        test = replace(test, name="Fisher", p=p)
    yield Finding(path, given[0][2].value, given[1][2].value, test)


def _is_rate(value: dict[str, Any]) -> bool:
    counts = [value.get(key) for key in ("events", "trials")]
    limits = all(_number(value.get(key)) for key in ("low", "high"))
    return limits and _all(counts, int) and 0 <= value["events"] <= value["trials"]


def _is_estimate(value: dict[str, Any]) -> bool:
    return all(_number(value.get(key)) for key in ("value", "low", "high"))


def _interval(value: dict[str, Any]) -> Interval:
    return Interval(value["value"], value["low"], value["high"], value.get("confidence", 0.95))


def _folds(path: str, value: list[Any]) -> list[float]:
    """The accuracies of folds, of whichever of two forms; empty for any other list."""
    if not re.search(r"fold|accuracies", path.rpartition(".")[2]):
        return []
    found: list[Any] = [v.get("accuracy") if isinstance(v, dict) else v for v in value]
    return found if all(_number(v) for v in found) else []


def _keyed(entries: list[Any]) -> dict[str, Any]:
    """The entries by what tells them apart, or by their place."""
    for key in _KEYS if _all(entries, dict) else ():
        names = [f"{key} {entry.get(key)}" for entry in entries]
        if all(key in entry for entry in entries) and len(set(names)) == len(names):
            return dict(zip(names, entries, strict=True))
    return {str(place): entry for place, entry in enumerate(entries)}


def _nested(values: list[Any]) -> bool:
    return any(isinstance(value, dict | list) for value in values)


def _all(values: list[Any], kind: type) -> bool:
    return bool(values) and all(isinstance(value, kind) for value in values)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
