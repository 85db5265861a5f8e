"""Results as JSON."""

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from visavis.report.document import Report, plain
from visavis.report.results import as_json, dump

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
@settings(max_examples=40)
def test_what_is_written_is_read_again(value: Any) -> None:
    assert json.loads(dump(value)) == value


def test_sorted_rounded_and_short_lists_on_one_line() -> None:
    made = dump({"b": [0.1234567891, 1e-9, float("inf")], "a": {"z": [], "y": [{"x": 1}]}})
    assert made.decode() == (
        '{\n  "a": {\n    "y": [\n      {\n        "x": 1\n      }\n    ],\n    "z": []\n  },\n'
        '  "b": [0.123457, 1e-09, null]\n}\n'
    )


def test_a_report_keeps_everything_but_its_sections(report: Report, evil: str) -> None:
    document: Mapping[str, Any] = json.loads(as_json(report))
    assert list(document) == ["lead", "provenance", "results", "slug", "title"]
    assert document["title"] == report.title
    assert document["results"] == {"tmr": 0.123457, "none": None, evil: [True, False]}
    assert document["provenance"] == plain(report.provenance)
