"""Errors: CompreFace's shape and numbers, whoever answered, and nothing else touched."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from visavis.service.apikeys import Scope
from visavis.service.compreface.errors import CompreFaceErrors, reshaped
from visavis.service.errors import envelope
from visavis.service.state import Services

RECOGNITION = "/api/v1/recognition"


def told(
    code: str,
    status: int,
    path: str = "/api/v1/recognition/subjects/ada",
    headers: Mapping[str, str] | None = None,
    details: Mapping[str, Any] | None = None,
) -> tuple[int, int, str]:
    """Status, number and message."""
    raw = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    body = json.dumps(envelope(code, "words", "request", details)).encode()
    found, new = reshaped({"type": "http", "path": path, "headers": raw}, status, body)
    document = json.loads(new)
    assert document.keys() == {"message", "code"}
    return found, document["code"], document["message"]


@pytest.mark.parametrize(
    ("code", "status", "number", "new"),
    [
        ("no_face", 422, 28, 400),
        ("many_faces", 422, 31, 400),
        ("too_many_faces", 422, 31, 400),
        ("bad_image", 400, 21, 400),
        ("low_quality", 422, 0, 400),
        ("not_live", 422, 0, 400),
        ("duplicate_subject", 409, 43, 400),
        ("unknown_subject", 404, 42, 404),
        ("input", 400, 36, 400),
        ("model_mismatch", 409, 36, 400),
        ("forbidden", 403, 1, 403),
        ("not_found", 404, 0, 404),
        ("method_not_allowed", 405, 0, 405),
        ("request_too_large", 413, 0, 413),
        ("rate_limited", 429, 0, 429),
        ("database", 503, 41, 503),
        ("internal", 500, 41, 500),
    ],
)
def test_codes_become_numbers(code: str, status: int, number: int, new: int) -> None:
    assert told(code, status) == (new, number, "words")


@pytest.mark.parametrize("code", ["not_found", "unknown_subject"])
@pytest.mark.parametrize("path", ["/api/v1/recognition/faces/x/img", "/api/v1/static/k/images/x"])
def test_an_image_that_is_not_there_has_a_number_of_its_own(code: str, path: str) -> None:
    assert told(code, 404, path) == (404, 44, "words")


def test_no_key_and_a_wrong_key_are_told_apart() -> None:
    assert told("unauthorized", 401) == (401, 20, "Missing header: x-api-key")
    assert told("unauthorized", 401, headers={"x-api-key": "k"}) == (401, 10, "words")
    assert told("unauthorized", 401, "/api/v1/static/k/images/x")[1] == 10


@pytest.mark.parametrize(
    ("where", "what", "number", "words"),
    [
        ("query.subject", "Field required", 33, "Required parameter subject is missing"),
        ("part.file", "Field required", 34, "Required part file is missing"),
        ("body.subject", "Field required", 5, "Field subject cannot be empty"),
        ("query.limit", "too small", 26, "limit: too small"),
    ],
)
def test_what_is_wrong_with_a_request_comes_first(
    where: str, what: str, number: int, words: str
) -> None:
    details = {"problems": [{"where": where, "what": what}, {"where": "query.x", "what": "y"}]}
    assert told("invalid_request", 422, details=details) == (400, number, words)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"error": "x"}', b'{"error": {}}', b"\xff"])
def test_what_is_no_error_of_ours_stays(body: bytes) -> None:
    assert reshaped({"path": "/api/v1/x", "headers": []}, 418, body) == (418, body)


def _app(answer: Callable[[], Response]) -> TestClient:
    async def route(request: object) -> Response:
        return answer()

    inner = Starlette(routes=[Route("/{path:path}", route)])
    return TestClient(CompreFaceErrors(inner))


def test_headers_stay_and_the_length_is_the_new_one() -> None:
    body = envelope("overloaded", "words", "request")
    client = _app(lambda: JSONResponse(body, 429, headers={"Retry-After": "3"}))
    answer = client.get("/api/v1/x")
    assert (answer.status_code, answer.json()) == (429, {"message": "words", "code": 0})
    assert answer.headers["retry-after"] == "3"
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert client.get("/v1/x").json() == body


def test_good_answers_and_plain_text_pass() -> None:
    assert _app(lambda: JSONResponse({"error": 1}, 200)).get("/api/v1/x").json() == {"error": 1}
    assert _app(lambda: PlainTextResponse("no", 404)).get("/api/v1/x").text == "no"


def test_an_error_in_several_parts_is_answered_whole() -> None:
    text = json.dumps(envelope("no_face", "words", "request")).encode()
    sent: list[Any] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        kind = (b"content-type", b"application/json")
        await send({"type": "http.response.start", "status": 422, "headers": [kind]})
        await send({"type": "http.response.body", "body": text[:9], "more_body": True})
        await send({"type": "http.response.body", "body": text[9:]})

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError

    scope = {"type": "http", "path": "/api/v1/x", "headers": []}
    asyncio.run(CompreFaceErrors(inner)(scope, receive, send))
    assert [m["type"] for m in sent] == ["http.response.start", "http.response.body"]
    assert sent[0]["status"] == 400
    assert json.loads(sent[1]["body"]) == {"message": "words", "code": 28}


def test_through_the_service(client: TestClient, services: Services) -> None:
    missing = client.post(f"{RECOGNITION}/recognize", files={"other": b"x"})
    assert (missing.status_code, missing.json()["code"]) == (400, 34)
    assert client.post(f"{RECOGNITION}/faces", files={"file": b"x"}).json()["code"] == 33
    broken = client.post(f"{RECOGNITION}/recognize", files={"file": b"no picture"})
    assert (broken.status_code, broken.json()["code"]) == (400, 21)
    wrong = client.post(f"{RECOGNITION}/recognize?limit=-1", files={"file": b"x"})
    assert (wrong.status_code, wrong.json()["code"]) == (400, 26)
    assert client.post(f"{RECOGNITION}/subjects", json={}).json()["code"] == 5
    assert client.get("/api/v1/nowhere").json()["code"] == 0
    services.keys.create("door", [Scope.DETECT])
    assert client.get(f"{RECOGNITION}/subjects").json()["code"] == 10
    del client.headers["x-api-key"]
    answer = client.get(f"{RECOGNITION}/subjects")
    assert (answer.status_code, answer.json()["code"]) == (401, 20)


def test_a_host_that_may_not_call(client: TestClient) -> None:
    answer = client.get(f"{RECOGNITION}/subjects", headers={"host": "evil.example"})
    assert (answer.status_code, answer.json()["code"]) == (403, 1)
