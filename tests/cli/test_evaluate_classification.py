"""evaluate classification."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.mark.parametrize("method", ["nearest-mean", "nearest-neighbour"])
def test_fakes_are_told_apart(method: str, run: Run, run_json: Run, staff: Path) -> None:
    words = ("--least", 2, "--train", 1, "--method", method)
    code, document = run_json("evaluate", "classification", staff, *words)
    assert code == 0
    found = document["classification"]
    assert (found["people"], found["accuracy"]["trials"]) == (3, 3)
    assert found["accuracy"]["value"] == 1
    assert found["macro"]["f1"] == 1
    assert [c["label"] for c in found["classes"]] == ["ada", "ben", "cleo"]
    shown = run("evaluate", "classification", staff, *words).stdout
    assert "100.00 % (3 of 3)" in shown


def test_too_few_pictures(run_json: Run, staff: Path) -> None:
    code, document = run_json("evaluate", "classification", staff)
    assert (code, document["error"]["code"]) == (2, "bad_dataset")
