"""Lending: which of the service's answers a page gets by its session, and with whose key."""

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from visavis.client import AsyncClient
from visavis.service.apikeys import Scope
from visavis.service.state import Services
from visavis.ui.lending import answer_of, lent, socket_of
from visavis.ui.session import Session

FRAME = "/ui/service/cameras/0a1b/frame"


def asked(path: str, *headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {"type": "http", "method": "GET", "path": path, "headers": list(headers)}


@pytest.mark.parametrize(
    ("path", "target"),
    [
        (FRAME, "/v1/cameras/0a1b/frame"),
        ("/ui/service/sightings/0a1b/shot", "/v1/sightings/0a1b/shot"),
        ("/ui/service/sightings", "/v1/sightings"),
        ("/ui/service/cameras", None),
        ("/ui/service/cameras/0a1b", None),
        ("/ui/service/cameras/0a1b/start", None),
        ("/ui/service/cameras/../keys/frame", None),
        ("/ui/service/keys", None),
        ("/ui/cameras/0a1b/frame", None),
    ],
)
def test_pictures_and_events_are_lent_and_nothing_else(path: str, target: str | None) -> None:
    assert answer_of("GET", path) == target
    assert answer_of("POST", path) is None


def test_sockets_are_those_of_frames() -> None:
    assert socket_of("/ui/socket/live") == "/v1/live"
    assert socket_of("/ui/socket/challenges/0a1b") == "/v1/challenges/0a1b/frames"
    assert socket_of("/ui/socket/keys") is None


def test_the_key_is_the_sessions_whatever_the_page_sends() -> None:
    given = ((b"x-api-key", b"mine"), (b"authorization", b"Bearer mine"), (b"accept", b"*/*"))
    session = Session("theirs", AsyncClient("http://127.0.0.1:8600", "theirs"), 0.0)
    found = lent(asked(FRAME, *given), "/v1/cameras/0a1b/frame", session)
    assert found["headers"] == [(b"accept", b"*/*"), (b"authorization", b"Bearer theirs")]
    assert found["path"].encode() == found["raw_path"] == b"/v1/cameras/0a1b/frame"
    nobody = lent(asked(FRAME, *given), "/v1/sightings", None)
    assert nobody["headers"] == [(b"accept", b"text/event-stream")]


@pytest.fixture
def token(services: Services) -> str:
    return services.keys.create("front desk", [Scope.IDENTIFY])[1]


def test_a_picture_needs_a_session(mounted: TestClient, token: str) -> None:
    assert code(mounted.get(FRAME)) == "unauthorized"
    mounted.post("/ui/login", data={"key": token})
    answer = mounted.get(FRAME)
    assert code(answer) == "not_found"
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


def test_a_key_without_the_scope_gets_no_picture(mounted: TestClient, services: Services) -> None:
    token = services.keys.create("kiosk", [Scope.DETECT])[1]
    mounted.post("/ui/login", data={"key": token})
    assert code(mounted.get(FRAME)) == "forbidden"


def test_sightings_are_lent_as_a_stream(mounted: TestClient, services: Services) -> None:
    services.streams.end()
    answer = mounted.get("/ui/service/sightings", headers={"accept": "application/json"})
    assert code(answer) == "overloaded"


def code(answer: Any) -> Any:
    return json.loads(answer.text)["error"]["code"]
