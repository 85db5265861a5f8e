"""The whole application: every answer that is no success has one shape."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from visavis.errors import MissingWeights, NoFace
from visavis.service.app import create_app, reference
from visavis.service.state import Services
from visavis.serving import ServiceSettings

HOME = "http://127.0.0.1:8600"
Png = Callable[..., bytes]


FORM = b'--x\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n'


def limited(services: Services, **limits: Any) -> Services:
    """These services with other limits."""
    other = ServiceSettings(ui=False, **limits)
    return replace(services, settings=services.settings.model_copy(update={"service": other}))


def post(app: FastAPI, path: str, body: AsyncIterator[bytes], kind: str) -> httpx.Response:
    """Sends a body piece by piece, without a length."""

    async def scenario() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=HOME) as client:
            return await client.post(path, content=body, headers={"Content-Type": kind})

    return asyncio.run(scenario())


def check(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The error in an answer, which has the shape that all have."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert set(body) == {"error", "request_id"}
    assert set(body["error"]) == {"code", "message", "details"}
    assert body["request_id"] == answer.headers["x-request-id"]
    assert body["error"]["code"] == code
    assert answer.headers["cache-control"] == "no-store"
    error: dict[str, Any] = body["error"]
    return error


def test_no_such_path(client: TestClient) -> None:
    check(client.get("/v1/nowhere"), 404, "not_found")
    check(client.get("/docs/nowhere/../../v1/x"), 404, "not_found")


def test_no_such_method(client: TestClient) -> None:
    answer = client.delete("/v1/detect")
    check(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "POST"


def test_the_request_id_is_in_answers_and_errors(client: TestClient) -> None:
    headers = {"X-Request-Id": "door-7.2026"}
    assert client.get("/healthz", headers=headers).headers["x-request-id"] == "door-7.2026"
    assert client.get("/v1/nowhere", headers=headers).json()["request_id"] == "door-7.2026"


def test_what_is_wrong_is_told_without_its_value(client: TestClient) -> None:
    answer = client.post("/v1/collections", json={"name": ["SECRET-VALUE"], "more": "SECRET-VALUE"})
    error = check(answer, 422, "invalid_request")
    assert "SECRET" not in answer.text
    assert {p["where"] for p in error["details"]["problems"]} == {"body.name", "body.more"}
    assert all(set(p) == {"where", "what"} for p in error["details"]["problems"])


def test_a_parameter_out_of_range(client: TestClient) -> None:
    error = check(client.get("/v1/collections?limit=-77777"), 422, "invalid_request")
    assert error["details"]["problems"][0]["where"] == "query.limit"
    assert "77777" not in json.dumps(error)


def test_a_body_that_is_no_json(client: TestClient) -> None:
    headers = {"Content-Type": "application/json"}
    answer = client.post("/v1/collections", content=b'{"name": SECRET', headers=headers)
    check(answer, 422, "invalid_request")
    assert "SECRET" not in answer.text


def test_what_is_wrong_is_told_within_bounds(client: TestClient) -> None:
    fields = {f"{number}-{'x' * 5000}": 1 for number in range(50)}
    error = check(client.post("/v1/collections", json=fields), 422, "invalid_request")
    assert len(error["details"]["problems"]) == 20
    assert len(json.dumps(error)) < 20_000


@pytest.mark.parametrize(
    ("path", "kind", "start"),
    [
        ("/v1/detect", "image/png", b" "),
        ("/v1/detect", "application/json", b" "),
        ("/v1/detect", "multipart/form-data; boundary=x", FORM),
        ("/v1/collections", "application/json", b" "),
    ],
)
class TestBodies:
    """Of routes that read their pictures themselves, and of one whose body is a model."""

    def test_more_bytes_than_may_come(
        self, services: Services, path: str, kind: str, start: bytes
    ) -> None:
        async def endless() -> AsyncIterator[bytes]:
            yield start
            for _ in range(1000):
                yield b" " * 64

        answer = post(create_app(limited(services, max_request=1000)), path, endless(), kind)
        error = check(answer, 413, "request_too_large")
        assert "1000 bytes" in error["message"]

    def test_bytes_that_do_not_come(
        self, services: Services, path: str, kind: str, start: bytes
    ) -> None:
        async def halting() -> AsyncIterator[bytes]:
            yield start
            await asyncio.Event().wait()

        answer = post(create_app(limited(services, body_seconds=0.02)), path, halting(), kind)
        check(answer, 408, "timeout")


def test_a_length_beyond_the_limit(services: Services) -> None:
    with TestClient(create_app(limited(services, max_request=1000)), base_url=HOME) as client:
        check(client.post("/v1/detect", content=b"x" * 1001), 413, "request_too_large")
        figures = client.get("/metrics").text
    assert 'reason="request_too_large"' in figures


def test_a_route_that_breaks(services: Services, caplog: pytest.LogCaptureFixture) -> None:
    app = create_app(services)

    @app.get("/breaks")
    async def breaks() -> None:
        raise RuntimeError("secret of the machine")

    answer = TestClient(app, base_url=HOME).get("/breaks")
    check(answer, 500, "internal")
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert "secret of the machine" in caplog.text


def test_errors_of_the_library(services: Services, caplog: pytest.LogCaptureFixture) -> None:
    app = create_app(services)

    @app.get("/weights")
    async def weights() -> None:
        raise MissingWeights("looked in /home/ada/models")

    @app.get("/face")
    async def face() -> None:
        raise NoFace("expected a face, got none")

    client = TestClient(app, base_url=HOME)
    inside = check(client.get("/weights"), 500, "missing_weights")
    assert "/home" not in json.dumps(inside)
    assert "/home/ada/models" in caplog.text
    assert check(client.get("/face"), 422, "no_face")["message"] == "expected a face, got none"


def test_other_origins(services: Services, client: TestClient, png: Png) -> None:
    desk = {"Origin": "https://desk.example"}
    check(client.post("/v1/detect", content=png("ada"), headers=desk), 403, "forbidden")
    app = create_app(limited(services, cors_origins=("https://desk.example",)))
    other = TestClient(app, base_url=HOME)
    picture = desk | {"Content-Type": "image/png"}
    answer = other.post("/v1/detect", content=png("ada"), headers=picture)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "https://desk.example"
    assert "Retry-After" in answer.headers["access-control-expose-headers"]
    asked = other.options("/v1/detect", headers=desk | {"Access-Control-Request-Method": "POST"})
    assert asked.status_code == 200
    evil = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    assert "access-control-allow-origin" not in other.options("/v1/detect", headers=evil).headers


def test_rebound_names(services: Services) -> None:
    client = TestClient(create_app(services), base_url="http://evil.example:8600")
    check(client.get("/v1/collections"), 403, "forbidden")


def test_compreface_has_its_own_shape(client: TestClient) -> None:
    answer = client.get("/api/v1/nowhere")
    assert answer.status_code == 404
    assert set(answer.json()) == {"message", "code"}


def test_the_reference(client: TestClient) -> None:
    document = reference()
    assert "/v1/detect" in document["paths"]
    assert client.get("/openapi.json").json() == json.loads(json.dumps(document))
