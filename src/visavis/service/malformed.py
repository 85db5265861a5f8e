"""What a client is told whose bytes are no HTTP: the envelope of every other error."""

import binascii
from typing import Final

from starlette.datastructures import Headers
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from visavis.service.errors import BadRequest, answer
from visavis.service.guard import protection, request_id

_VERSION: Final = b"13"
_KEY_BYTES: Final = 16


class Protocol(HttpToolsProtocol):
    """uvicorn's HTTP, but for what it says of bytes that it cannot read."""

    def send_400_response(self, msg: str) -> None:
        """Answers with `invalid_request` and hangs up."""
        self.transport.write(
            refusal("https" if self.transport.get_extra_info("sslcontext") else "")
        )
        self.transport.close()

    def handle_websocket_upgrade(self) -> None:
        """Answers in the same way where a client cannot open a WebSocket."""
        if opens(self.headers):
            super().handle_websocket_upgrade()
        else:
            self.send_400_response("")


def opens(headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether headers, their names in small letters, ask for a WebSocket as RFC 6455 has it."""
    said = dict(headers)
    try:
        key = binascii.a2b_base64(said.get(b"sec-websocket-key", b""), strict_mode=True)
    except ValueError:
        return False
    return len(key) == _KEY_BYTES and said.get(b"sec-websocket-version") == _VERSION


def refusal(scheme: str = "") -> bytes:
    """The whole answer, as bytes on the line."""
    ident = request_id(Headers({}))
    found = answer(BadRequest("expected an HTTP/1.1 request, got other bytes"), ident)
    scope = {"type": "http", "path": "", "scheme": scheme}
    found.headers.update({"X-Request-Id": ident, "Connection": "close", **protection(scope)})
    lines = [b"HTTP/1.1 400 Bad Request", *(b": ".join(pair) for pair in found.raw_headers)]
    return b"\r\n".join([*lines, b"", bytes(found.body)])
