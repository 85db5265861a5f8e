"""A service on fakes: no weights, a gallery of its own, open access as on loopback without keys."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from visavis.gallery.gallery import Gallery
from visavis.gallery.vault import Keyring
from visavis.image import encode
from visavis.service.app import create_app
from visavis.service.opening import assemble
from visavis.service.state import Services
from visavis.settings import Settings
from visavis.testing import FakeDetector, FakeEmbedder, FakeLiveness, fake_photo

LIMITS = {"min_size": 5, "min_sharpness": 0, "min_contrast": 0, "min_score": 0}
"""Fake faces are small and flat."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of an empty gallery, whatever this machine has configured."""
    return Settings.load(gallery=tmp_path / "gallery", limits=LIMITS, service={"ui": False})


@pytest.fixture
def services(settings: Settings) -> Iterator[Services]:
    gallery = Gallery(settings.gallery, Keyring([bytes(range(32))]))
    found = assemble(settings, FakeDetector(), FakeEmbedder(), FakeLiveness(), gallery)
    yield found
    found.close()
    gallery.close()


@pytest.fixture
def client(services: Services) -> Iterator[TestClient]:
    """Calls the service as this machine does: by its own name."""
    with TestClient(create_app(services), base_url="http://127.0.0.1:8600") as found:
        yield found


@pytest.fixture
def png() -> Callable[..., bytes]:
    """`png("ada", "ben")`: the file of a fake photo of these people."""

    def of(*people: str, **options: int) -> bytes:
        return encode(np.ascontiguousarray(fake_photo(*people, **options)), "PNG")

    return of
