"""Crowds are refused before anything is worked out about them."""

import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from visavis.service.errors import TooManyFaces
from visavis.service.limited import BestFaces, LimitedDetector
from visavis.settings import Settings
from visavis.testing import FakeDetector, FakeEmbedder, fake_photo

Pictures = Callable[..., bytes]
ONE = ("/v1/detect", "/v1/embed", "/v1/liveness", "/v1/collections/default/identify")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    limits = {"min_size": 5, "min_sharpness": 0, "min_contrast": 0, "min_score": 0}
    service = {"ui": False, "max_faces": 2}
    return Settings.load(gallery=tmp_path / "gallery", limits=limits, service=service)


def test_as_many_faces_as_allowed_are_passed_on() -> None:
    image = fake_photo("ada", "ben")
    found = LimitedDetector(FakeDetector(), 2).detect(image)
    assert [face.box.tolist() for face in found] == [
        face.box.tolist() for face in FakeDetector().detect(image)
    ]
    assert LimitedDetector(FakeDetector(), 2).detect(fake_photo()) == []


def test_one_more_is_refused() -> None:
    with pytest.raises(TooManyFaces, match="at most 2 faces, found 3"):
        LimitedDetector(FakeDetector(), 2).detect(fake_photo("ada", "ben", "cleo"))


def test_every_route_refuses_a_crowd_before_it_embeds(
    client: TestClient, png: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd, two = png("ada", "ben", "cleo"), png("ada", "ben")
    for path in ONE:
        assert client.post(path, files={"image": two}).status_code == 200, path
    monkeypatch.setattr(FakeEmbedder, "embed", None)
    answers = [client.post(path, files={"image": crowd}) for path in ONE]
    text = base64.b64encode(crowd).decode()
    answers.append(client.post("/v1/compare?face=largest", json={"a": text, "b": text}))
    for answer in answers:
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "too_many_faces")


def test_of_a_crowd_the_best_are_left() -> None:
    found = BestFaces(FakeDetector(), 2).detect(fake_photo("ada", "ben", "eve"))
    assert len(found) == 2
