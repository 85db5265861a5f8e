"""Where the events of a webhook go: one address, over HTTP."""

import base64
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Final
from urllib.parse import unquote, urlsplit

from visavis import __version__
from visavis.errors import VisavisError
from visavis.service.sightings.signing import HEADER, signature
from visavis.serving import WebhookSettings

SECONDS: Final = 10.0
"""Time for a connection, and for each wait for an answer."""
_MOST_READ: Final = 1 << 16
_ANSWERS: Final = "the receiver did not take an event"


class NotTaken(VisavisError):
    """Raised for an event that its receiver did not take; `why` is a status or a kind of error,
    `retry_after` the seconds that the receiver asks for.
    """

    code = "not_taken"

    def __init__(self, why: str, retry_after: float = 0.0) -> None:
        super().__init__(f"{_ANSWERS}: {why}")
        self.why = why
        self.retry_after = retry_after


class Receiver:
    """Speaks HTTP to one webhook, over one connection that is kept. One thread at a time, but for
    `abort`. Follows no redirects and uses no proxy; certificates are checked.
    """

    def __init__(
        self,
        hook: WebhookSettings,
        *,
        seconds: float = SECONDS,
        clock: Callable[[], float] = time.time,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._parts = urlsplit(hook.url.get_secret_value())
        self._secret = hook.secret.get_secret_value()
        self._seconds = seconds
        self._clock = clock
        self._tls = tls
        self._connection: HTTPConnection | None = None
        self._aborted = False

    @property
    def shown(self) -> str:
        """The address without what may be secret in it: user, password, path and query."""
        port = "" if self._parts.port is None else f":{self._parts.port}"
        return f"{self._parts.scheme}://{self._parts.hostname}{port}"

    def post(self, seq: int, kind: str, body: bytes) -> None:
        """Sends an event and returns once the receiver has said, by a status of 2xx, that it has
        it. Raises NotTaken.
        """
        known = self._connection is not None
        try:
            self._once(seq, kind, body)
        except (OSError, HTTPException) as error:
            self._drop()
            if not known:
                raise NotTaken(type(error).__name__) from error
            self._again(seq, kind, body)  # it may have closed a connection that rested

    def abort(self) -> None:
        """Breaks off what is under way, for good; from any thread."""
        self._aborted = True
        connection = self._connection
        with suppress(OSError, AttributeError):
            connection.sock.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]

    def close(self) -> None:
        """Closes the connection."""
        self._drop()

    def _again(self, seq: int, kind: str, body: bytes) -> None:
        try:
            self._once(seq, kind, body)
        except (OSError, HTTPException) as error:
            self._drop()
            raise NotTaken(type(error).__name__) from error

    def _once(self, seq: int, kind: str, body: bytes) -> None:
        if self._aborted:
            raise NotTaken("stopped")
        if self._connection is None:
            self._connection = self._connect()
        path = self._parts.path or "/"
        target = f"{path}?{self._parts.query}" if self._parts.query else path
        self._connection.request("POST", target, body, self._headers(seq, kind, body))
        answer = self._connection.getresponse()
        rest = len(answer.read(_MOST_READ)) == _MOST_READ
        if rest or answer.will_close:
            self._drop()
        if not 200 <= answer.status < 300:
            raise NotTaken(str(answer.status), _retry_after(answer))

    def _headers(self, seq: int, kind: str, body: bytes) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"visavis/{__version__}",
            "Visavis-Event": kind,
            "Visavis-Seq": str(seq),
            HEADER: signature(self._secret, int(self._clock()), body),
        }
        if self._parts.username is not None:
            pair = f"{unquote(self._parts.username)}:{unquote(self._parts.password or '')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        return headers

    def _connect(self) -> HTTPConnection:
        host, port = str(self._parts.hostname), self._parts.port
        if self._parts.scheme == "http":
            return HTTPConnection(host, port, timeout=self._seconds)
        tls = self._tls or ssl.create_default_context()
        return HTTPSConnection(host, port, timeout=self._seconds, context=tls)

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _retry_after(answer: HTTPResponse) -> float:
    """Seconds. A date counts as none."""
    given = answer.getheader("Retry-After", "")
    return float(given) if given.isdecimal() else 0.0
