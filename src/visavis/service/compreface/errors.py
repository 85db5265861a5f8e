"""Errors as CompreFace's clients know them: `{"message", "code"}` with CompreFace's numbers."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from visavis.service.auth import token_of
from visavis.service.errors import BadRequest

PREFIX: Final = "/api/v1/"
MISSING: Final = "Field required"
"""What a problem says of something that did not come; FastAPI's own words."""

UNDEFINED: Final = 0
_DENIED, _NO_SERVICE, _NO_HEADER = 1, 10, 20
_EMPTY_FIELD, _BAD_VALUE, _NO_PARAMETER, _NO_PART = 5, 26, 33, 34
_NO_SUBJECT, _NO_IMAGE, _INSIDE = 42, 44, 41
_NUMBERS: Final[Mapping[str, int]] = {
    "forbidden": _DENIED,
    "input": 36,
    "bad_image": 21,
    "no_face": 28,
    "many_faces": 31,
    "too_many_faces": 31,
    "model_mismatch": 36,
    "duplicate_subject": 43,
}
_IMAGES: Final = re.compile(r"/(faces|images)/.")
_KEPT: Final = frozenset({401, 403, 404, 405, 408, 413, 415, 429})
"""Statuses that say more than CompreFace's 400."""


def missing_part(name: str) -> BadRequest:
    """The error of a request without one of its pictures."""
    problem = {"where": f"part.{name}", "what": MISSING}
    return BadRequest(f"expected a picture as {name!r}, got none", (problem,))


class CompreFaceErrors:
    """ASGI middleware, to be around everything else: turns every error under `/api/v1` from the
    service's own shape into CompreFace's, whoever answered it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            send = _Reshaping(scope, send)
        await self._app(scope, receive, send)


class _Reshaping:
    """Holds an error back until it is whole, and sends it in CompreFace's shape."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self._start: Message | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_error(message):
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._whole(self._start)

    async def _whole(self, start: Message) -> None:
        status, body = reshaped(self._scope, start["status"], self._body)
        start["status"] = status
        MutableHeaders(raw=start["headers"])["content-length"] = str(len(body))
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})


def _is_error(start: Message) -> bool:
    kind = Headers(raw=start.get("headers", [])).get("content-type", "")
    return bool(start["status"] >= 400 and kind.startswith("application/json"))


def reshaped(scope: Scope, status: int, body: bytes) -> tuple[int, bytes]:
    """Status and body of an error in CompreFace's shape; what is no error of ours stays."""
    try:
        error = json.loads(body)["error"]
        code, message, details = error["code"], error["message"], error["details"]
    except (ValueError, KeyError, TypeError):
        return status, body
    number, words = _number(scope, code, status, message, details.get("problems", ()))
    if status < 500 and status not in _KEPT:
        status = 400
    return status, json.dumps({"message": words, "code": number}).encode()


def _number(
    scope: Scope, code: str, status: int, message: str, problems: Sequence[Mapping[str, Any]]
) -> tuple[int, str]:
    match code:
        case "unauthorized":
            came = token_of(Headers(scope=scope)) or "/static/" in scope["path"]
            return (_NO_SERVICE, message) if came else (_NO_HEADER, "Missing header: x-api-key")
        case "unknown_subject" | "not_found" if _IMAGES.search(scope["path"]):
            return _NO_IMAGE, message
        case "unknown_subject":
            return _NO_SUBJECT, message
        case "invalid_request" if problems:
            return _problem(str(problems[0]["where"]), str(problems[0]["what"]))
        case _ if status >= 500:
            return _INSIDE, message
        case _:
            return _NUMBERS.get(code, UNDEFINED), message


def _problem(where: str, what: str) -> tuple[int, str]:
    """Of a request that is not as it should be: the first thing that is wrong with it."""
    place, _, name = where.partition(".")
    if what != MISSING:
        return _BAD_VALUE, f"{name or place}: {what}"
    match place:
        case "query":
            return _NO_PARAMETER, f"Required parameter {name} is missing"
        case "part":
            return _NO_PART, f"Required part {name} is missing"
        case _:
            return _EMPTY_FIELD, f"Field {name or place} cannot be empty"
