"""What stands before the pages: sign-in, their own files, and the way from a page to WebSockets.

Of Gradio's routes only those are reachable that the pages need: no uploads, no API of its own.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qs

from visavis.client.errors import ServiceError
from visavis.errors import VisavisError
from visavis.ui import words
from visavis.ui.assets import OWN, TYPES, asset
from visavis.ui.folder import pages_of
from visavis.ui.session import Sessions
from visavis.ui.signin import sign_in_page

Scope: TypeAlias = dict[str, Any]
Message: TypeAlias = dict[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

ROOT: Final = "/ui"
COOKIE: Final = "visavis_session"
LOGIN, LOGOUT = f"{ROOT}/login", f"{ROOT}/logout"
SOCKETS: Final = f"{ROOT}/socket/"
REPORTS: Final = f"{ROOT}/reports/"
_LONGEST_FORM: Final = 4096
_FREE: Final = re.compile(r"/ui/(assets|static)/[\w./@-]*|/ui/(theme\.css|gradio_api/theme\.css)")
_BOUND: Final = re.compile(
    r"/ui/|/ui/config/?|/ui/gradio_api/(queue/(join|data)|heartbeat/\w+|startup-events|cancel|reset)/?"
    r"|/ui/reports/[\w.-]+\.html"
)
_CHALLENGE: Final = re.compile(r"challenges/[0-9a-f]{1,64}")
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' blob:; "
        "font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'self'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] | None = None

    async def send(self, send: Send) -> None:
        told = {"Cache-Control": "no-store", **_HEADERS, **(self.headers or {})}
        told["Content-Length"] = str(len(self.body))
        raw = [(name.lower().encode(), value.encode()) for name, value in told.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": raw})
        await send({"type": "http.response.body", "body": self.body})


class Door:
    """ASGI middleware: lets everything through that is not under /ui."""

    def __init__(self, app: App, sessions: Sessions, reports: Path | None = None) -> None:
        self._app = app
        self._sessions = sessions
        self._reports = reports

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = str(scope.get("path", ""))
        if path != ROOT and not path.startswith(f"{ROOT}/"):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._socket(scope, receive, send, path)
        elif scope["type"] == "http":
            await self._http(scope, receive, send, path)

    async def _http(self, scope: Scope, receive: Receive, send: Send, path: str) -> None:
        reply = await self._reply(scope, receive, path)
        if reply is not None:
            await reply.send(send)
        else:
            await self._app(scope, receive, _guarded(send))

    async def _reply(self, scope: Scope, receive: Receive, path: str) -> Reply | None:
        """An answer of its own; None where Gradio is to answer."""
        match scope["method"], path:
            case _, "/ui":
                return _to(f"{ROOT}/")
            case "GET" | "HEAD", "/ui/login":
                return await self._entrance()
            case "POST", "/ui/login":
                return await self._sign_in(scope, receive)
            case "POST", "/ui/logout":
                await self._sessions.end(cookie_of(scope))
                return _to(LOGIN, _cookie("", scope, over=True))
            case "GET" | "HEAD", _ if path.startswith(f"{OWN}/"):
                return _file(path.removeprefix(f"{OWN}/"))
            case _ if _FREE.fullmatch(path):
                return None
            case _ if not _BOUND.fullmatch(path):
                return Reply(404, b"not found")
        if await self._known(scope):
            return self._report(path) if path.startswith(REPORTS) else None
        return _to(LOGIN) if path == f"{ROOT}/" else Reply(401, b"sign in first")

    def _report(self, path: str) -> Reply:
        """A report page, which is whole by itself."""
        for page in pages_of(self._reports):
            if page.name == path.removeprefix(REPORTS):
                kind = {"Content-Type": "text/html; charset=utf-8"}
                return Reply(200, page.read_bytes(), kind)
        return Reply(404, b"not found")

    async def _known(self, scope: Scope) -> bool:
        """Whether somebody signed in, or nobody has to."""
        if self._sessions.find(cookie_of(scope)) is not None:
            return True
        try:
            return await self._sessions.open_to_all()
        except VisavisError:
            return False

    async def _entrance(self) -> Reply:
        try:
            if await self._sessions.open_to_all():
                return _to(f"{ROOT}/")
        except VisavisError as error:
            return _page(503, words.refusal(error))
        return _page(200)

    async def _sign_in(self, scope: Scope, receive: Receive) -> Reply:
        form = await _form(receive)
        key = form.get("key", "").strip()
        if not key:
            return _page(400, "Type your API key.")
        try:
            ident = await self._sessions.begin(key)
        except ServiceError as error:
            wrong = error.status == 401
            text = "This API key is not valid, or no longer." if wrong else words.refusal(error)
            return _page(401 if wrong else 503, text)
        except VisavisError:
            return _page(401, "This is no API key.")
        await self._sessions.end(cookie_of(scope))
        return _to(f"{ROOT}/", _cookie(ident, scope))

    async def _socket(self, scope: Scope, receive: Receive, send: Send, path: str) -> None:
        """A page's WebSocket becomes one of the service, with the key of whoever signed in."""
        target = _target(path)
        session = self._sessions.find(cookie_of(scope))
        if target is None:
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = [(name, value) for name, value in scope["headers"] if name != b"authorization"]
        if session is not None:
            headers.append((b"authorization", f"Bearer {session.key}".encode()))
        inner = {**scope, "path": target, "raw_path": target.encode(), "headers": headers}
        await self._app(inner, receive, send)


def cookie_of(scope: Scope) -> str | None:
    """The id of the session in a request's cookies."""
    for name, value in scope.get("headers", ()):
        if name == b"cookie":
            for part in value.decode("latin-1").split(";"):
                key, _, found = part.strip().partition("=")
                if key == COOKIE:
                    return str(found)
    return None


def _target(path: str) -> str | None:
    """Where a page's WebSocket leads; None for nowhere."""
    rest = path.removeprefix(SOCKETS)
    if rest == "live":
        return "/v1/live"
    return f"/v1/{rest}/frames" if _CHALLENGE.fullmatch(rest) else None


def _guarded(send: Send) -> Send:
    """Adds headers to an answer of Gradio's."""

    async def adding(message: Message) -> None:
        if message["type"] == "http.response.start":
            extra = [(name.lower().encode(), value.encode()) for name, value in _HEADERS.items()]
            message = {**message, "headers": [*message.get("headers", ()), *extra]}
        await send(message)

    return adding


def _to(path: str, cookie: str | None = None) -> Reply:
    headers = {"Location": path} | ({} if cookie is None else {"Set-Cookie": cookie})
    return Reply(303, b"", headers)


def _cookie(value: str, scope: Scope, over: bool = False) -> str:
    secure = "; Secure" if scope.get("scheme") == "https" else ""
    age = "; Max-Age=0" if over else ""
    return f"{COOKIE}={value}; Path={ROOT}; HttpOnly; SameSite=Strict{secure}{age}"


def _page(status: int, trouble: str = "") -> Reply:
    body = sign_in_page(trouble).encode()
    return Reply(status, body, {"Content-Type": "text/html; charset=utf-8"})


def _file(name: str) -> Reply:
    kind = TYPES.get(name.rpartition(".")[2])
    try:
        body = asset(name).encode() if kind else None
    except FileNotFoundError:
        body = None
    if kind is None or body is None:
        return Reply(404, b"not found")
    return Reply(200, body, {"Content-Type": kind, "Cache-Control": "no-cache"})


async def _form(receive: Receive) -> dict[str, str]:
    """The fields of a short form; none of a long one."""
    body = b""
    while len(body) <= _LONGEST_FORM:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            found = parse_qs(body.decode("utf-8", "replace"))
            return {name: values[0] for name, values in found.items()}
    return {}
