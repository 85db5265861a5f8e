"""What the door answers by itself."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from visavis.ui.assets import TYPES, asset
from visavis.ui.signin import sign_in_page

Scope: TypeAlias = dict[str, Any]
Message: TypeAlias = dict[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

ROOT: Final = "/ui"
COOKIE: Final = "visavis_session"
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' blob:; "
        "font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'self'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",  # without any, a browser says of no form where it came from
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] | None = None

    async def send(self, send: Send) -> None:
        """Sends it, never to be kept unless its own headers say so."""
        told = {"Cache-Control": "no-store", **HEADERS, **(self.headers or {})}
        told["Content-Length"] = str(len(self.body))
        raw = [(name.lower().encode(), value.encode()) for name, value in told.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": raw})
        await send({"type": "http.response.body", "body": self.body})


def guarded(send: Send) -> Send:
    """Adds headers to an answer of Gradio's."""

    async def adding(message: Message) -> None:
        if message["type"] == "http.response.start":
            extra = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
            message = {**message, "headers": [*message.get("headers", ()), *extra]}
        await send(message)

    return adding


def redirect(path: str, new_cookie: str | None = None) -> Reply:
    """Sends a browser elsewhere, by GET."""
    headers = {"Location": path} | ({} if new_cookie is None else {"Set-Cookie": new_cookie})
    return Reply(303, b"", headers)


def cookie(value: str, scope: Scope, over: bool = False) -> str:
    """The session's cookie, which no script can read; `over` takes it away."""
    secure = "; Secure" if scope.get("scheme") == "https" else ""
    age = "; Max-Age=0" if over else ""
    return f"{COOKIE}={value}; Path={ROOT}; HttpOnly; SameSite=Strict{secure}{age}"


def login_page(status: int, trouble: str = "") -> Reply:
    """The page that asks for the key."""
    body = sign_in_page(trouble).encode()
    return Reply(status, body, {"Content-Type": "text/html; charset=utf-8"})


def file_reply(name: str) -> Reply:
    """A file of the pages' own, or 404."""
    kind = TYPES.get(name.rpartition(".")[2])
    try:
        body = asset(name).encode() if kind else None
    except FileNotFoundError:
        body = None
    if kind is None or body is None:
        return Reply(404, b"not found")
    return Reply(200, body, {"Content-Type": kind, "Cache-Control": "no-cache"})
