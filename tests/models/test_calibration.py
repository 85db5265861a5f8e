"""Calibration files: what is written is read again, and what is no table is refused."""

import json
from pathlib import Path

import pytest

from visavis.errors import ConfigError, NotMeasured
from visavis.models import calibration
from visavis.models.calibration import load, required, save, table
from visavis.models.catalogue import CATALOGUE
from visavis.policy import Calibration, Tail

PACKAGED = sorted(
    p.name.removesuffix(".json") for p in Path(calibration.__file__).parent.glob("tables/*")
)
TABLE = Calibration(
    ((1e-1, 0.2, 0.09, 0.11), (1e-2, 0.3, 0.008, 0.012), (1e-3, 0.4, 1e-4, 5e-3)),
    "own people",
    1000,
    identities=50,
    measured=1e-2,
    tail=Tail("pareto", 0.25, 0.05, 0.02, 0.1),
)


def test_a_table_comes_back_as_it_went(tmp_path: Path) -> None:
    save(tmp_path / "own.json", "fake", TABLE)
    assert load(tmp_path / "own.json", "fake") == TABLE


def test_a_table_without_intervals_or_tail_too(tmp_path: Path) -> None:
    plain = Calibration(((1e-1, 0.2), (1e-2, 0.3)), "plain", 10)
    save(tmp_path / "own.json", "fake", plain)
    assert load(tmp_path / "own.json", "fake") == plain


def test_the_file_has_a_line_a_point(tmp_path: Path) -> None:
    save(tmp_path / "own.json", "fake", TABLE)
    lines = (tmp_path / "own.json").read_text().splitlines()
    assert sum("threshold" in line for line in lines) == len(TABLE.points)
    assert json.loads("\n".join(lines))["model"] == "fake"


def test_another_models_table_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "own.json", "fake", TABLE)
    with pytest.raises(ConfigError, match="the table of other, got fake's"):
        load(tmp_path / "own.json", "other")


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "something"},
        {"version": 2},
        {"points": [{"fmr": 0.1, "threshold": 0.2}]},
        {"points": [{"fmr": 0.1, "threshold": 0.2}, {"fmr": 0.01, "threshold": 0.1}]},
        {"points": [{"fmr": 0.1, "threshold": "high"}, {"fmr": 0.01, "threshold": 1}]},
        {"points": 7},
        {"tail": {"kind": "pareto"}},
        {"measured": "low"},
        {"pairs": None},
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    path = tmp_path / "own.json"
    save(path, "fake", TABLE)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ConfigError):
        load(path, "fake")


@pytest.mark.parametrize("text", ["", "[]", "7", "{}", "not json", "{" * 5000])
def test_no_table_at_all_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "own.json").write_text(text)
    with pytest.raises(ConfigError):
        load(tmp_path / "own.json", "fake")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read"):
        load(tmp_path / "none.json", "fake")


@pytest.mark.parametrize("model", PACKAGED)
def test_packaged_tables_say_what_they_rest_on(model: str) -> None:
    found = table(model)
    assert found is not None
    assert found.identities > 5000
    assert found.pairs > 80_000_000
    assert found.measured < 1e-5
    assert found.tail is not None
    default = found.threshold(1e-4)
    assert not default.extrapolated
    assert default.interval[0] < 1e-4 < default.interval[1]
    with pytest.raises(NotMeasured):
        found.threshold(1e-10)


def test_every_table_is_a_known_models() -> None:
    known = {card.id for card in CATALOGUE}
    parts = {part for model in PACKAGED for part in model.replace("@flip", "").split("+")}
    assert parts <= known
    assert {card.table for card in CATALOGUE if card.table} <= set(PACKAGED)


@pytest.mark.parametrize("model", ["nonsense", "", "../tables/mobilefacenet", "mobilefacenet.json"])
def test_models_without_a_table_have_none(model: str) -> None:
    assert table(model) is None
    with pytest.raises(ConfigError, match="no calibration table"):
        required(table(model), model)
