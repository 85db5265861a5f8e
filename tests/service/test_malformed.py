"""Bytes that are no HTTP."""

import asyncio
import json
from http.client import HTTPResponse
from socket import socketpair

import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from visavis.service.malformed import Protocol, refusal


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


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError("nothing was asked")


def test_the_line_is_closed_after_it() -> None:
    async def talk() -> bytes:
        config = uvicorn.Config(app, http=Protocol, log_config=None)
        config.load()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: Protocol(config, ServerState(), {}, loop), "127.0.0.1", 0
        )
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.write(b"GARBAGE\r\n\r\n")
            data = await asyncio.wait_for(reader.read(), 20)
            writer.close()
        return data

    found = said(asyncio.run(talk()))
    assert found.status == 400
    assert found.headers["Connection"] == "close"
    assert set(found.body) == {"error", "request_id"}  # type: ignore[attr-defined]
