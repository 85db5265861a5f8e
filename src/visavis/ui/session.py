"""Who is signed in: API keys in memory, each under a random id that only a cookie knows."""

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeVar

import httpx

from visavis.client import AsyncClient
from visavis.client.errors import ServiceError
from visavis.client.keys import OwnKey, own_key
from visavis.client.operation import Operation

T = TypeVar("T")

IDLE_SECONDS: Final = 8 * 3600.0
MOST: Final = 256
OPEN_SECONDS: Final = 2.0
_NOBODY: Final = "none"
"""In place of a key where there is none, so that no key of the environment is taken instead."""


class Ask(Protocol):
    """Sends an operation to the service with somebody's key. Raises ServiceError."""

    async def __call__(self, operation: Operation[T], /) -> T: ...


@dataclass(slots=True)
class Session:
    """One who signed in; `seen` is the moment of the last request."""

    key: str = field(repr=False)
    client: AsyncClient
    seen: float


class Sessions:
    """All who are signed in. On one event loop; lost when the process ends."""

    def __init__(self, app: Any, host: str, clock: Callable[[], float] = time.monotonic) -> None:
        """`app` is the service as an ASGI application, `host` a name under which it may be called,
        with its port where it has one.
        """
        self._transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        self._url = f"http://{host}"
        self._clock = clock
        self._open: OrderedDict[str, Session] = OrderedDict()
        self._nobody = self._client(_NOBODY)
        self._open_until = 0.0

    async def begin(self, key: str) -> str:
        """The id of a new session. Raises ServiceError for a key that opens nothing."""
        client = self._client(key)
        try:
            await client.send(own_key())
        except ServiceError:
            await client.close()
            raise
        await self._make_room()
        ident = secrets.token_urlsafe(32)
        self._open[ident] = Session(key, client, self._clock())
        return ident

    async def end(self, ident: str | None) -> None:
        """Forgets a session and its key."""
        session = self._open.pop(ident or "", None)
        if session is not None:
            await session.client.close()

    def find(self, ident: str | None) -> Session | None:
        """The session of an id; None for an unknown one and for one idle too long."""
        session = self._open.get(ident or "")
        if session is None or ident is None:
            return None
        if self._clock() - session.seen > IDLE_SECONDS:
            del self._open[ident]
            return None
        session.seen = self._clock()
        self._open.move_to_end(ident)
        return session

    def ask(self, ident: str | None) -> Ask:
        """Asks as whoever has this session, or as anybody."""
        session = self.find(ident)
        return (self._nobody if session is None else session.client).send

    async def open_to_all(self) -> bool:
        """Whether the service answers those who have no key, as it was within seconds: it lets
        nobody in who is let through here by mistake. Raises Unreachable.
        """
        if self._clock() < self._open_until:
            return True
        try:
            await self._nobody.send(own_key())
        except ServiceError as error:
            if error.status == 401:
                return False
            raise
        self._open_until = self._clock() + OPEN_SECONDS
        return True

    async def close(self) -> None:
        """Forgets everybody."""
        for ident in list(self._open):
            await self.end(ident)
        await self._nobody.close()

    def _client(self, key: str) -> AsyncClient:
        return AsyncClient(self._url, key, retries=0, timeout=60.0, transport=self._transport)

    async def _make_room(self) -> None:
        """Ends what is idle too long, and the longest idle where there are too many."""
        now = self._clock()
        for ident, session in list(self._open.items()):
            if now - session.seen > IDLE_SECONDS or len(self._open) >= MOST:
                await self.end(ident)


def may(own: OwnKey, *scopes: str) -> bool:
    """Whether a key has one of these scopes."""
    return "admin" in own.scopes or any(scope in own.scopes for scope in scopes)
