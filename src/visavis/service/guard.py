"""What every request passes through: its id, its limits, and what is told about it afterwards."""

import asyncio
import logging
import re
import secrets
import time
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from visavis.errors import VisavisError
from visavis.service.auth import Forbidden
from visavis.service.errors import (
    UNEXPECTED,
    NotHere,
    RequestTooLarge,
    TooSlowClient,
    answer,
    envelope,
)
from visavis.service.logs import access
from visavis.service.metrics import Metrics
from visavis.service.streaming import LIMIT
from visavis.serving import LOOPBACK, ServiceSettings

logger = logging.getLogger("visavis.service")

_DIGITS: Final = 18
"""A Content-Length of more is too large, whatever it is."""
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_API_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
_ALLOWED: Final = "Access-Control-Allow-Origin"
_PAGES: Final = "/ui"
_FOREIGN: Final = "this host or origin may not call"
_DENIAL: Final = "websocket.http.response"
"""Extension of a server that can say why it opens no WebSocket."""


@dataclass(slots=True)
class _Told:
    """What became of a request."""

    status: int = 0
    sent: int = 0


class Guard:
    """ASGI middleware around everything else."""

    def __init__(self, app: ASGIApp, settings: ServiceSettings, metrics: Metrics) -> None:
        self._app = app
        self._settings = settings
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "http":
                await self._http(scope, receive, send)
            case "websocket":
                await self._websocket(scope, receive, send)
            case _:
                await self._app(scope, receive, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        ident = scope.setdefault("state", {})["request_id"] = request_id(headers)
        if self._foreign(headers, scope):
            await receive()
            await _refuse(Forbidden(_FOREIGN), scope, ident, send)
        else:
            await self._app(scope, receive, _refusing(scope, ident, send))

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        ident = scope.setdefault("state", {})["request_id"] = request_id(headers)
        told, started = _Told(), time.perf_counter()
        sender = self._sender(scope, send, told, ident)
        limit = scope["state"][LIMIT] = asyncio.timeout(self._seconds(scope))
        with self._metrics.running():
            try:
                async with limit:
                    inner = self._refusal(headers, scope, ident) or self._app
                    await inner(scope, self._receiver(receive), sender)
            except Exception:  # the last resort: whatever it was, the client gets no traceback
                late = limit.expired()
                if not late:
                    logger.exception("request failed", extra={"request": ident})
                if not told.status:
                    await _failed(ident, late)(scope, _nothing, sender)
        self._tell(scope, told, ident, time.perf_counter() - started)

    def _seconds(self, scope: Scope) -> float | None:
        return None if _is_page(scope) else self._settings.request_seconds

    def _refusal(self, headers: Headers, scope: Scope, ident: str) -> ASGIApp | None:
        """The answer to a request that goes no further."""
        if self._foreign(headers, scope):
            return answer(Forbidden(_FOREIGN), ident)
        length = headers.get("content-length", "0")
        if not length.isdecimal():
            return JSONResponse(envelope("invalid_request", "bad Content-Length", ident), 400)
        if len(length) > _DIGITS or int(length) > self._settings.max_request:
            self._metrics.reject("request_too_large")
            return answer(_too_large(self._settings.max_request), ident)
        return None

    def _foreign(self, headers: Headers, scope: Scope) -> bool:
        """Whether a page of another site called (cross-site requests, rebound names)."""
        host = _name(headers.get("host", ""))
        allowed = self._settings.hosts or (() if self._settings.public else LOOPBACK)
        if allowed and host not in allowed:
            return True
        origin = headers.get("origin")
        safe = scope["type"] == "http" and scope["method"] in _SAFE
        if origin is None or safe or origin in self._settings.cors_origins:
            return False
        return origin.partition("://")[2] != headers.get("host")

    def _receiver(self, receive: Receive) -> Receive:
        """Counts the body's bytes and its time."""
        limit, taken = self._settings.max_request, 0
        end = time.monotonic() + self._settings.body_seconds
        whole = False

        async def counted() -> Message:
            nonlocal taken, whole
            if whole:
                return await receive()
            try:
                async with asyncio.timeout(max(end - time.monotonic(), 0.001)):
                    message = await receive()
            except TimeoutError:
                raise TooSlowClient("the request took too long to arrive") from None
            taken += len(message.get("body", b""))
            if taken > limit:
                raise _too_large(limit)
            whole = not message.get("more_body", False)
            return message

        return counted

    def _sender(self, scope: Scope, send: Send, told: _Told, ident: str) -> Send:
        origin = Headers(scope=scope).get("origin")

        async def adding(message: Message) -> None:
            if message["type"] == "http.response.start":
                told.status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = ident
                for name, value in protection(scope).items():
                    headers.setdefault(name, value)
                if origin in self._settings.cors_origins and _ALLOWED not in headers:
                    headers[_ALLOWED] = origin  # what was refused here is for its pages too
                    headers.add_vary_header("Origin")
            else:
                told.sent += len(message.get("body", b""))
            await send(message)

        return adding

    def _tell(self, scope: Scope, told: _Told, ident: str, seconds: float) -> None:
        route = _route(scope)
        method = scope["method"]
        self._metrics.request(route, method, told.status, seconds)
        key = scope["state"].get("key_id", "")
        access(logger, ident, method, route, told.status, seconds, key, told.sent)


def protection(scope: Scope) -> dict[str, str]:
    """Headers of every answer, by which a browser keeps it to itself."""
    found = dict(_HEADERS)
    if not _is_page(scope):
        found |= _API_HEADERS
    if scope.get("scheme") in ("https", "wss"):
        found["Strict-Transport-Security"] = "max-age=31536000"
    return found


def request_id(headers: Headers) -> str:
    """The client's own, where it is a harmless one, else a new one."""
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(10)


def _route(scope: Scope) -> str:
    """The route's pattern: a bounded set of names, without ids."""
    if _is_page(scope):
        return _PAGES
    return str(getattr(scope.get("route"), "path", "unmatched"))


def _is_page(scope: Scope) -> bool:
    return f"{scope['path']}/".startswith(f"{_PAGES}/")


def _name(host: str) -> str:
    """The host of a Host header, without its port."""
    if not _plain(host):
        return ""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:  # a bracket that is not closed
        return ""


def _plain(host: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9.\-_:\[\]]{1,255}", host) is not None


def _refusing(scope: Scope, ident: str, send: Send) -> Send:
    """Says why where a WebSocket is closed unopened: routes open theirs, so there was no route."""
    opened = False

    async def telling(message: Message) -> None:
        nonlocal opened
        opened = opened or message["type"] == "websocket.accept"
        if opened or message["type"] != "websocket.close":
            await send(message)
        else:
            await _refuse(NotHere("there is no WebSocket at this path"), scope, ident, send)

    return telling


async def _refuse(error: VisavisError, scope: Scope, ident: str, send: Send) -> None:
    if _DENIAL in scope.get("extensions", {}):
        found = answer(error, ident)
        found.headers.update({"X-Request-Id": ident, **protection(scope)})
        await found(scope, _nothing, send)
    else:
        await send({"type": "websocket.close", "code": 1008})


def _failed(ident: str, late: bool) -> ASGIApp:
    if late:
        return answer(TooSlowClient("the request took too long"), ident)
    return JSONResponse(envelope(UNEXPECTED, "the service could not answer", ident), 500)


def _too_large(limit: int) -> RequestTooLarge:
    return RequestTooLarge(f"expected a request of at most {limit} bytes, got more")


async def _nothing() -> Message:
    return {"type": "http.disconnect"}
