"""evaluate spoof-simulation, on fakes; the shots are simulated for real."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from visavis.image import save
from visavis.pipeline import Pipeline
from visavis.testing import FakeEmbedder, FakeLiveness
from visavis.types import Face, Image

Run = Callable[..., Any]


class Anywhere:
    """Finds one face in the middle of every picture."""

    def detect(self, image: Image) -> list[Face]:
        height, width = image.shape[:2]
        x, y = width / 4, height / 4
        places = [(1.4, 1.6), (2.6, 1.6), (2, 2.2), (1.5, 2.6), (2.5, 2.6)]
        return [Face([x, y, 3 * x, 3 * y], [(x * a, y * b) for a, b in places], 1.0)]


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, astronaut: Image) -> Path:
    """Two photos of one person, a detector that finds them, and a check that says 0.7 of all."""
    build = import_module("visavis.build")
    monkeypatch.setattr(build, "build_pipeline", lambda s: Pipeline(Anywhere(), FakeEmbedder()))
    monkeypatch.setattr(build, "build_liveness", lambda settings: FakeLiveness(0.7))
    for place in range(2):
        folder = tmp_path / "photos" / "eileen"
        folder.mkdir(parents=True, exist_ok=True)
        save(astronaut[:200, 100 + place : 300 + place], folder / f"{place}.png")
    return tmp_path / "photos"


def test_rates_of_simulated_attacks(run: Run, run_json: Run, photos: Path) -> None:
    words = ("evaluate", "spoof-simulation", photos, "--mechanism", "laser", "--mechanism", "flat")
    code, document = run_json(*words)
    assert code == 0
    found = document["simulated"]
    assert found["mechanisms"] == ["laser", "flat"]
    assert [a["species"] for a in found["pad"]["attacks"]] == ["mask/flat", "print/laser"]
    assert all(a["error"]["events"] == 2 for a in found["pad"]["attacks"])  # 0.7 passes for live
    assert found["pad"]["bona_fide"]["error"]["events"] == 0
    assert found["joint"]["match_threshold"] == pytest.approx(0.4)
    assert document["check"] == "auto"
    assert run_json(*words)[1]["simulated"] == found
    shown = run(*words).stdout
    assert "simulated attacks on 2 pictures" in shown
    assert "Simulated attacks are not real ones" in shown
    assert "print/laser" in shown


def test_shots_are_kept_as_a_set(run: Run, run_json: Run, photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "shots"
    words = ("evaluate", "spoof-simulation", photos, "--mechanism", "oled", "--out", out)
    assert run(*words, "--count", "1").exit_code == 0
    files = sorted(p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file())
    assert len(files) == 3
    assert files[1] == "index.csv"
    assert files[2].startswith("screen/oled/eileen/")
    code, document = run_json(*words)
    assert (code, document["error"]["code"]) == (2, "input")


def test_an_unknown_mechanism(run_json: Run, photos: Path) -> None:
    code, document = run_json("evaluate", "spoof-simulation", photos, "--mechanism", "hologram")
    assert (code, document["error"]["code"]) == (2, "input")
    assert "laser" in document["error"]["message"]
