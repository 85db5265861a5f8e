"""report compare."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from visavis.report.document import Provenance, Report
from visavis.report.write import write

Run = Callable[..., Any]
Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A result file of so many right answers in a hundred."""

    def make(right: int, slug: str = "pairs", data: str = "aa") -> Path:
        results = {"correct": [True] * right + [False] * (100 - right), "threshold": right / 200}
        made = Provenance("visavis evaluate", {}, "m", {}, {"set": data})
        folder = tmp_path / f"{right}-{data}"
        (path,) = write(Report(slug, "Pairs", "x", (), made, results), folder, ["json"])
        return path

    return make


def test_better_for_people_and_for_programs(run: Run, run_json: Run, make: Make) -> None:
    words = ("report", "compare", make(80), make(99))
    code, document = run_json(*words)
    assert (code, document["tested"]) == (0, 1)
    assert document["findings"][0]["verdict"] == "better"
    shown = run(*words)
    assert shown.exit_code == 0
    assert "better" in shown.stdout
    assert "1 other figure differ" in shown.stdout


def test_the_same_file_twice_is_not_distinguishable(run_json: Run, make: Make) -> None:
    path = make(80)
    _, document = run_json("report", "compare", path, path)
    assert [f["verdict"] for f in document["findings"]] == ["not distinguishable", "not tested"]


def test_other_data_are_said_aloud(run: Run, make: Make) -> None:
    shown = run("report", "compare", make(80), make(99, data="bb"))
    assert shown.exit_code == 0
    assert "different data" in shown.stderr


def test_a_page_is_written(run: Run, make: Make, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run("report", "compare", make(80), make(99), "--report", out).exit_code == 0
    assert sorted(p.name for p in out.iterdir()) == [
        "compare-pairs.html",
        "compare-pairs.json",
        "compare-pairs.md",
    ]
    assert json.loads((out / "compare-pairs.json").read_text())["slug"] == "compare-pairs"


def test_what_cannot_be_compared_is_exit_code_2(
    run: Run, run_json: Run, make: Make, tmp_path: Path
) -> None:
    code, document = run_json("report", "compare", make(80), make(81, slug="other"))
    assert (code, document["error"]["code"]) == (2, "input")
    (tmp_path / "x.json").write_text("[]")
    code, document = run_json("report", "compare", make(80), tmp_path / "x.json")
    assert (code, document["error"]["code"]) == (2, "input")
    assert run("report", "compare", make(80), tmp_path / "none.json").exit_code == 2
