"""demo: every answer is checked, and the exit code says so."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from visavis.image import decode
from visavis.settings import Settings

Run = Callable[..., Any]


def test_right_answers_are_exit_code_0_and_a_picture(run: Run, staff: Path, tmp_path: Path) -> None:
    result = run("demo", "--photos", staff, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "3 of 3 answers right" in result.stdout
    assert decode(tmp_path / "out" / "demo.png").shape[2] == 3


def test_a_wrong_answer_is_exit_code_1(
    run_json: Run, staff: Path, shoot: Run, tmp_path: Path
) -> None:
    shoot("ada", seed=9, at="staff/ben/3.png")
    code, document = run_json("demo", "--photos", staff, "--out", tmp_path / "out")
    assert code == 1
    wrong = [a for a in document["answers"] if not a["right"]]
    assert [(a["expected"], a["found"]) for a in wrong] == [(["ben"], ["ada"])]


def test_the_users_own_gallery_is_left_alone(run: Run, staff: Path, tmp_path: Path) -> None:
    run("demo", "--photos", staff, "--out", tmp_path / "out")
    settings = Settings.load()
    assert not settings.gallery.exists()
    assert not settings.master_key_file.exists()
