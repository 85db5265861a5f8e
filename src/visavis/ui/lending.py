"""What a page asks of the service by itself: WebSockets, pictures and events, with the key of
whoever signed in, which the page does not know.
"""

import re
from typing import Final

from visavis.ui.replies import ROOT, Message, Scope, Send, guarded
from visavis.ui.session import Session

SOCKETS: Final = f"{ROOT}/socket/"
SERVICE: Final = f"{ROOT}/service/"
EVENTS: Final = "sightings"
_CHALLENGE: Final = re.compile(r"challenges/[0-9a-f]{1,64}")
_ANSWERS: Final = re.compile(
    rf"cameras/[0-9a-f]{{1,64}}/frame|sightings/[0-9a-f]{{1,64}}/shot|{EVENTS}"
)
_KEYS: Final = (b"authorization", b"x-api-key")


def socket_of(path: str) -> str | None:
    """Where a page's WebSocket leads; None for nowhere."""
    rest = path.removeprefix(SOCKETS)
    if rest == "live":
        return "/v1/live"
    return f"/v1/{rest}/frames" if _CHALLENGE.fullmatch(rest) else None


def answer_of(method: str, path: str) -> str | None:
    """Where a page's request leads that the service answers; None for nowhere."""
    rest = path.removeprefix(SERVICE)
    if method != "GET" or not _ANSWERS.fullmatch(rest):
        return None
    return f"/v1/{rest}"


def lent(scope: Scope, target: str, session: Session | None) -> Scope:
    """The same request to another path, by the key of a session or by nobody's."""
    headers = [(name, value) for name, value in scope["headers"] if name not in _KEYS]
    if target == f"/v1/{EVENTS}":
        headers = [(name, value) for name, value in headers if name != b"accept"]
        headers.append((b"accept", b"text/event-stream"))
    if session is not None:
        headers.append((b"authorization", f"Bearer {session.key}".encode()))
    return {**scope, "path": target, "raw_path": target.encode(), "headers": headers}


def private(send: Send) -> Send:
    """Answers as the pages' own are, and never to be kept."""
    told = guarded(send)

    async def adding(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [one for one in message.get("headers", ()) if one[0] != b"cache-control"]
            message = {**message, "headers": [*kept, (b"cache-control", b"no-store")]}
        await told(message)

    return adding
