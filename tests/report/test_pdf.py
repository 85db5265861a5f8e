"""Printing to PDF."""

import shutil
from pathlib import Path

import pytest

from visavis.errors import ConfigError, MissingTool
from visavis.report.document import Report
from visavis.report.pdf import BROWSERS, as_pdf, find_browser
from visavis.report.write import write


@pytest.fixture
def chromium() -> None:
    if not any(shutil.which(name) for name in BROWSERS):
        pytest.skip("no Chromium on this machine")


@pytest.mark.usefixtures("chromium")
def test_a_report_on_paper_without_the_time_of_day(report: Report, tmp_path: Path) -> None:
    (path,) = write(report, tmp_path, ["pdf"])
    data = path.read_bytes()
    assert data.startswith(b"%PDF-")
    assert b"CreationDate" not in data
    assert b"ModDate" not in data


def test_without_a_browser_the_message_says_what_would_help(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MissingTool, match=r"expected chromium, .* VISAVIS_CHROMIUM"):
        as_pdf("<p>")
    monkeypatch.setenv("VISAVIS_CHROMIUM", "/nowhere/browser")
    with pytest.raises(MissingTool, match="/nowhere/browser"):
        find_browser()


@pytest.mark.parametrize(
    ("script", "message"),
    [("exit 3", "code 3"), ("exit 0", "got none"), ("sleep 60", "within 1 s")],
)
def test_a_browser_that_fails(
    script: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = tmp_path / "browser"
    browser.write_text(f"#!/bin/sh\n{script}\n")
    browser.chmod(0o755)
    monkeypatch.setenv("VISAVIS_CHROMIUM", str(browser))
    monkeypatch.setattr("visavis.report.pdf._SECONDS", 1)
    with pytest.raises(ConfigError, match=message):
        as_pdf("<p>")
