"""Answers that go on: so many at a time, and an end to all of them."""

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest
from starlette.types import Message, Receive, Scope, Send

from visavis.service.admission import Overloaded
from visavis.service.auth import Unauthorized
from visavis.service.guard import Guard
from visavis.service.metrics import Metrics
from visavis.service.streaming import Lasting, Stream, Streams
from visavis.serving import ServiceSettings

LONG = 30.0


def anybody() -> None:
    """May always call."""


def nobody() -> None:
    raise Unauthorized("revoked")


def test_no_more_than_there_are_seats_until_one_is_free_again() -> None:
    async def run() -> None:
        streams = Streams(1)
        with streams.open(anybody):
            assert len(streams) == 1
            with pytest.raises(Overloaded, match="at most 1"):
                streams.open(anybody)
        assert len(streams) == 0
        assert streams.open(anybody).going

    asyncio.run(run())


def test_a_reader_who_may_not_call_any_more_ends_it() -> None:
    async def run() -> None:
        assert not Streams(1).open(nobody).going

    asyncio.run(run())


def test_another_thread_ends_a_rest() -> None:
    async def run() -> None:
        stream = Streams(1).open(anybody)
        threading.Thread(target=stream.wake).start()
        assert await stream.rest(LONG)
        assert not await stream.rest(0.001)
        assert stream.going

    asyncio.run(run())


def test_the_end_of_the_service_ends_all_and_lets_no_other_begin() -> None:
    async def run() -> None:
        streams = Streams(9)
        found = [streams.open(anybody) for _ in range(2)]
        resting = [asyncio.create_task(stream.rest(LONG)) for stream in found]
        await asyncio.sleep(0)
        streams.end()
        assert await asyncio.gather(*resting) == [True, True]
        assert [stream.going for stream in found] == [False, False]
        with pytest.raises(Overloaded):
            streams.open(anybody)

    asyncio.run(run())


def test_waking_a_stream_of_a_loop_that_is_over_does_nothing() -> None:
    async def run() -> Stream:
        return Streams(1).open(anybody)

    asyncio.run(run()).wake()


@pytest.mark.parametrize("broken", [False, True])
def test_an_answer_outlasts_the_limit_of_requests_and_frees_its_seat(broken: bool) -> None:
    streams, sent, asked = Streams(1), list[Message](), iter([{"type": "http.request"}])

    async def parts() -> AsyncIterator[bytes]:
        yield b"one"
        await asyncio.sleep(0.05)  # five times the limit
        if broken:
            raise ValueError("broken")
        yield b"two"

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await Lasting(parts(), streams.open(anybody))(scope, receive, send)

    async def receive() -> Message:
        for message in asked:
            return message
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/v1/x", "scheme": "http", "headers": []}
    scope["headers"] = [(b"host", b"127.0.0.1")]
    guard = Guard(app, ServiceSettings(request_seconds=0.01), Metrics())
    asyncio.run(guard(scope, receive, send))
    body = b"".join(message.get("body", b"") for message in sent)
    assert body == (b"one" if broken else b"onetwo")
    assert len(streams) == 0
