"""enrol --from-folder: on all cores, resumable, whole after Ctrl-C."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


def test_enrols_one_subject_a_folder(run: Run, run_json: Run, staff: Path) -> None:
    code, document = run_json("enrol", "--from-folder", staff)
    assert code == 0
    people = [{"subject": name, "templates": 2} for name in ("ada", "ben", "cleo")]
    assert document == {"enrolled": people, "skipped": [], "not_enrolled": [], "refused": []}


def test_the_summary_for_people(run: Run, staff: Path) -> None:
    result = run("enrol", "--from-folder", staff)
    assert "3 of 3 subjects enrolled" in result.stdout
    assert "with 6 templates" in result.stdout


def test_running_again_skips_who_is_there(run_json: Run, run: Run, staff: Path) -> None:
    run("enrol", "ben", staff / "ben" / "1.png")
    code, document = run_json("enrol", "--from-folder", staff)
    assert code == 0
    assert document["skipped"] == ["ben"]
    assert [p["subject"] for p in document["enrolled"]] == ["ada", "cleo"]
    assert "already there" in run("enrol", "--from-folder", staff).stdout


def test_refused_photos_are_named_with_their_reason(
    run: Run, run_json: Run, shoot: Run, staff: Path
) -> None:
    nobody = shoot(at="staff/ada/nobody.png")
    (staff / "ben" / "broken.jpg").write_bytes(b"no picture")
    code, document = run_json("enrol", "--from-folder", staff)
    assert code == 0
    refused = {r["file"]: r["code"] for r in document["refused"]}
    assert refused == {nobody: "no_face", str(staff / "ben" / "broken.jpg"): "bad_image"}


def test_a_subject_without_a_usable_photo_is_exit_code_2(
    run: Run, run_json: Run, shoot: Run, staff: Path
) -> None:
    shoot(at="staff/dora/nobody.png")
    (staff / "empty").mkdir()
    code, document = run_json("enrol", "--from-folder", staff)
    assert code == 2
    assert document["not_enrolled"] == ["dora", "empty"]
    assert {r["code"] for r in document["refused"]} == {"no_face", "no_photo"}
    shown = run("enrol", "--from-folder", staff)
    assert shown.exit_code == 2
    assert "the folder holds no photo" in shown.stdout


def test_other_files_and_hidden_folders_are_left_alone(run_json: Run, staff: Path) -> None:
    (staff / "ada" / "notes.txt").write_text("not a photo")
    (staff / "ada" / ".1.png").write_bytes(b"hidden")
    (staff / ".git").mkdir()
    (staff / "list.csv").write_text("x")
    code, document = run_json("enrol", "--from-folder", staff)
    assert (code, document["refused"]) == (0, [])


def test_a_folder_without_folders_is_exit_code_2(run_json: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    code, document = run_json("enrol", "--from-folder", tmp_path / "empty")
    assert (code, document["error"]["code"]) == (2, "input")


def test_details_hold_for_everybody(run_json: Run, run: Run, staff: Path) -> None:
    run("enrol", "--from-folder", staff, "--consent-ref", "form-7", "--meta", "site=north")
    _, document = run_json("subjects", "list")
    assert {p["consent_ref"] for p in document["subjects"]} == {"form-7"}
    assert all(p["metadata"] == {"site": "north"} for p in document["subjects"])


def test_ctrl_c_leaves_whole_subjects_and_the_next_run_completes(
    run: Run, run_json: Run, staff: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def advance(done: int, of: int | None) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("visavis.cli.folder.progress", lambda *_: _Bar(advance))
    result = run("enrol", "--from-folder", staff)
    assert result.exit_code == 130
    assert "Run the same command again" in result.stderr
    _, document = run_json("subjects", "list")
    assert document["subjects"]
    assert {p["templates"] for p in document["subjects"]} == {2}


class _Bar:
    def __init__(self, advance: Callable[[int, int | None], None]) -> None:
        self.advance = advance

    def __enter__(self) -> Callable[[int, int | None], None]:
        return self.advance

    def __exit__(self, *_: object) -> None:
        return None


PROGRAM = """
import importlib, os, sys, time
from pathlib import Path
from visavis.pipeline import Pipeline
from visavis.testing import FakeDetector, FakeEmbedder

class Slow(FakeEmbedder):
    seen = 0

    def embed(self, image, faces):
        self.seen += 1
        if self.seen > 20:  # the first are in the gallery by now; the rest take half a minute
            Path(os.environ["MARK"]).touch()
            time.sleep(1)
        return super().embed(image, faces)

build = importlib.import_module("visavis.build")
build.build_pipeline = lambda settings: Pipeline(FakeDetector(), Slow())
from visavis.cli import main
main()
"""


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
def test_a_real_sigint_leaves_a_gallery_that_a_second_run_completes(
    run_json: Run, shoot: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "many"
    for number in range(60):
        shoot(f"person {number}", at=f"many/p{number:02}/1.png")
    words = ["enrol", "--from-folder", str(folder), "--review", "off"]
    command = [sys.executable, "-c", PROGRAM, *words]
    mark = tmp_path / "well under way"
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "MARK": str(mark)},
    )
    deadline = time.monotonic() + 60
    while not mark.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert "Traceback" not in stderr
    assert "enrolled and safe" in stderr
    assert stdout == ""
    _, before = run_json("subjects", "list")
    assert 0 < len(before["subjects"]) < 60
    code, document = run_json(*words)
    assert code == 0
    assert len(document["skipped"]) == len(before["subjects"])
    assert len(document["skipped"]) + len(document["enrolled"]) == 60
