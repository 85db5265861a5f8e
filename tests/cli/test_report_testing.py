import json
import re
from pathlib import Path
from typing import Any

import pytest

from visavis.evaluate.streams import measure
from visavis.evaluate.streams.conditions import STRAINS


@pytest.fixture(autouse=True)
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """One strain is as good as all, on fakes."""
    given = measure.measure.__kwdefaults__ or {}
    short = given | {"strains": STRAINS[:1], "acts": ("frozen",)}
    monkeypatch.setattr(measure.measure, "__kwdefaults__", short)


def test_writes_the_page(run_json: Any, staff: Path, tmp_path: Path) -> None:
    out = tmp_path / "reports"
    code, document = run_json(
        "report", "testing", staff, "--people", "1", "--enrolled", "1", "--out", out
    )
    assert code == 0
    assert all(Path(path).exists() for path in document["written"])
    results = json.loads((out / "testing.json").read_text())["results"]
    assert (results["people"], results["strangers"]) == (1, 2)
    assert len(results["cells"]) == len(STRAINS[0].values)
    assert [one["act"] for one in results["presented"]] == ["frozen"]
    assert "Who is named" in (out / "testing.html").read_text()
    assert not re.search(r"\bada\b", (out / "testing.md").read_text())


def test_too_few_people_are_unusable_input(run: Any, shoot: Any, tmp_path: Path) -> None:
    for seed in (1, 2):
        shoot("ada", seed=seed, at=f"alone/ada/{seed}.png")
    assert run("report", "testing", tmp_path / "alone").exit_code == 2
