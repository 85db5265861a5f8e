"""models: list, show, pull, verify."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from visavis.models.catalogue import CATALOGUE
from visavis.settings import Settings

Run = Callable[..., Any]
DEFAULTS = ["yunet-2023mar-int8bq", "sface-2021dec-int8bq"]


@pytest.fixture
def broken_mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache has a file of the wrong bytes for each model."""
    monkeypatch.setenv("VISAVIS_CACHE_DIR", str(tmp_path))
    (tmp_path / "models").mkdir()
    for card in CATALOGUE:
        (tmp_path / "models" / f"{card.sha256[:16]}-{card.file}").write_bytes(b"wrong")


def test_list_has_the_licence_and_the_training_data_apart(run: Run, run_json: Run) -> None:
    code, document = run_json("models", "list")
    assert code == 0
    assert [m["id"] for m in document["models"]] == [card.id for card in CATALOGUE]
    assert [m["id"] for m in document["models"] if m["in_use"]] == DEFAULTS
    assert all(m["state"] == "here" for m in document["models"] if m["in_use"])
    assert all(m["licence"] and m["training_data"] for m in document["models"])
    shown = run("models", "list").stdout
    assert "file licence" in shown
    assert "trained on" in shown


def test_show(run: Run, run_json: Run) -> None:
    code, document = run_json("models", "show", DEFAULTS[1])
    assert (code, document["id"], document["dim"]) == (0, DEFAULTS[1], 128)
    assert Path(document["path"]).is_file()
    assert document["sha256"] in run("models", "show", DEFAULTS[1]).stdout


def test_an_unknown_model_is_exit_code_3(run_json: Run) -> None:
    code, document = run_json("models", "show", "nonsense")
    assert (code, document["error"]["code"]) == (3, "config")


def test_verify_the_models_in_use(run: Run, run_json: Run) -> None:
    code, document = run_json("models", "verify")
    assert (code, [m["id"] for m in document["models"]]) == (0, DEFAULTS)
    assert DEFAULTS[0] in run("models", "verify").stdout


@pytest.mark.usefixtures("broken_mirror")
def test_wrong_bytes_are_exit_code_3(run: Run, run_json: Run) -> None:
    code, document = run_json("models", "verify", DEFAULTS[0])
    assert (code, document["models"][0]["state"]) == (3, "corrupt_weights")
    assert "corrupt_weights" in run("models", "list").stdout
    assert run("models", "pull").exit_code == 3


def test_pull_of_what_is_here_downloads_nothing(run: Run, run_json: Run) -> None:
    code, document = run_json("models", "pull")
    assert (code, [m["state"] for m in document["models"]]) == (0, ["here", "here"])
    assert run("models", "pull", "--no-progress").exit_code == 0


def test_pull_downloads_what_is_not(run_json: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    card = CATALOGUE[-1]

    def pull(self: object, wanted: object, progress: Callable[[int, int], None]) -> Path:
        progress(card.bytes, card.bytes)
        return Path("somewhere")

    monkeypatch.setattr("visavis.models.weights.Weights.pull", pull)
    code, document = run_json("models", "pull", card.id)
    assert (code, document["models"][0]["path"]) == (0, "somewhere")


def test_non_commercial_terms_are_accepted_by_a_flag(
    monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    seen: list[bool] = []

    def weights(settings: Settings) -> None:
        seen.append(settings.accept_non_commercial)
        raise KeyboardInterrupt

    monkeypatch.setattr(import_module("visavis.build"), "build_weights", weights)
    run("models", "pull")
    run("models", "pull", "--accept-non-commercial")
    assert seen == [False, True]
