"""The command line on fakes: no weights are needed, and the gallery is a real one."""

import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from visavis.cli.app import app
from visavis.image import save
from visavis.pipeline import Pipeline
from visavis.settings import Settings
from visavis.testing import FakeDetector, FakeEmbedder, FakeLiveness, fake_photo

Run = Callable[..., Result]
Shoot = Callable[..., str]


def fake_pipeline(settings: Settings) -> Pipeline:
    check = None if settings.liveness == "off" else FakeLiveness(0.9)
    return Pipeline(FakeDetector(), FakeEmbedder(), check)


@pytest.fixture(autouse=True)
def fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `build` makes from weights is made from fakes instead."""
    build = import_module("visavis.build")
    monkeypatch.setattr(build, "build_pipeline", fake_pipeline)
    monkeypatch.setattr(build, "build_detector", lambda settings: FakeDetector())
    monkeypatch.setattr(build, "build_liveness", lambda settings: FakeLiveness(0.9))


@pytest.fixture
def run() -> Run:
    """Runs `visavis` with the words given."""

    def invoke(*words: object, **options: Any) -> Result:
        return CliRunner().invoke(app, [str(w) for w in words], prog_name="visavis", **options)

    return invoke


@pytest.fixture
def run_json(run: Run) -> Callable[..., tuple[int, dict[str, Any]]]:
    """Runs a command with --json and gives its exit code and the document, all of stdout."""

    def invoke(*words: object, **options: Any) -> tuple[int, dict[str, Any]]:
        result = run(*words, "--json", **options)
        document: dict[str, Any] = json.loads(result.stdout)
        return result.exit_code, document

    return invoke


@pytest.fixture
def shoot(tmp_path: Path) -> Shoot:
    """Takes a photo of the people given and says where it is."""

    def take(*people: str, seed: int = 0, at: str | None = None) -> str:
        path = tmp_path / (at or f"{'-'.join(people) or 'nobody'}-{seed}.png")
        path.parent.mkdir(parents=True, exist_ok=True)
        save(fake_photo(*people, noise=3, seed=seed), path)
        return str(path)

    return take


@pytest.fixture
def staff(tmp_path: Path, shoot: Shoot) -> Path:
    """A folder of three people, two photos each."""
    for person in ("ada", "ben", "cleo"):
        for seed in (1, 2):
            shoot(person, seed=seed, at=f"staff/{person}/{seed}.png")
    return tmp_path / "staff"
