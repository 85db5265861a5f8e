"""The command tree: help for every command, and imports that stay light."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import typer.main

import visavis
from visavis.cli.app import app

HEAVY = ("cv2", "PIL", "onnxruntime", "onnx", "sqlalchemy", "cryptography", "pydantic")


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, (*path, name))


ALL = list(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_every_command_has_help(run: Callable[..., Any], words: tuple[str, ...]) -> None:
    result = run(*words, "--help")
    assert result.exit_code == 0
    assert f"Usage: visavis {' '.join(words)}".strip() in result.stdout


@pytest.mark.parametrize("words", [c for c in ALL if len(c) == 2], ids=" ".join)
def test_every_command_of_a_group_shows_an_example(
    run: Callable[..., Any], words: tuple[str, ...]
) -> None:
    assert f"$ visavis {' '.join(words)}" in run(*words, "--help").stdout


def test_the_commands_of_the_manual_are_there() -> None:
    expected = """enrol verify identify compare detect embed doctor version demo
        subjects/list subjects/show subjects/rename subjects/merge subjects/forget
        gallery/info gallery/export gallery/import gallery/backup gallery/restore gallery/purge
        gallery/reembed keys/rotate keys/export keys/import audit/verify audit/export audit/tail
        models/list models/show models/pull models/verify config/show"""
    assert {"/".join(c) for c in ALL} >= set(expected.split())


def test_version(run: Callable[..., Any]) -> None:
    assert run("--version").stdout == f"visavis {visavis.__version__}\n"


def test_no_command_is_a_help_page_and_exit_code_2(run: Callable[..., Any]) -> None:
    result = run()
    assert result.exit_code == 2
    assert "Usage: visavis" in result.stdout
    assert result.stderr == ""


def test_shell_completion_works(run: Callable[..., Any]) -> None:
    env = {"_VISAVIS_COMPLETE": "complete_bash", "COMP_WORDS": "visavis sub", "COMP_CWORD": "1"}
    assert "subjects" in run(env=env).stdout


@pytest.mark.parametrize("module", ["visavis.cli", "visavis.cli.app"])
def test_importing_the_commands_loads_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_python_dash_m_is_the_same_program() -> None:
    words = [sys.executable, "-m", "visavis", "--version"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout == f"visavis {visavis.__version__}\n"
