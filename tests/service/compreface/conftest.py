"""Calls as CompreFace's Python client sends them: same paths, headers and field names."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from visavis.pipeline import Pipeline
from visavis.service.app import create_app
from visavis.service.state import Services
from visavis.testing import FakeDetector, FakeEmbedder, FakeLiveness

API = "/api/v1"
FACES = f"{API}/recognition/faces"


def serve(app: FastAPI) -> TestClient:
    headers = {"x-api-key": "00000000-0000-0000-0000-000000000000"}
    return TestClient(app, base_url="http://127.0.0.1:8600", headers=headers)


@pytest.fixture
def app(services: Services) -> FastAPI:
    return create_app(services)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with serve(app) as found:
        yield found


@pytest.fixture
def altered(services: Services) -> Callable[..., TestClient]:
    """The same service under other settings, and with faces that are so much alive."""

    def of(live: float = 1.0, **settings: Any) -> TestClient:
        pipeline = Pipeline(FakeDetector(), FakeEmbedder(), FakeLiveness(live))
        changed = services.settings.model_copy(update=settings)
        return serve(create_app(replace(services, settings=changed, pipeline=pipeline)))

    return of


@pytest.fixture
def add(client: TestClient, png: Callable[..., bytes]) -> Callable[..., str]:
    """Adds an example of somebody and gives its image_id."""

    def of(person: str, subject: str | None = None, **options: int) -> str:
        photo = {"file": ("image.jpg", png(person, **options))}
        answer = client.post(f"{FACES}?subject={subject or person}", files=photo)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["image_id"])

    return of


@pytest.fixture
def post(client: TestClient, png: Callable[..., bytes]) -> Callable[..., tuple[int, Any]]:
    """Sends a photo of these people; status and document."""

    def of(path: str, *people: str, **options: int) -> tuple[int, Any]:
        photo = {"file": ("image.jpg", png(*people, **options))}
        answer = client.post(f"{API}/{path}", files=photo)
        return answer.status_code, answer.json()

    return of
