from pathlib import Path
from typing import Any

from visavis.evaluate.conditions import CONDITIONS


def test_measures_a_folder_of_people(run_json: Any, staff: Path) -> None:
    code, document = run_json("evaluate", "robustness", staff, "--people", "2")
    assert code == 0
    found = document["robustness"]
    assert found["people"] == 2
    assert found["baseline"]["end_to_end"]["trials"] == 2
    assert len(found["cells"]) == sum(len(c.values) for c in CONDITIONS)
    assert document["provenance"]["data"]


def test_shows_every_condition(run: Any, staff: Path) -> None:
    shown = run("evaluate", "robustness", staff, "--people", "1")
    assert shown.exit_code == 0
    assert all(c.kind in shown.stdout for c in CONDITIONS)


def test_nobody_with_two_pictures_is_unusable_input(run: Any, shoot: Any, tmp_path: Path) -> None:
    for person in ("ada", "ben"):
        shoot(person, at=f"single/{person}/1.png")
    assert run("evaluate", "robustness", tmp_path / "single").exit_code == 2


def test_a_rate_is_a_rate(run: Any, staff: Path) -> None:
    assert run("evaluate", "robustness", staff, "--fmr", "1.5").exit_code == 2
