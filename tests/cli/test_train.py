"""train: what can be said without PyTorch; the training itself is in tests/train."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


def words(tmp_path: Path, recipe: str = 'name = "mine"\n') -> tuple[str, ...]:
    (tmp_path / "r.toml").write_text(recipe)
    (tmp_path / "photos").mkdir()
    return ("train", "liveness", str(tmp_path / "r.toml"), "--photos", str(tmp_path / "photos"),
            "--out", str(tmp_path / "run"))  # fmt: skip


def test_an_odd_recipe_is_refused_before_anything_is_loaded(run_json: Run, tmp_path: Path) -> None:
    code, document = run_json(*words(tmp_path, "nome = 1\n"))
    assert code == 3
    assert document["error"]["code"] == "config"


@pytest.mark.skipif(find_spec("torch") is not None, reason="PyTorch is installed")
def test_without_the_extra_it_says_what_to_install(run: Run, tmp_path: Path) -> None:
    found = run(*words(tmp_path))
    assert found.exit_code == 3
    assert "visavis[train]" in found.output
