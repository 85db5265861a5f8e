"""A gallery in a folder of the test, and embeddings to put into it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from visavis.gallery.collection import Collection
from visavis.gallery.gallery import Gallery
from visavis.gallery.vault import Keyring
from visavis.types import Embedding

Draw = Callable[[], Embedding]


@pytest.fixture
def keyring() -> Keyring:
    return Keyring([bytes(range(32))])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The gallery's directory, not made yet."""
    return tmp_path / "gallery"


@pytest.fixture
def gallery(home: Path, keyring: Keyring) -> Iterator[Gallery]:
    with Gallery(home, keyring) as opened:
        yield opened


@pytest.fixture
def people(gallery: Gallery) -> Collection:
    """An empty collection of 128-dimensional vectors of the model "m"."""
    return gallery.collection("people", model="m", dim=128)


@pytest.fixture
def draw(rng: np.random.Generator) -> Draw:
    """Random unit vectors of the model "m", all different."""
    return lambda: Embedding.of(rng.standard_normal(128), "m")
