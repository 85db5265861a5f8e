"""Bytes that are no HTTP."""

import asyncio
import json
from http.client import HTTPResponse
from socket import socketpair

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from visavis.service.malformed import Protocol, opens, refusal


def said(data: bytes) -> HTTPResponse:
    ours, theirs = socketpair()
    with ours, theirs:
        ours.sendall(data)
        ours.close()
        found = HTTPResponse(theirs)
        found.begin()
        found.body = json.loads(found.read())  # type: ignore[attr-defined]
        return found


def test_the_answer_is_an_envelope_with_an_id_of_its_own() -> None:
    first, second = said(refusal()), said(refusal())
    body = first.body  # type: ignore[attr-defined]
    assert first.status == 400
    assert body["error"]["code"] == "invalid_request"
    assert body["request_id"] == first.headers["X-Request-Id"] != second.headers["X-Request-Id"]


def test_it_has_the_security_headers_of_every_answer() -> None:
    headers = said(refusal()).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert "Strict-Transport-Security" not in headers
    assert "max-age" in said(refusal("https")).headers["Strict-Transport-Security"]


@pytest.mark.parametrize(
    ("key", "version", "good"),
    [
        (b"dGhlIHNhbXBsZSBub25jZQ==", b"13", True),
        (b"dGhlIHNhbXBsZSBub25jZQ==", b"99", False),
        (b"dGhlIHNhbXBsZQ==", b"13", False),
        (b"no base64", b"13", False),
        ("ä".encode(), b"13", False),
    ],
)
def test_what_opens_a_websocket(key: bytes, version: bytes, good: bool) -> None:
    assert opens([(b"sec-websocket-key", key), (b"sec-websocket-version", version)]) is good


def test_nothing_opens_no_websocket() -> None:
    assert not opens([])


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError("nothing was asked")


def told(data: bytes) -> HTTPResponse:
    """What a server says of bytes before it hangs up."""

    async def talk() -> bytes:
        config = uvicorn.Config(app, http=Protocol, log_config=None)
        config.load()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: Protocol(config, ServerState(), {}, loop), "127.0.0.1", 0
        )
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.write(data)
            found = await asyncio.wait_for(reader.read(), 20)
            writer.close()
        return found

    return said(asyncio.run(talk()))


UPGRADE = b"GET /v1/live HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"


@pytest.mark.parametrize("data", [b"GARBAGE\r\n\r\n", UPGRADE])
def test_the_line_is_closed_after_it(data: bytes) -> None:
    found = told(data)
    assert found.status == 400
    assert found.headers["Connection"] == "close"
    assert set(found.body) == {"error", "request_id"}  # type: ignore[attr-defined]
