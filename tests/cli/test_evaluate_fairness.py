"""evaluate fairness and report fairness."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.fixture
def labelled(shoot: Run, tmp_path: Path) -> Path:
    """Twenty people in two groups with a picture each, and one picture of nobody."""
    folder = tmp_path / "set"
    rows = []
    for i in range(20):
        shoot(f"person {i}", at=f"set/{i}.png")
        rows.append((f"{i}.png", "ab"[i % 2], "20-29"))
    shoot(at="set/nobody.png")
    rows.append(("nobody.png", "a", "20-29"))
    with (folder / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file", "site", "age"), *rows])
    return folder


def test_groups_of_ones_own(run: Run, run_json: Run, labelled: Path) -> None:
    words = ("evaluate", "fairness", labelled, "--by", "site", "--fmr", "0.5", "--fmr", "0.9")
    code, document = run_json(*words)
    assert code == 0
    found = document["fairness"]
    assert [limit["rate"] for limit in found["limits"]] == [0.9, 0.5]
    [grouping] = found["groupings"]
    assert [g["name"] for g in grouping["groups"]] == ["a", "b"]
    assert grouping["groups"][0]["detected"]["events"] == 10
    assert grouping["groups"][0]["detected"]["trials"] == 11
    assert grouping["limits"][0]["cells"][0][1]["trials"] == 100
    assert found["left_out"] == 0
    assert document["provenance"]["data"]
    shown = run(*words).stdout
    assert "90.9 %" in shown  # 10 of 11 pictures of group a show a face
    assert "FMR at 50 %" in shown


def test_the_page(run: Run, labelled: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ("--by", "site", "--by", "site,age", "--fmr", "0.5")
    result = run("report", "fairness", labelled, "--out", out, *words)
    assert result.exit_code == 0, result.output
    [page] = out.glob("*.json")
    written = json.loads(page.read_text())
    assert str(page) in result.stdout
    assert "site × age" in (page.with_suffix(".md")).read_text()
    assert written["results"]["fairness"]["pictures"] == 21
    assert str(tmp_path) not in page.with_suffix(".html").read_text()


@pytest.mark.parametrize(
    ("words", "code"),
    [(("--by", "shoe"), "bad_dataset"), (("--fmr", "2"), "usage")],
)
def test_what_cannot_be(words: tuple[str, ...], code: str, run_json: Run, labelled: Path) -> None:
    exit_code, document = run_json("evaluate", "fairness", labelled, *words)
    assert (exit_code, document["error"]["code"]) == (2, code)
