"""Exit codes, and errors as one line or one JSON document."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from visavis.cli.run import Exit, Interrupted, failure
from visavis.errors import (
    BadImage,
    ConfigError,
    DuplicateSubject,
    MissingWeights,
    UnknownSubject,
    WrongKey,
)

Run = Callable[..., Any]


@pytest.mark.parametrize(
    ("error", "code", "exit_code"),
    [
        (BadImage("x"), "bad_image", 2),
        (UnknownSubject("x"), "unknown_subject", 2),
        (DuplicateSubject("x"), "duplicate_subject", 2),
        (typer.BadParameter("x"), "usage", 2),
        (WrongKey("x"), "wrong_key", 3),
        (MissingWeights("x"), "missing_weights", 3),
        (ConfigError("x"), "config", 3),
        (OSError(28, "No space left on device"), "system", 3),
        (ZeroDivisionError("x"), "internal", 3),
        (typer.Abort(), "interrupted", 130),
        (Interrupted("x"), "interrupted", 130),
    ],
)
def test_each_kind_of_error_has_its_code(error: Exception, code: str, exit_code: int) -> None:
    fault = failure(error)
    assert (fault.code, fault.exit) == (code, exit_code)


def test_an_error_is_one_line_on_stderr(run: Run, tmp_path: Path) -> None:
    result = run("compare", tmp_path / "a.jpg", tmp_path / "b.jpg")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("✗ ")
    assert result.stderr.endswith("(bad_image)\n")
    assert result.stderr.count("\n") == 1


def test_an_error_with_json_is_a_document_on_stdout(run: Run, tmp_path: Path) -> None:
    result = run("compare", tmp_path / "a.jpg", tmp_path / "b.jpg", "--json")
    assert result.exit_code == 2
    assert result.stderr == ""
    error = json.loads(result.stdout)["error"]
    assert error["code"] == "bad_image"
    assert "a.jpg" in error["message"]


@pytest.mark.parametrize(
    "words", [("verify", "ada"), ("nonsense",), ("compare", "a", "b", "--fmr", "2"), ("gallery",)]
)
def test_wrong_usage_is_exit_code_2(run: Run, words: tuple[str, ...]) -> None:
    assert run(*words).exit_code == 2


def test_wrong_usage_says_where_to_read_more(run: Run) -> None:
    assert "See `visavis verify --help`. (usage)" in run("verify", "ada").stderr


def test_a_config_error_is_exit_code_3(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISAVIS_TOP_K", "many")
    result = run("config", "show")
    assert result.exit_code == 3
    assert "top_k" in result.stderr


@pytest.fixture
def defect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visavis.models.catalogue.CATALOGUE", None)


@pytest.mark.usefixtures("defect")
def test_an_unexpected_error_is_short(run: Run) -> None:
    result = run("models", "list")
    assert result.exit_code == Exit.SYSTEM
    assert "Traceback" not in result.stderr
    assert "VISAVIS_DEBUG=1" in result.stderr


@pytest.mark.usefixtures("defect")
def test_an_unexpected_error_has_a_traceback_on_request(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISAVIS_DEBUG", "1")
    result = run("models", "list", "--json")
    assert "Traceback" in result.stderr
    assert json.loads(result.stdout)["error"]["code"] == "internal"


def test_ctrl_c_is_exit_code_130(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("visavis.settings.config_file", interrupted)
    result = run("config", "show", "--json")
    assert result.exit_code == 130
    assert json.loads(result.stdout)["error"]["code"] == "interrupted"


def test_an_error_message_cannot_steer_the_terminal(run: Run) -> None:
    result = run("compare", "\x1b[2Ja.jpg", "b.jpg")
    assert "\x1b" not in result.stderr


def test_the_word_json_after_two_dashes_is_a_file(run: Run) -> None:
    assert run("compare", "--", "a.jpg", "--json").stderr.startswith("✗")
