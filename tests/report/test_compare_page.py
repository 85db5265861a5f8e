"""A comparison as a page."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from visavis.report.compare import Comparison, Result, compare
from visavis.report.compare_page import document, lead, page, warning
from visavis.report.document import Note, Provenance, Table, plain
from visavis.report.write import write

MADE = Provenance("visavis report compare a.json b.json", {}, "m")
RIGHT = [True] * 80


def result(name: str, results: dict[str, Any], data: str = "aa") -> Result:
    return Result(name, "s", "LFW", results, {"sface": "11"}, {"lfw": data})


def comparison(data: str = "aa", more: int = 1) -> Comparison:
    first = {"correct": RIGHT + [False] * 20, "threshold": 0.3, "old": 1}
    second = {"correct": RIGHT + [True] * 20, "threshold": 0.4} | {f"n{i}": i for i in range(more)}
    return compare(result("a_b*.json", first), result("b.json", second, data))


def test_the_lead_says_how_many_and_which_way() -> None:
    assert lead(comparison()) == (
        r"Tested were 1 figures of b.json (B) against a\_b\*.json (A). B is: 1 better, at 5 % "
        "after Holm's correction for so many tests."
    )


def test_other_data_are_loud() -> None:
    other = comparison(data="bb")
    assert "different data" in warning(other)
    assert f"**{warning(other)}**" in lead(other)
    assert lead(other).startswith("Nothing in b.json can be tested")
    notes = [b for s in page(other, MADE).sections for b in s.blocks if isinstance(b, Note)]
    assert notes[0].markdown == warning(other)
    silent = replace(other, first=replace(other.first, data={}))
    assert "does not say" in warning(silent)
    assert warning(comparison()) == ""


def test_the_page_has_tested_and_untested_figures(tmp_path: Path) -> None:
    made = page(comparison(), MADE)
    tables = {s.title: b for s in made.sections for b in s.blocks if isinstance(b, Table)}
    (row,) = tables["Tested figures"].rows
    assert (row[0], row[1], row[2], row[3]) == ("correct", "0.8", "1", "+0.2")
    assert (row[5], row[7]) == ("McNemar", "better")
    assert [r[0] for r in tables["Other figures"].rows] == ["threshold"]
    assert len(write(made, tmp_path)) == 3
    assert (tmp_path / "compare-s.html").exists()


def test_what_one_has_alone_is_listed_up_to_twenty() -> None:
    (note,) = [b for b in page(comparison(more=30), MADE).sections[0].blocks if isinstance(b, Note)]
    assert note.markdown.startswith("Only in A or only in B: old, n0")
    assert note.markdown.endswith("and 11 more.")


def test_the_document_is_plain() -> None:
    made: Any = document(comparison())
    assert plain(made) == made
    first = made["findings"][0]
    assert (first["path"], first["verdict"], made["same_data"]) == ("correct", "better", True)
