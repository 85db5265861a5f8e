"""report liveness."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Run = Callable[..., Any]


def _file(path: Path, check: str, scores: list[float | None]) -> Path:
    document = {
        "checks": [{"name": check, "title": check, "role": "public"}],
        "sets": [{"name": "set", "kind": "recorded", "digest": "ab12",
                  "species": ["bona_fide"] * 4 + ["print"] * 4}],
        "answers": [{"check": check, "shown": "set", "threshold": 0.5, "scores": scores}],
    }  # fmt: skip
    path.write_text(json.dumps(document))
    return path


def test_files_become_one_page(run_json: Run, tmp_path: Path) -> None:
    first = _file(tmp_path / "1.json", "first", [0.9, 0.8, 0.7, 0.6, 0.1, 0.2, 0.3, None])
    second = _file(tmp_path / "2.json", "second", [0.1, 0.8, 0.7, 0.6, 0.1, 0.2, 0.3, 0.9])
    code, document = run_json("report", "liveness", first, second, "--out", tmp_path / "out")
    assert code == 0
    assert any(name.endswith("liveness.html") for name in document["written"])
    page = (tmp_path / "out" / "liveness.md").read_text()
    assert "best first: first 0.00 %, second 25.00 %" in page
    assert "ab12" in page


def test_other_json_is_refused(run_json: Run, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("[]")
    code, document = run_json("report", "liveness", tmp_path / "x.json", "--out", tmp_path / "out")
    assert (code, document["error"]["code"]) == (2, "input")
