"""evaluate container."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


def test_pictures_without_a_face_give_attacks_away(run: Run, run_json: Run, shoot: Run,
                                                   tmp_path: Path) -> None:  # fmt: skip
    """Attacks are twice as wide: the files tell all."""
    for subject in range(4):
        for shot in range(3):
            shoot("ada", seed=shot, at=f"set/real/s{subject}/{shot}.png")
            shoot("ada", "ben", seed=shot, at=f"set/print/s{subject}/{shot}.png")
    code, document = run_json("evaluate", "container", tmp_path / "set")
    assert code == 0
    assert document["container"]["pictures"] == 24
    assert document["container"]["best"]["clue"]["auc"] == pytest.approx(1)
    shown = run("evaluate", "container", tmp_path / "set").stdout
    assert "gradient boosting" in shown
    assert "AUC 1.000" in shown


def test_a_folder_that_is_no_such_set(run: Run, staff: Path) -> None:
    assert run("evaluate", "container", staff).exit_code == 2
