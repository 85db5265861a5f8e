"""Two results, figure by figure."""

import json
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import binomtest

from visavis.errors import InputError
from visavis.report.compare import Comparison, Result, compare, read
from visavis.report.document import Report
from visavis.report.walk import Finding, direction
from visavis.report.write import write

DATA = {"set": "aa"}


def result(results: dict[str, Any], slug: str = "s", data: dict[str, str] | None = None) -> Result:
    return Result("r.json", slug, "Title", results, {}, DATA if data is None else data)


def both(first: dict[str, Any], second: dict[str, Any], **kinds: Any) -> Comparison:
    return compare(result(first, **kinds), result(second, **kinds))


def only(comparison: Comparison) -> Finding:
    (finding,) = comparison.findings
    return finding


def rate(events: int, trials: int, widen: float = 0.0) -> dict[str, Any]:
    low, high = binomtest(events, trials).proportion_ci(0.95, "exact")
    return {
        "events": events,
        "trials": trials,
        "low": max(0, low - widen),
        "high": high + widen,
        "confidence": 0.95,
    }


def test_rates_of_independent_trials_are_tested_exactly() -> None:
    found = only(both({"fnmr": rate(3, 4)}, {"fnmr": rate(1, 4)}))
    assert found.test is not None
    assert (found.test.name, found.test.p) == ("Fisher", pytest.approx(34 / 70))
    assert (found.first, found.second, found.verdict) == (0.75, 0.25, "not distinguishable")


def test_rates_with_wider_intervals_are_tested_by_them() -> None:
    first, second = rate(100, 1000), rate(140, 1000)
    narrow = only(both({"fmr": first}, {"fmr": second}))
    wide = only(both({"fmr": rate(100, 1000, 0.05)}, {"fmr": rate(140, 1000, 0.05)}))
    assert narrow.verdict == "worse"
    assert wide.test is not None
    assert (wide.test.name, wide.verdict) == ("intervals", "not distinguishable")


def test_a_rate_without_trials_is_no_figure() -> None:
    nothing = {"events": 0, "trials": 0, "low": 0.0, "high": 1.0}
    assert both({"fmr": nothing}, {"fmr": rate(1, 4)}).findings == ()


def test_more_events_than_trials_are_no_rate() -> None:
    wrong = {"events": 5, "trials": 4, "low": 0.0, "high": 1.0}
    assert both({"fmr": wrong}, {"fmr": wrong}).tested == ()


def test_estimates_are_tested_by_their_intervals() -> None:
    a = {"value": 0.9, "low": 0.89, "high": 0.91, "confidence": 0.95}
    b = {"value": 0.95, "low": 0.94, "high": 0.96, "confidence": 0.95}
    points = [{"points": [{"fmr": 1e-4, "tmr": tmr}]} for tmr in (a, b)]
    (found,) = both(*points).tested
    assert (found.path, found.verdict) == ("points[fmr 0.0001].tmr", "better")


def test_outcomes_of_the_same_trials_are_paired() -> None:
    first = [True] * 2 + [False] * 10 + [True] * 90
    second = [False] * 2 + [True] * 10 + [True] * 90
    found = only(both({"outcomes": first}, {"outcomes": second}))
    assert found.test is not None
    assert found.test.name == "McNemar"
    assert found.verdict == "better"
    assert only(both({"outcomes": second}, {"outcomes": first})).verdict == "worse"


@pytest.mark.parametrize(
    "data", [({"a": "x"}, {"a": "y"}), ({}, {})], ids=["different", "not said"]
)
def test_on_other_data_nothing_is_paired(data: tuple[dict[str, str], dict[str, str]]) -> None:
    measured = {"outcomes": [True, False], "folds": [0.9, 0.8]}
    first, second = (result(measured, data=d) for d in data)
    found = compare(first, second)
    assert not found.same_data
    assert [f.test for f in found.findings] == [None, None]


@pytest.mark.parametrize("wrap", [lambda a: a, lambda a: {"accuracy": a, "threshold": 0.3}])
def test_folds_are_tested_in_both_forms(wrap: Any) -> None:
    first, second = (
        {"folds": [wrap(a) for a in x]} for x in ([0.90, 0.91, 0.92], [0.95, 0.97, 0.99])
    )
    found = only(both(first, second))
    assert found.test is not None
    assert (found.test.name, found.path) == ("paired t", "folds")
    assert found.second == pytest.approx(0.97)


def test_numbers_are_compared_without_a_claim() -> None:
    found = only(both({"a": {"threshold": 0.3}}, {"a": {"threshold": 0.4}}))
    assert (found.path, found.adjusted, found.verdict) == ("a.threshold", None, "not tested")
    assert found.difference == pytest.approx(0.1)


def test_p_is_raised_for_the_number_of_tests() -> None:
    names = [f"fnmr{i}" for i in range(5)]
    one = both({"fnmr": rate(10, 100)}, {"fnmr": rate(22, 100)})
    five = both(dict.fromkeys(names, rate(10, 100)), dict.fromkeys(names, rate(22, 100)))
    raw = only(one).test
    assert raw is not None
    assert [f.adjusted for f in five.findings] == pytest.approx([5 * raw.p] * 5)
    assert (one.count("worse"), five.count("worse"), five.count("not distinguishable")) == (1, 0, 5)


def test_entries_are_found_by_name_and_not_by_place() -> None:
    first = {"systems": [{"name": "a", "n": 1}, {"name": "b", "n": 2}]}
    second = {"systems": [{"name": "b", "n": 5}, {"name": "c", "n": 3}]}
    found = both(first, second)
    assert [(f.path, f.first, f.second) for f in found.findings] == [("systems[name b].n", 2, 5)]
    assert found.unmatched == ("systems[name a]", "systems[name c]")


def test_what_stands_in_one_alone_is_said() -> None:
    found = both({"x": 1, "deep": [[1], [2]], "eer": None}, {"y": 1, "deep": [[1]], "eer": 0.1})
    assert set(found.unmatched) == {"x", "y", "deep", "eer"}


def test_curves_texts_and_booleans_are_no_figures() -> None:
    measured = {"curve": [0.1, 0.2], "name": "a", "supported": True, "none": []}
    assert both(measured, {**measured, "supported": False}).findings == ()


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("points[fmr 0.0001].tmr", 1),
        ("tmr.at_fmr", -1),
        ("far", -1),
        ("false_positives", -1),
        ("rank_one", 1),
        ("best_accuracy", 1),
        ("threshold", 0),
        ("groups[name far away].size", 0),
    ],
)
def test_which_way_is_better(path: str, wanted: int) -> None:
    assert direction(path) == wanted


def test_unknown_names_are_higher_or_lower() -> None:
    found = only(both({"share": rate(10, 1000)}, {"share": rate(100, 1000)}))
    assert found.verdict == "higher"


def test_two_kinds_cannot_be_compared() -> None:
    with pytest.raises(InputError, match="expected two results of one kind, got a and b"):
        compare(result({}, "a"), result({}, "b"))


def test_reading_what_was_written(report: Report, tmp_path: Path) -> None:
    (path,) = write(report, tmp_path, ["json"])
    found = read(path)
    assert (found.slug, found.results["tmr"]) == ("sample", 0.123457)
    again = compare(found, found)
    assert [f.verdict for f in again.tested] == ["not distinguishable"]


@pytest.mark.parametrize("text", ["", "[]", "{}", json.dumps({"slug": 1}), '{"provenance": 3}'])
def test_other_files_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"expected a report's JSON file, got x\.json"):
        read(path)
