"""Liveness tables: what is written is read again, and what is no table is refused."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from visavis.errors import ConfigError
from visavis.models.liveness_table import load, packaged, save, to_text
from visavis.targets import Combination, FusionTable, LivenessTable

POINTS = ((0.1, 0.01, 0.9), (0.987654, 0.05, 0.1), (0.999999, 0.5, 0.001))
ALONE = Combination(("a",), (1.25,), -0.5, LivenessTable(POINTS, "door, 20", "none"))
BOTH = Combination(("a", "b"), (0.75, 0.0), 1e-3, LivenessTable(POINTS[:2], "x, 30", "y, 40"))
TABLE = FusionTable((ALONE, BOTH))


def test_a_table_comes_back_as_it_went(tmp_path: Path) -> None:
    save(tmp_path / "own.json", TABLE)
    assert load(tmp_path / "own.json") == TABLE
    assert [p.name for p in tmp_path.iterdir()] == ["own.json"]


def test_the_file_has_a_line_a_point() -> None:
    lines = to_text(TABLE).splitlines()
    assert sum('"threshold"' in line for line in lines) == 5


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "visavis-calibration"},
        {"version": 2},
        {"combinations": 7},
        {"combinations": [7]},
        {"combinations": [{}]},
    ],
)
def test_another_file_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    path = tmp_path / "own.json"
    path.write_text(json.dumps(json.loads(to_text(TABLE)) | change))
    with pytest.raises(ConfigError):
        load(path)


@pytest.mark.parametrize(
    "change",
    [
        {"weights": [1, 2]},
        {"weights": [-1]},
        {"weights": ["high"]},
        {"bias": None},
        {"points": [{"threshold": 0.1, "bpcer": 0.1}]},
        {"points": [{"threshold": 0.1, "bpcer": 0.1, "apcer": 0.1}]},
    ],
)
def test_a_damaged_combination_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    document = json.loads(to_text(TABLE))
    document["combinations"][0] |= change
    path = tmp_path / "own.json"
    path.write_text(json.dumps(document))
    with pytest.raises(ConfigError):
        load(path)


@pytest.mark.parametrize("text", ["", "[]", "7", "{}", "no json", "[" * 5000])
def test_no_table_at_all_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "own.json").write_text(text)
    with pytest.raises(ConfigError):
        load(tmp_path / "own.json")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read"):
        load(tmp_path / "none.json")


def test_the_packaged_table_loads_or_its_absence_is_said() -> None:
    file = files("visavis.models").joinpath("tables_liveness", "packaged.json")
    if file.is_file():
        assert to_text(packaged()) == file.read_text("utf-8")
    else:
        with pytest.raises(ConfigError, match="live_calibration"):
            packaged()
