"""audit: verify, export, tail."""

import json
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from visavis.settings import Settings

Run = Callable[..., Any]


@pytest.fixture(autouse=True)
def decided(run: Run, shoot: Run) -> None:
    """An enrolment, a verification and an identification are on record."""
    run("enrol", "ada", shoot("ada"))
    run("verify", "ada", shoot("ada", seed=1))
    run("identify", shoot("stranger"))


def test_tail_shows_the_newest_last(run: Run, run_json: Run) -> None:
    code, document = run_json("audit", "tail", "-n", 3)
    assert code == 0
    assert [r["action"] for r in document["records"]] == ["enrol", "verify", "identify"]
    assert "identify" in run("audit", "tail").stdout


def test_the_log_names_nobody(run_json: Run) -> None:
    written = json.dumps(run_json("audit", "tail")[1])
    assert not re.search(r"\bada\b", written)  # a pseudonym may hold it among its digits


def test_verify(run: Run, run_json: Run) -> None:
    code, document = run_json("audit", "verify")
    assert (code, document["verified"], document["anchored"]) == (0, True, True)
    assert document["records"] == document["head"]["seq"] >= 3
    assert "the audit log is whole" in run("audit", "verify").stdout


def test_an_edited_log_is_exit_code_3(run_json: Run) -> None:
    with sqlite3.connect(Settings.load().gallery / "gallery.db") as database:
        database.execute("UPDATE audit SET action = 'verify' WHERE action = 'enrol'")
    database.close()
    code, document = run_json("audit", "verify")
    assert (code, document["error"]["code"]) == (3, "broken_audit")


def test_export_writes_json_lines(run_json: Run, tmp_path: Path) -> None:
    out = tmp_path / "audit.jsonl"
    code, document = run_json("audit", "export", out)
    records = [json.loads(line) for line in out.read_text().splitlines()]
    assert (code, document["records"]) == (0, len(records))
    assert [r["seq"] for r in records] == list(range(1, len(records) + 1))


def test_export_of_an_edited_log_writes_nothing(run_json: Run, tmp_path: Path) -> None:
    with sqlite3.connect(Settings.load().gallery / "gallery.db") as database:
        database.execute("DELETE FROM audit WHERE seq = 2")
    database.close()
    assert run_json("audit", "export", tmp_path / "audit.jsonl")[0] == 3
    assert not (tmp_path / "audit.jsonl").exists()
