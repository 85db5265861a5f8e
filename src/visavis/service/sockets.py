"""What WebSockets that take frames share: who calls, the newest frame alone, and how they end."""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Generic, TypeAlias, TypeVar

from pydantic import ValidationError
from starlette.types import Message as Received
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from visavis.errors import InputError, VisavisError
from visavis.service.admission import Overloaded
from visavis.service.auth import token_of
from visavis.service.deps import admit, services_of
from visavis.service.errors import BadRequest, TooSlowClient, status_of, told
from visavis.service.logs import log
from visavis.service.mailbox import Mailbox
from visavis.service.rates import RateLimited
from visavis.service.schemas.base import Message
from visavis.service.schemas.live import Hello
from visavis.service.state import Call

logger = logging.getLogger("visavis.service")

HELLO_SECONDS: Final = 10.0
"""Time for the first message."""
IDLE_SECONDS: Final = 30.0
"""A line is closed after so long without a frame."""
CHECK_SECONDS: Final = 2.0
"""How often the key is looked at again."""
MOST_BAD: Final = 5
"""Frames in a row that cannot be used, by which a line is closed."""
LONGEST_HELLO: Final = 8192

NORMAL, BAD_DATA, REFUSED, BROKEN, BUSY = 1000, 1003, 1008, 1011, 1013
"""Codes of RFC 6455 with which a line is closed."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A message as it came: its number, from 1, its bytes, None for text, and when."""

    number: int
    data: bytes | None
    at: float

    @property
    def picture(self) -> bytes:
        """Raises BadRequest for text."""
        if self.data is None:
            raise BadRequest("expected a picture as a binary message, got text")
        return self.data


H = TypeVar("H", bound=Hello)
Take: TypeAlias = Callable[[Frame], Awaitable[bool]]
"""Works on a frame and says whether that was the last. Raises InputError for one that cannot be
used, Overloaded where it was not worked on."""


class Line(Generic[H]):
    """An open WebSocket whose caller is known."""

    def __init__(
        self, socket: WebSocket, call: Call, token: str | None, hello: H, first: bytes | None
    ) -> None:
        """`first` is a frame that came instead of a hello."""
        self.call = call
        self.hello = hello
        self.code = NORMAL
        self._socket = socket
        self._token = token
        self._first = first
        self._mailbox: Mailbox[Frame] = Mailbox()
        self._missed = 0
        self._heard = 0.0

    @property
    def dropped(self) -> int:
        """How many frames were not worked on: newer ones came, or nobody was free in time."""
        return self._mailbox.dropped + self._missed

    async def say(self, message: Message) -> None:
        """Sends a message; to nobody where the client has left."""
        await _send(self._socket, message.model_dump_json())

    async def follow(self, take: Take, clock: Callable[[], float] = time.monotonic) -> None:
        """Gives the newest frame to `take`, one after the other, until one is the last, too many
        are bad, or the client leaves; `clock` says when they came.

        Raises Unauthorized when the key is revoked or expires, TooSlowClient when no frame comes,
        and what `take` raises but for InputError and Overloaded.
        """
        self._heard = time.monotonic()
        works = (self._receive(clock), self._work(take), self._watch())
        tasks = [asyncio.create_task(work) for work in works]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        for task in done:
            task.result()

    async def _receive(self, clock: Callable[[], float]) -> None:
        number = 0
        if self._first is not None:
            number = 1
            self._put(Frame(number, self._first, clock()))
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            number += 1
            self._heard = time.monotonic()
            self._put(Frame(number, message.get("bytes"), clock()))

    def _put(self, frame: Frame) -> None:
        if self._mailbox.put(frame):
            self.call.services.metrics.frame("dropped")

    async def _work(self, take: Take) -> None:
        bad = 0
        while True:
            frame = await self._mailbox.get()
            try:
                self.call.services.rates.take(self.call.caller.key_id)
                last = await take(frame)
            except (Overloaded, RateLimited):
                self._missed += 1
                self.call.services.metrics.frame("dropped")
                continue
            except InputError as error:
                bad += 1
                await _fail(self._socket, error)
                if bad >= MOST_BAD:
                    self.code = BAD_DATA
                    return
                continue
            bad = 0
            self.call.services.metrics.frame("processed")
            if last:
                return

    async def _watch(self) -> None:
        """Ends a line whose key opens nothing any more, or that is silent."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            self.call.services.gate.admit(self._token)
            if time.monotonic() - self._heard > IDLE_SECONDS:
                raise TooSlowClient(f"expected a frame within {IDLE_SECONDS:g} s, got none")


async def converse(
    socket: WebSocket, kind: type[H], talk: Callable[[Line[H]], Awaitable[None]]
) -> None:
    """Has a `talk` with a client that said who it is; what is raised meanwhile is told. Then the
    line is closed.

    The key comes in a header or in the first message, a JSON object: never in the address, which
    is logged. Where it came in a header, the first message may be a frame already.
    """
    await socket.accept()
    code, started = BROKEN, time.monotonic()
    try:
        line = await _greeted(socket, kind)
        await talk(line)
        code = line.code
    except WebSocketDisconnect:
        code = NORMAL
    except VisavisError as error:
        code = _code(error)
        with suppress(WebSocketDisconnect):
            await _fail(socket, error)
    finally:
        _note(socket, code, time.monotonic() - started)
    if socket.client_state is WebSocketState.CONNECTED:
        with suppress(WebSocketDisconnect):
            await socket.close(code)


async def _greeted(socket: WebSocket, kind: type[H]) -> Line[H]:
    try:
        async with asyncio.timeout(HELLO_SECONDS):
            message: Received = await socket.receive()
    except TimeoutError:
        raise TooSlowClient(f"expected a message within {HELLO_SECONDS:g} s, got none") from None
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", NORMAL))
    text = message.get("text")
    hello = kind() if text is None else _parsed(kind, text)
    given = None if hello.key is None else hello.key.get_secret_value()
    token = token_of(socket.headers) or given
    first = message.get("bytes") if text is None else None
    return Line(socket, admit(socket, token), token, hello, first)


def _parsed(kind: type[H], text: str) -> H:
    """Says what is wrong without the values: one of them is the key."""
    if len(text) > LONGEST_HELLO:
        raise BadRequest(f"expected at most {LONGEST_HELLO} characters first, got {len(text)}")
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        problems = tuple(
            {"where": ".".join(map(str, e["loc"])) or "message", "what": e["msg"]}
            for e in error.errors(include_input=False, include_context=False)[:20]
        )
    raise BadRequest(f"{problems[0]['where']}: {problems[0]['what']}", problems)


async def _fail(socket: WebSocket, error: VisavisError) -> None:
    """Tells of an error: the client, the metrics and, where it is the service's own, the log."""
    services_of(socket).metrics.observe_refusal(error)
    if status_of(error) >= 500:
        logger.error("%s: %s", error.code, error, exc_info=error)
    body = {"type": "error", **told(error, socket.state.request_id)}
    await _send(socket, json.dumps(body))


def _note(socket: WebSocket, code: int, seconds: float) -> None:
    """Counts and logs a line that is over, under its route's template."""
    route = getattr(socket.scope.get("route"), "path", None)
    services_of(socket).metrics.request(route, "WEBSOCKET", code, None)
    request, key = socket.state.request_id, getattr(socket.state, "key_id", None)
    took = round(seconds, 1)
    log(logger, logging.INFO, "socket", request=request, key=key, route=route, code=code, s=took)


async def _send(socket: WebSocket, text: str) -> None:
    if socket.client_state is WebSocketState.CONNECTED:
        await socket.send_text(text)


def _code(error: VisavisError) -> int:
    match status_of(error):
        case 429:
            return BUSY
        case status if status >= 500:
            return BROKEN
        case _:
            return REFUSED
