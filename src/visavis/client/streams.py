"""WebSockets that take frames and tell what was made of them."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final, TypeAlias

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    ConnectionClosedError,
    InvalidStatus,
    WebSocketException,
)

from visavis.client.challenges import Progress, Verdict
from visavis.client.errors import Answer, ServiceError, Unreachable, error_of, reading
from visavis.client.live import LiveFrame
from visavis.client.operation import Fields, Query, path
from visavis.client.photos import Photo, photo_bytes
from visavis.client.wire import Wire

Frames: TypeAlias = AsyncIterable[Photo]
OnError: TypeAlias = Callable[[ServiceError], object]
"""Told of each frame that the service could not use."""

GRACE: Final = 5.0
"""Seconds after the last frame in which it is answered, or not at all."""
_LONGEST: Final = 16 * 2**20


async def live(
    wire: Wire, frames: Frames, asked: Query, on_error: OnError
) -> AsyncGenerator[LiveFrame, None]:
    """What was made of each frame that was looked at."""
    async with _opened(wire, path("live"), asked, frames, on_error) as stream:
        async for message in stream.messages():
            if message["type"] == "frame":
                with reading("a frame of a stream"):
                    found = LiveFrame.of(message)
                stream.seen = found.frame
                yield found
                if found.frame == stream.last:
                    return


async def answer(
    wire: Wire, challenge: str, frames: Frames, on_error: OnError
) -> AsyncGenerator[Progress | Verdict, None]:
    """How an answer to a challenge goes, and at its end the verdict."""
    address = path("challenges", challenge, "frames")
    async with _opened(wire, address, {}, frames, on_error) as stream:
        async for message in stream.messages():
            with reading("the state of a challenge"):
                found = _state(message)
            yield found
            if isinstance(found, Verdict):
                return


def _state(message: Fields) -> Progress | Verdict:
    if message["type"] == "verdict":
        return Verdict.of(message["verdict"])
    return Progress.of(message)


class _Stream:
    """An open WebSocket, and the frames that go into it."""

    def __init__(self, socket: ClientConnection, frames: Frames, on_error: OnError) -> None:
        self._socket = socket
        self._frames = frames
        self._on_error = on_error
        self._held: ServiceError | None = None
        self._sender: asyncio.Task[None] | None = None
        self.last: int | None = None
        """The number of the last frame, once there will be no other."""
        self.seen = 0
        """The number of the last frame that was answered."""

    async def messages(self) -> AsyncIterator[Fields]:
        """All that the service says; frames go out once it has said something.

        Raises ServiceError for what ends the stream, and what `frames` raises.
        """
        try:
            async for text in self._socket:
                message = _parsed(text)
                self._report()
                if message["type"] == "error":
                    with reading("an error of a stream"):
                        self._held = error_of(message)
                    continue
                if self._sender is None:
                    self._sender = asyncio.create_task(self._send())
                yield message
        except ConnectionClosedError as error:
            raise self._held or Unreachable(f"the stream broke: {error}") from error
        self._report()
        if self._sender is not None:
            await self._sender

    async def greet(self, hello: Query) -> None:
        """Says what is wanted; to nobody where the service has left, which `messages` tells."""
        said = {name: value for name, value in hello.items() if value is not None}
        with suppress(ConnectionClosed):
            await self._socket.send(json.dumps(said))

    async def close(self) -> None:
        """Ends it, whatever is under way."""
        if self._sender is not None:
            self._sender.cancel()
            await asyncio.gather(self._sender, return_exceptions=True)
        await self._socket.close()

    async def _send(self) -> None:
        sent = 0
        try:
            with suppress(ConnectionClosed):
                async for frame in self._frames:
                    await self._socket.send(photo_bytes(frame))
                    sent += 1
                self.last = sent
                if self.seen < sent:
                    await asyncio.sleep(GRACE)
        finally:
            await self._socket.close()

    def _report(self) -> None:
        """Tells of an error that did not end the stream: something came after it."""
        if self._held is not None:
            self._on_error(self._held)
            self._held = None


@asynccontextmanager
async def _opened(
    wire: Wire, address: str, hello: Query, frames: Frames, on_error: OnError
) -> AsyncIterator[_Stream]:
    stream = _Stream(await _connected(wire, address), frames, on_error)
    try:
        await stream.greet(hello)
        yield stream
    finally:
        await stream.close()


async def _connected(wire: Wire, address: str) -> ClientConnection:
    try:
        return await connect(
            f"{wire.websockets}{address}",
            additional_headers=wire.headers,
            ssl=wire.trusted if wire.websockets.startswith("wss:") else None,
            proxy=None if wire.local else True,
            compression=None,  # frames are compressed already
            open_timeout=wire.timeout,
            max_size=_LONGEST,
        )
    except InvalidStatus as error:
        found = error.response
        headers = {name.lower(): value for name, value in found.headers.raw_items()}
        raise Answer(found.status_code, headers, bytes(found.body or b"")).error() from error
    except (OSError, WebSocketException) as error:
        raise Unreachable(f"no stream to {wire.url}: {error}") from error


def _parsed(text: str | bytes) -> Fields:
    with reading("a message of a stream"):
        found = json.loads(text)
        return {"type": found["type"], **found}
