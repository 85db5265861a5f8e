"""The documentation runs: Python blocks in order, page by page, and every `$ visavis` line."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import pytest

from visavis.demo import COLLINS, HOPPER, portraits
from visavis.image import save

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)


def pages(language: str) -> list[Any]:
    found = [page for page in PAGES if blocks(page, language)]
    return [pytest.param(page, id=str(page.relative_to(ROOT))) for page in found]


@pytest.fixture(autouse=True)
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The photos that the pages speak of, in the current folder."""
    pytest.importorskip("skimage", reason="the demo extra is not installed")
    people = portraits()
    collins, hopper = people[COLLINS], people[HOPPER]
    (tmp_path / "photos").mkdir()
    save(collins, tmp_path / "photos/eileen.jpg")
    save(collins // 2, tmp_path / "photos/eileen-dark.jpg")
    save(hopper, tmp_path / "photos/grace.jpg")
    height = collins.shape[0]
    right = cv2.resize(hopper, (hopper.shape[1] * height // hopper.shape[0], height))
    save(cv2.hconcat([collins, right]), tmp_path / "photos/group.jpg")  # type: ignore[arg-type]
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("page", pages("python"))
def test_python_blocks_run(page: Path) -> None:
    names: dict[str, Any] = {}
    for block in blocks(page, "python"):
        exec(compile(block, str(page), "exec"), names)


@pytest.mark.parametrize("page", pages("console"))
def test_command_lines_run(page: Path) -> None:
    for block in blocks(page, "console"):
        for line in re.findall(r"^\$ visavis (.*)$", block, re.MULTILINE):
            command = [sys.executable, "-m", "visavis", *shlex.split(line)]
            run = subprocess.run(command, capture_output=True, text=True, env=os.environ)
            assert run.returncode == 0, f"visavis {line}\n{run.stdout}{run.stderr}"


@pytest.mark.parametrize("page", [pytest.param(p, id=str(p.relative_to(ROOT))) for p in PAGES])
def test_links_within_the_project_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_command_reference_is_current() -> None:
    command = [sys.executable, str(ROOT / "docs" / "generate.py"), "--check"]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
