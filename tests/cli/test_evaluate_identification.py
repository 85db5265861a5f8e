"""evaluate identification, on fakes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.fixture
def people(staff: Path, shoot: Run) -> Path:
    """Ada, Ben and Cleo with two photos each; Dee and Eli with one, Eli's without a face."""
    shoot("dee", at="staff/dee/1.png")
    shoot(at="staff/eli/1.png")
    return staff


def test_the_enrolled_are_found_and_strangers_are_not(run_json: Run, people: Path) -> None:
    code, document = run_json("evaluate", "identification", people)
    found = document["identification"]
    assert code == 0
    assert (found["people"], found["probes"], found["strangers"]) == (3, 3, 2)
    assert (found["failed_strangers"], found["rank_one"]["events"]) == (1, 3)
    assert found["cmc"][:3] == [1, 1, 1]
    point = found["points"][2]
    assert (point["fpir"], point["fnir"]["events"], point["supported"]) == (0.01, 0, False)
    assert point["false_positives"]["events"] == 0
    assert list(document["provenance"]["data"]) == ["staff"]


def test_people_read_what_counts(run: Run, people: Path) -> None:
    shown = run("evaluate", "identification", people).stdout
    assert "3 people enrolled, 3 searches for them, 2 by strangers" in shown
    assert "100.00 % (3 of 3)" in shown
    assert "1: 100.00 %, 2: 100.00 %" in shown
    assert "1 stranger" in shown
    assert "2 strangers' searches are too few" in shown


def test_without_strangers_people_are_told(run: Run, staff: Path) -> None:
    assert "--held-out makes some" in run("evaluate", "identification", staff).stdout
    found = run("evaluate", "identification", staff, "--held-out", "0.34").stdout
    assert "2 people enrolled, 2 searches for them, 2 by strangers" in found


def test_more_pictures_enrolled(run_json: Run, people: Path, shoot: Run) -> None:
    shoot("ada", seed=3, at="staff/ada/3.png")
    found = run_json("evaluate", "identification", people, "--enrol", 2)[1]["identification"]
    assert (found["people"], found["templates"], found["probes"]) == (1, 2, 1)
    # two each of Ben and Cleo, who have too few, one of Dee and one of Eli
    assert found["strangers"] == 6


def test_nobody_to_enrol_is_exit_code_2(run_json: Run, people: Path) -> None:
    code, document = run_json("evaluate", "identification", people, "--enrol", 5)
    assert (code, document["error"]["code"]) == (2, "bad_dataset")
