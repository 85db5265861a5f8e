import re
from pathlib import Path
from typing import Any

import pytest


def test_writes_the_page_and_its_examples(run_json: Any, staff: Path, tmp_path: Path) -> None:
    pytest.importorskip("skimage", reason="the demo extra is not installed")
    out = tmp_path / "reports"
    code, document = run_json("report", "robustness", staff, "--people", "1", "--out", out)
    assert code == 0
    assert all(Path(path).exists() for path in document["written"])
    page = (out / "robustness.html").read_text()
    assert "Where it breaks" in page
    assert "NASA" in page
    assert not re.search(r"\bada\b", (out / "robustness.md").read_text())
