"""Cameras on loopback, and a service that may watch them."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from service.conftest import LIMITS
from streams import LIMIT, Camera, camera, jpeg
from visavis.gallery.gallery import Gallery
from visavis.gallery.vault import Keyring
from visavis.service.app import create_app
from visavis.service.opening import assemble
from visavis.service.state import Services
from visavis.settings import Settings
from visavis.testing import FakeDetector, FakeEmbedder, FakeLiveness, fake_photo
from visavis.types import Face, Image


class Showing:
    """A camera's script: shows the same picture again and again, some 50 times a second."""

    def __init__(self, *people: str) -> None:
        self.people = people

    def __call__(self, answer: Camera.Answer) -> None:
        answer.begin()
        pause = threading.Event()
        while not answer.camera.away.is_set():
            answer.part(jpeg(fake_photo(*self.people)))
            pause.wait(0.02)


@pytest.fixture
def door() -> Iterator[Camera]:
    """A camera before which ada stands."""
    with camera(Showing("ada")) as found:
        yield found


class Tolerant(FakeDetector):
    """Takes what is nearly black for black: JPEG leaves its traces there."""

    def detect(self, image: Image) -> list[Face]:
        lit = image.max(axis=2, keepdims=True) > 40
        return super().detect(np.where(lit, image, np.uint8(0)))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Cameras may be on this machine, two at work at a time."""
    service = {"ui": False, "camera_hosts": ["127.0.0.0/8"], "most_cameras": 2}
    return Settings.load(gallery=tmp_path / "gallery", limits=LIMITS, service=service)


@contextmanager
def serving(settings: Settings) -> Iterator[tuple[Services, TestClient]]:
    """A service of its own on these settings, which knows ada."""
    gallery = Gallery(settings.gallery, Keyring([bytes(range(32))]))
    made = assemble(settings, Tolerant(), FakeEmbedder(), FakeLiveness(), gallery)
    recognizer = made.recognizers.of("default")
    if "ada" not in recognizer.collection:
        recognizer.enrol("ada", fake_photo("ada"), name="Ada")
    with TestClient(create_app(made), base_url="http://127.0.0.1:8600") as client:
        yield made, client
    gallery.close()


@pytest.fixture
def services(settings: Settings) -> Iterator[Services]:
    gallery = Gallery(settings.gallery, Keyring([bytes(range(32))]))
    found = assemble(settings, Tolerant(), FakeEmbedder(), FakeLiveness(), gallery)
    yield found
    found.close()
    gallery.close()


@pytest.fixture
def client(services: Services) -> Iterator[TestClient]:
    """Of a service that knows ada."""
    pytest.importorskip("scipy", reason="the video extra is not installed")
    services.recognizers.of("default").enrol("ada", fake_photo("ada"), name="Ada")
    with TestClient(create_app(services), base_url="http://127.0.0.1:8600") as found:
        yield found


def until(true: Callable[[], bool]) -> None:
    """Waits for what must come."""
    end = threading.Event()
    for _ in range(int(LIMIT / 0.01)):
        if true():
            return
        end.wait(0.01)
    raise AssertionError("it never came true")
