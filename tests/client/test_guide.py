"""The guide runs, block after block, against the real service."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "client.md"
Png = Callable[..., bytes]


@pytest.fixture(autouse=True)
def photos(tmp_path: Path, png: Png, monkeypatch: pytest.MonkeyPatch) -> None:
    """The photos that the guide speaks of, in the current folder."""
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "eileen.jpg").write_bytes(png("eileen"))
    (folder / "eileen-dark.jpg").write_bytes(png("eileen", noise=2))
    (folder / "grace.jpg").write_bytes(png("grace"))
    (folder / "group.jpg").write_bytes(png("eileen", "grace"))
    monkeypatch.chdir(tmp_path)


def test_every_block_runs(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = GUIDE.read_text().replace("http://127.0.0.1:8600", url)
    names: dict[str, Any] = {}
    for block in re.findall(r"^```py\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        exec(compile(block, str(GUIDE), "exec"), names)
    said = capsys.readouterr().out
    for line in (
        "2 stored, 0 refused",
        "match eileen",
        "eileen 2",
        "unknown_subject 404",
        "done [('eileen', 'enrolled'), ('grace', 'enrolled')]",
        "3 ['eileen', 'grace']",
    ):
        assert line in said
