"""report pdf."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.html"
    path.write_text("<!doctype html><p>text")
    return path


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser that prints the page's own bytes."""
    browser = folder / "browser"
    browser.write_text(
        "#!/bin/sh\n"
        'for word; do case $word in --print-to-pdf=*) out="${word#*=}";; esac; done\n'
        'cat "${word#file://}" > "$out"\n'
    )
    browser.chmod(0o755)
    monkeypatch.setenv("VISAVIS_CHROMIUM", str(browser))


def test_a_page_becomes_a_file_beside_it(
    run: Run, run_json: Run, page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(page.parent, monkeypatch)
    assert run("report", "pdf", page).exit_code == 0
    assert page.with_suffix(".pdf").read_text() == page.read_text()
    target = page.parent / "new" / "other.pdf"
    code, document = run_json("report", "pdf", page, "--out", target)
    assert (code, document) == (0, {"out": str(target)})
    assert target.exists()


def test_without_a_browser_it_is_exit_code_3(
    run_json: Run, page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISAVIS_CHROMIUM", "/nowhere/browser")
    code, document = run_json("report", "pdf", page)
    assert (code, document["error"]["code"]) == (3, "missing_tool")
    assert not page.with_suffix(".pdf").exists()


def test_what_is_no_page_is_exit_code_2(run: Run, run_json: Run, tmp_path: Path) -> None:
    assert run("report", "pdf", tmp_path / "none.html").exit_code == 2
    (tmp_path / "x.html").write_bytes(b"\xff\xfe\x00")
    code, document = run_json("report", "pdf", tmp_path / "x.html")
    assert (code, document["error"]["code"]) == (2, "input")
