"""One GET of a stream that may ask for a password, on a connection that can be cut off.

Redirects are not followed, proxies not used and nothing but the body is handed on: a camera's
answer leads nowhere else.
"""

import base64
import http.client
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Final
from urllib.parse import quote, urlsplit
from urllib.request import (
    AbstractDigestAuthHandler,
    HTTPPasswordMgrWithDefaultRealm,
    Request,
    parse_http_list,
    parse_keqv_list,
)

from visavis.errors import BadStream, StreamFailed
from visavis.video.address import Address
from visavis.video.source import SourceOptions

_SAFE: Final = "/%:=&;,@+$!*'()~?"
_CHUNK: Final = 2**16


class Body:
    """The body of an answer, read in pieces: each within a time that is set anew for every frame.

    Raises StreamFailed where it ends or stalls.
    """

    def __init__(self, answer: http.client.HTTPResponse, name: str, stall: float) -> None:
        self.kind = answer.headers.get("Content-Type", "")
        self._answer = answer
        self._name = name
        self._stall = stall
        self._data = bytearray()
        self.renew()

    def renew(self) -> None:
        """Says that a frame has come: the time to wait begins anew."""
        self._until = time.monotonic() + self._stall

    def line(self, most: int) -> bytes:
        """The next line, without its end. Raises BadStream beyond `most` bytes."""
        return self.until(b"\n", most).rstrip(b"\r")

    def until(self, mark: bytes, most: int) -> bytes:
        """What stands before a mark, which is taken too. Raises BadStream beyond `most` bytes."""
        start = 0
        while (found := self._data.find(mark, start)) < 0:
            start = max(len(self._data) - len(mark) + 1, 0)
            if start > most:
                break
            self._more()
        if max(found, start) > most:
            raise BadStream(f"expected a part of at most {most} bytes, got more: {self._name}")
        return self._take(found + len(mark))[:found]

    def exactly(self, size: int) -> bytes:
        """The next `size` bytes."""
        while len(self._data) < size:
            self._more()
        return self._take(size)

    def _take(self, size: int) -> bytes:
        taken = bytes(self._data[:size])
        del self._data[:size]
        return taken

    def _more(self) -> None:
        try:
            got = self._answer.read1(_CHUNK)
        except TimeoutError:
            got = None
        except (OSError, ValueError, http.client.HTTPException):
            got = b""
        if got is None or time.monotonic() > self._until:
            raise StreamFailed(f"{self._name} gave no frame for {self._stall:g} s")
        if not got:
            raise StreamFailed(f"{self._name} ended")
        self._data += got


class Line:
    """Makes connections to one address, one at a time, and cuts off the present one on demand."""

    def __init__(self, address: Address, options: SourceOptions) -> None:
        self._address = address
        self._options = options
        self._lock = Lock()
        self._socket: socket.socket | None = None
        self.cut = False

    def cut_off(self) -> None:
        """Ends whatever is read, and all that is read later; may be called from any thread."""
        with self._lock:
            self.cut = True
            if self._socket is not None:
                with suppress(OSError):  # past TLS, whose state belongs to the reader
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    @contextmanager
    def get(self) -> Iterator[Body]:
        """The body of the answer, with the password that the camera asks for, if it does.

        Raises StreamFailed where there is no answer of status 200.
        """
        connection = self._connection()
        try:
            answer = self._ask(connection)
            yield Body(answer, self._address.shown, self._options.stall)
        finally:
            with self._lock:
                self._socket = None
            connection.close()

    def _ask(self, connection: http.client.HTTPConnection) -> http.client.HTTPResponse:
        answer = self._send(connection, None)
        if answer.status == 401 and self._address.user:
            credentials = self._credentials(answer.headers.get_all("WWW-Authenticate", []))
            answer.close()
            connection.close()
            answer = self._send(connection, credentials)
        if answer.status in (401, 403):
            what = "refuses the user and password" if self._address.user else "asks for a password"
            raise StreamFailed(f"{self._address.shown} {what} ({answer.status})")
        if answer.status != 200:
            raise StreamFailed(f"{self._address.shown} answered with status {answer.status}")
        return answer

    def _send(
        self, connection: http.client.HTTPConnection, credentials: str | None
    ) -> http.client.HTTPResponse:
        """One request. Errors are raised anew: theirs may repeat what the camera sent."""
        headers = {"Accept": "multipart/x-mixed-replace, image/jpeg"}
        if credentials:
            headers["Authorization"] = credentials
        try:
            connection.connect()
            self._hold(connection.sock)
            connection.request("GET", self._target, headers=headers)
            answer = connection.getresponse()
            self._hold_to_stall()
        except TimeoutError:
            failure = StreamFailed(
                f"{self._address.shown} did not answer in {self._options.connect:g} s"
            )
        except (OSError, ValueError, http.client.HTTPException) as error:
            said = getattr(error, "strerror", None) or type(error).__name__
            failure = StreamFailed(f"{self._address.shown} failed: {said}")
        else:
            return answer
        raise failure

    def _hold(self, found: socket.socket) -> None:
        with self._lock:
            self._socket = found
            if self.cut:
                raise OSError("closed")

    def _hold_to_stall(self) -> None:
        assert self._socket is not None
        self._socket.settimeout(self._options.stall)

    @property
    def _target(self) -> str:
        """What is asked for: path and query."""
        query = f"?{self._address.query}" if self._address.query else ""
        return quote((urlsplit(self._address.place).path or "/") + query, safe=_SAFE)

    def _connection(self) -> http.client.HTTPConnection:
        parts = urlsplit(self._address.place)
        host, port = str(parts.hostname), parts.port
        if parts.scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=self._options.connect)
        context = ssl.create_default_context()
        if not self._options.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return http.client.HTTPSConnection(
            host, port, timeout=self._options.connect, context=context
        )

    def _credentials(self, challenges: list[str]) -> str | None:
        """The answer to the strongest challenge that is understood: digest before basic."""
        found = {c.partition(" ")[0].lower(): c.partition(" ")[2] for c in challenges}
        if "digest" in found:
            with suppress(ValueError, OSError):  # an algorithm that is unknown here
                return self._digest(found["digest"])
        if "basic" in found:
            return "Basic " + _base64(f"{self._address.user}:{self._address.password}")
        return None

    def _digest(self, challenge: str) -> str:
        parts = urlsplit(self._address.place)
        base = f"{parts.scheme}://{parts.netloc}"
        passwords = HTTPPasswordMgrWithDefaultRealm()
        passwords.add_password(None, base, self._address.user, self._address.password)
        fields = parse_keqv_list(parse_http_list(challenge))
        request = Request(base + self._target)
        return f"Digest {AbstractDigestAuthHandler(passwords).get_authorization(request, fields)}"


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
