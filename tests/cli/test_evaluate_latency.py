"""evaluate latency: structure, never times."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

Run = Callable[..., Any]


def test_every_stage_is_there(run: Run, run_json: Run, staff: Path) -> None:
    code, document = run_json("evaluate", "latency", staff)
    assert code == 0
    found = document["latency"]
    assert [s["name"] for s in found["stages"]] == [
        "decode",
        "detect",
        "quality",
        "align and embed",
    ]
    assert (found["pictures"], found["skipped"]) == (6, 0)
    assert found["whole"]["mean"] > 0
    shown = run("evaluate", "latency", staff).stdout
    assert "align and embed" in shown
    assert "photos a second" in shown


def test_some_of_many(run_json: Run, staff: Path) -> None:
    _, document = run_json("evaluate", "latency", staff, "--images", 4)
    assert document["latency"]["pictures"] == 4


def test_an_empty_folder(run_json: Run, tmp_path: Path) -> None:
    code, document = run_json("evaluate", "latency", tmp_path)
    assert (code, document["error"]["code"]) == (2, "input")
