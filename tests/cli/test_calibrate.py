"""calibrate: on a folder of people and on a gallery's templates."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from visavis.models.calibration import load

Run = Callable[..., Any]
PEOPLE = 40


@pytest.fixture
def crowd(shoot: Run, tmp_path: Path) -> Path:
    """Forty people with two photos each."""
    for number in range(PEOPLE):
        for seed in (1, 2):
            shoot(f"person {number}", seed=seed, at=f"crowd/p{number:02}/{seed}.png")
    return tmp_path / "crowd"


def test_a_table_of_ones_own_people(run_json: Run, crowd: Path, tmp_path: Path) -> None:
    out = tmp_path / "own.json"
    code, document = run_json("calibrate", crowd, "--out", out, "--name", "our staff")
    assert code == 0
    assert (document["dataset"], document["identities"]) == ("our staff", PEOPLE)
    assert document["pairs"] == (80 * 79 // 2) - PEOPLE
    measured = [p for p in document["points"] if not p["extrapolated"]]
    beyond = [p for p in document["points"] if p["extrapolated"]]
    assert min(p["fmr"] for p in measured) == document["measured"]
    assert all(p["fmr"] < document["measured"] for p in beyond)
    assert all(p["low"] < p["high"] for p in document["points"])
    assert load(out, "fake-1").identities == PEOPLE


def test_the_table_for_people(run: Run, crowd: Path) -> None:
    result = run("calibrate", crowd)
    assert result.exit_code == 0
    assert "measured down to" in result.stdout
    assert "lower rates are refused" in result.stdout
    assert "written to" not in result.stdout


def test_pictures_without_a_face_are_counted(run: Run, shoot: Run, crowd: Path) -> None:
    shoot(at="crowd/p00/nobody.png")
    assert "1 picture gave no face" in run("calibrate", crowd).stderr


def test_the_gallerys_templates_name_nobody(
    run: Run, run_json: Run, crowd: Path, tmp_path: Path
) -> None:
    run("enrol", "--from-folder", crowd, "--review", "off")
    out = tmp_path / "own.json"
    code, document = run_json("calibrate", "--enrolled", "--out", out)
    assert code == 0
    assert document["model"] == "fake-1"
    assert 20 <= document["identities"] <= PEOPLE
    assert "p01" not in json.dumps(document)
    assert "p01" not in out.read_text()
    assert "p01" not in run("calibrate", "--enrolled").stdout


def test_too_few_people_are_refused(run_json: Run, staff: Path) -> None:
    code, document = run_json("calibrate", staff)
    assert (code, document["error"]["code"]) == (2, "bad_dataset")
    assert "20 people or more" in document["error"]["message"]


def test_an_empty_collection_is_refused(run: Run, run_json: Run, staff: Path) -> None:
    run("enrol", "ada", staff / "ada" / "1.png")
    run("subjects", "forget", "ada", "--yes")
    code, document = run_json("calibrate", "--enrolled")
    assert (code, document["error"]["code"]) == (2, "bad_dataset")


def test_there_must_be_a_gallery(run_json: Run) -> None:
    assert run_json("calibrate", "--enrolled")[0] == 3


@pytest.mark.parametrize("words", [(), ("--enrolled",)])
def test_either_a_folder_or_the_gallery(run_json: Run, staff: Path, words: tuple[str]) -> None:
    given = (staff, *words) if words else ()
    code, document = run_json("calibrate", *given)
    assert (code, document["error"]["code"]) == (2, "usage")
    assert "either DIR or --enrolled" in document["error"]["message"]
