"""Fixtures shared by all tests: isolation from the user's files, and where the real data are."""

import os
from pathlib import Path

import hypothesis
import numpy as np
import pytest

from visavis.types import Image

# The same examples on every run, and no limit of time: a busy machine is no failure.
hypothesis.settings.register_profile("visavis", derandomize=True, deadline=None)
hypothesis.settings.load_profile("visavis")


@pytest.fixture(autouse=True)
def no_user_files(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settings, keys, caches and galleries go to a folder of the test; the cache is shared."""
    home = tmp_path_factory.mktemp("home")
    for name in [n for n in os.environ if n.startswith("VISAVIS_")]:
        if name not in ("VISAVIS_TEST_DATA", "VISAVIS_MODEL_DIR"):
            monkeypatch.delenv(name)
    for variable in ("CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{variable}_HOME", str(home / variable.lower()))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", str(_cache(tmp_path_factory)))


def _cache(factory: pytest.TempPathFactory) -> Path:
    """One cache a test run, so that graphs are fixed once and not once a test."""
    path = factory.getbasetemp() / "cache"
    path.mkdir(exist_ok=True)
    return path


def _folder(variable: str, what: str) -> Path:
    value = os.environ.get(variable)
    if not value or not Path(value).is_dir():
        pytest.skip(f"{variable} names no folder with {what}")
    return Path(value)


@pytest.fixture
def test_data() -> Path:
    """The folder of real evaluation data; skips without it."""
    return _folder("VISAVIS_TEST_DATA", "evaluation data")


@pytest.fixture
def model_dir() -> Path:
    """A mirror of weights that no wheel carries; skips without it."""
    return _folder("VISAVIS_MODEL_DIR", "model weights")


@pytest.fixture(scope="session")
def astronaut() -> Image:
    """Eileen Collins, 512x512 (NASA, public domain)."""
    data = pytest.importorskip("skimage.data", reason="the demo extra is not installed")
    image: Image = data.astronaut()
    return image


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20)
