"""What a client is told whose bytes are no HTTP: the envelope of every other error."""

from starlette.datastructures import Headers
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from visavis.service.errors import BadRequest, answer
from visavis.service.guard import request_id


class Protocol(HttpToolsProtocol):
    """uvicorn's HTTP, but for what it says of bytes that it cannot read."""

    def send_400_response(self, msg: str) -> None:
        """Answers with `invalid_request` and hangs up."""
        self.transport.write(refusal())
        self.transport.close()


def refusal() -> bytes:
    """The whole answer, as bytes on the line."""
    ident = request_id(Headers({}))
    found = answer(BadRequest("expected an HTTP/1.1 request, got other bytes"), ident)
    found.headers["X-Request-Id"] = ident
    found.headers["Connection"] = "close"
    lines = [b"HTTP/1.1 400 Bad Request", *(b": ".join(pair) for pair in found.raw_headers)]
    return b"\r\n".join([*lines, b"", bytes(found.body)])
