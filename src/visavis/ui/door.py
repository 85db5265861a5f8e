"""What stands before the pages: sign-in, their own files, and the way from a page to the service.

Of Gradio's routes only those are reachable that the pages need: no uploads, no API of its own.
"""

import re
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs

from visavis.client.errors import ServiceError
from visavis.errors import VisavisError
from visavis.ui import words
from visavis.ui.assets import OWN
from visavis.ui.folder import pages_of
from visavis.ui.lending import answer_of, lent, private, socket_of
from visavis.ui.replies import (
    COOKIE,
    ROOT,
    App,
    Receive,
    Reply,
    Scope,
    Send,
    cookie,
    file_reply,
    guarded,
    login_page,
    redirect,
)
from visavis.ui.session import Sessions

LOGIN, LOGOUT = f"{ROOT}/login", f"{ROOT}/logout"
REPORTS: Final = f"{ROOT}/reports/"
_LONGEST_FORM: Final = 4096
_FREE: Final = re.compile(r"/ui/(assets|static)/(?!.*\.\.)[\w./@-]*|/ui/(gradio_api/)?theme\.css")
_BOUND: Final = re.compile(
    r"/ui/|/ui/config/?|/ui/reports/[\w.-]+\.html"
    r"|/ui/gradio_api/(queue/(join|data)|heartbeat/\w+|startup-events|cancel|reset)/?"
)


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
        target = answer_of(scope["method"], path)
        if target is not None:
            session = self._sessions.find(session_of(scope))
            await self._app(lent(scope, target, session), receive, private(send))
            return
        reply = await self._reply(scope, receive, path)
        if reply is not None:
            await reply.send(send)
        else:
            await self._app(scope, receive, guarded(send))

    async def _reply(self, scope: Scope, receive: Receive, path: str) -> Reply | None:
        """An answer of its own; None where Gradio is to answer."""
        match scope["method"], path:
            case _, "/ui":
                return redirect(f"{ROOT}/")
            case "GET" | "HEAD", "/ui/login":
                return await self._entrance()
            case "POST", "/ui/login":
                return await self._sign_in(scope, receive)
            case "POST", "/ui/logout":
                await self._sessions.end(session_of(scope))
                return redirect(LOGIN, cookie("", scope, over=True))
            case "GET" | "HEAD", _ if path.startswith(f"{OWN}/"):
                return file_reply(path.removeprefix(f"{OWN}/"))
            case _ if _FREE.fullmatch(path):
                return None
            case _ if not _BOUND.fullmatch(path):
                return Reply(404, b"not found")
        if await self._known(scope):
            return self._report(path) if path.startswith(REPORTS) else None
        return redirect(LOGIN) if path == f"{ROOT}/" else Reply(401, b"sign in first")

    def _report(self, path: str) -> Reply:
        """A report page, which is whole by itself."""
        for page in pages_of(self._reports):
            if page.name == path.removeprefix(REPORTS):
                kind = {"Content-Type": "text/html; charset=utf-8"}
                return Reply(200, page.read_bytes(), kind)
        return Reply(404, b"not found")

    async def _known(self, scope: Scope) -> bool:
        """Whether somebody signed in, or nobody has to."""
        if self._sessions.find(session_of(scope)) is not None:
            return True
        try:
            return await self._sessions.open_to_all()
        except VisavisError:
            return False

    async def _entrance(self) -> Reply:
        try:
            if await self._sessions.open_to_all():
                return redirect(f"{ROOT}/")
        except VisavisError as error:
            return login_page(503, words.refusal(error))
        return login_page(200)

    async def _sign_in(self, scope: Scope, receive: Receive) -> Reply:
        form = await _form(receive)
        key = form.get("key", "").strip()
        if not key:
            return login_page(400, "Type your API key.")
        try:
            ident = await self._sessions.begin(key)
        except ServiceError as error:
            wrong = error.status == 401
            text = "This API key is not valid, or no longer." if wrong else words.refusal(error)
            return login_page(401 if wrong else 503, text)
        except VisavisError:
            return login_page(401, "This is no API key.")
        await self._sessions.end(session_of(scope))
        return redirect(f"{ROOT}/", cookie(ident, scope))

    async def _socket(self, scope: Scope, receive: Receive, send: Send, path: str) -> None:
        """A page's WebSocket becomes one of the service, with the key of whoever signed in."""
        target = socket_of(path)
        if target is None:
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        session = self._sessions.find(session_of(scope))
        await self._app(lent(scope, target, session), receive, send)


def session_of(scope: Scope) -> str | None:
    """The id of the session in a request's cookies."""
    for name, value in scope.get("headers", ()):
        if name == b"cookie":
            for part in value.decode("latin-1").split(";"):
                key, _, found = part.strip().partition("=")
                if key == COOKIE:
                    return str(found)
    return None


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
