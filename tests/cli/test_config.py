"""config show: values, where they come from, and no secrets."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from visavis.gallery.vault import Keyring

Run = Callable[..., Any]


def test_defaults(run: Run, run_json: Run) -> None:
    code, document = run_json("config", "show")
    assert code == 0
    assert document["settings"]["fmr"] == {"value": 1e-4, "from": "default"}
    assert document["config_file_exists"] is False
    assert "not there" in run("config", "show").stdout


def test_precedence(run_json: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "config.toml"
    path.write_text('fmr = 1e-5\nfpir = 0.1\ncollection = "file"\n')
    monkeypatch.setenv("VISAVIS_CONFIG", str(path))
    monkeypatch.setenv("VISAVIS_FPIR", "0.2")
    monkeypatch.setenv("VISAVIS_COLLECTION", "environment")
    settings = run_json("config", "show", "--collection", "option")[1]["settings"]
    assert settings["fmr"] == {"value": 1e-5, "from": "file"}
    assert settings["fpir"] == {"value": 0.2, "from": "environment"}
    assert settings["collection"] == {"value": "option", "from": "option"}


def test_secrets_are_masked(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    key = Keyring.create(tmp_path / "k").dump().strip()
    monkeypatch.setenv("VISAVIS_MASTER_KEY", key)
    monkeypatch.setenv("VISAVIS_MASTER_KEY_COMMAND", "vault read --token=hunter2 key")
    for words in (("config", "show"), ("config", "show", "--json"), ("doctor", "--json")):
        output = run(*words).output
        assert key not in output
        assert "hunter2" not in output
    assert "vault ********" in run("config", "show").stdout


def test_a_broken_file_is_exit_code_3(
    run_json: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config.toml"
    path.write_text("fmr = ")
    monkeypatch.setenv("VISAVIS_CONFIG", str(path))
    code, document = run_json("config", "show")
    assert (code, document["error"]["code"]) == (3, "config")


def test_tables_are_shown_by_their_parts(run_json: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISAVIS_SERVICE__PORT", "9000")
    _, document = run_json("config", "show")
    shown = document["settings"]
    assert shown["service.port"] == {"value": 9000, "from": "environment"}
    assert shown["service.host"] == {"value": "127.0.0.1", "from": "default"}
