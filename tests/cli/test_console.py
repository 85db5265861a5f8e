"""What goes to stdout and what to stderr."""

import io
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from visavis.cli import console


def test_json_takes_times_and_paths(capsys: pytest.CaptureFixture[str]) -> None:
    console.write_json({"at": datetime(2026, 1, 2, tzinfo=UTC), "path": Path("a/b")})
    document = json.loads(capsys.readouterr().out)
    assert document == {"at": "2026-01-02T00:00:00+00:00", "path": "a/b"}


def test_json_takes_nothing_else() -> None:
    with pytest.raises(TypeError, match="bytes"):
        console.write_json({"vector": b"x"})


def test_progress_is_silent_away_from_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with console.progress("work", 2) as advance:
        advance(1, 2)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("unit", ["items", "bytes"])
def test_progress_shows_on_a_terminal_and_not_on_stdout(
    unit: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    with console.progress("enrolling", 2, unit=unit) as advance:
        advance(1, 2)
    assert "enrolling" in screen.getvalue()
    assert capsys.readouterr().out == ""


def test_no_color_is_respected(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    console.out().print("text", style="red")
    assert "\x1b[31m" not in capsys.readouterr().out


def test_marks_have_stand_ins_for_old_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="latin-1"))
    assert console.marked("✓ ━") == "+ ="


def test_lines_are_not_wrapped_away_from_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    table = console.table("file")
    table.add_row("x" * 300)
    console.out().print(table)
    assert "x" * 300 in capsys.readouterr().out
