"""Reports: those of a folder, or how to make one."""

from pathlib import Path

import pytest

pytest.importorskip("gradio")

from visavis.ui.tabs import reports


def test_pages_of_a_folder_are_linked(tmp_path: Path) -> None:
    (tmp_path / "model.html").write_text("x")
    (tmp_path / "model.json").write_text("{}")
    made = reports._listing(tmp_path)
    assert 'href="/ui/reports/model.html"' in made
    assert "json" not in made
    assert "Model</b>" in made


def test_it_is_said_how_to_make_one(tmp_path: Path) -> None:
    assert str(tmp_path) in reports._listing(tmp_path)
    assert f"--out {tmp_path}" in reports._listing(tmp_path)
    assert "visavis report" in reports._listing(None)
