"""Two result files of one kind, figure by figure: better, worse, or not to be told apart."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from visavis.errors import InputError
from visavis.report import significance
from visavis.report.walk import Finding, Verdict, Walk


@dataclass(frozen=True, slots=True)
class Result:
    """What is compared of a report's JSON file; `name` is the file's, with its folder's."""

    name: str
    slug: str
    title: str
    results: Mapping[str, Any]
    models: Mapping[str, str]
    data: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Comparison:
    """All figures of two results; `unmatched` are paths that only one has."""

    first: Result
    second: Result
    findings: tuple[Finding, ...]
    unmatched: tuple[str, ...]

    @property
    def same_data(self) -> bool:
        return _same_data(self.first, self.second)

    @property
    def tested(self) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if f.adjusted is not None)

    def count(self, verdict: Verdict) -> int:
        return sum(f.verdict == verdict for f in self.findings)


def read(path: Path) -> Result:
    """The result file of a report. Raises InputError for anything else."""
    try:
        document = json.loads(path.read_text("utf-8"))
        made = document["provenance"]
        parts = (document["slug"], document["title"], document["results"])
        name = "/".join(part for part in (path.parent.name, path.name) if part)
        return Result(name, *parts, dict(made["models"]), dict(made["data"]))
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"expected a report's JSON file, got {path.name}: {error}") from None


def compare(first: Result, second: Result) -> Comparison:
    """Every figure that stands under the same path in both, `second` against `first`.

    Outcomes and folds are tested only on the same data. p-values are corrected for the number of
    tests. Raises InputError for results of two kinds.
    """
    if first.slug != second.slug:
        raise InputError(f"expected two results of one kind, got {first.slug} and {second.slug}")
    walk = Walk([], paired=_same_data(first, second))
    findings = list(walk.down("", first.results, second.results))
    tests = [(place, f.test.p) for place, f in enumerate(findings) if f.test is not None]
    raised = significance.holm([p for _, p in tests])
    for (place, _), adjusted in zip(tests, raised, strict=True):
        findings[place] = replace(findings[place], adjusted=adjusted)
    return Comparison(first, second, tuple(findings), tuple(walk.unmatched))


def _same_data(first: Result, second: Result) -> bool:
    """Whether both say what they were measured on, and it is the same."""
    return bool(first.data) and sorted(first.data.values()) == sorted(second.data.values())
