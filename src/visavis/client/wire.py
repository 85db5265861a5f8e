"""Operations as HTTP: what both clients hand to httpx, and what they make of its answers."""

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from visavis.client.bodies import Form
from visavis.client.errors import Answer, Unreachable
from visavis.client.feeds import SILENCE
from visavis.client.operation import Operation
from visavis.errors import ConfigError

DEFAULT_URL: Final = "http://127.0.0.1:8600"
KEY_VARIABLE: Final = "VISAVIS_API_KEY"
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
_IDLE_SECONDS: Final = 4.0
"""Connections are closed before the service does it, which waits for 5 s."""
_BYTES: Final = {"Content-Type": "application/octet-stream"}


@dataclass(frozen=True, slots=True)
class Wire:
    """Where the service is and how it is spoken to. Raises ConfigError for an address that is none
    of HTTP, or a key that no header can hold.

    `key` is by default that of the environment, and none if empty; `timeout` in seconds; `tls` is
    for a certificate that the machine does not know. Proxies of the environment are used, but not
    on this machine.
    """

    url: str = DEFAULT_URL
    key: str | None = field(default=None, repr=False)
    timeout: float = 30.0
    tls: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        url = _address(self.url)
        key = (os.environ.get(KEY_VARIABLE, "") if self.key is None else self.key).strip()
        if not (key.isascii() and key.isprintable()):
            raise ConfigError("expected an API key of printable ASCII characters, got another text")
        object.__setattr__(self, "url", url)
        object.__setattr__(self, "key", key or None)

    @property
    def headers(self) -> dict[str, str]:
        """Who calls."""
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}

    @property
    def local(self) -> bool:
        """Whether the service is on this machine."""
        return urlsplit(self.url).hostname in _LOOPBACK

    @property
    def trusted(self) -> ssl.SSLContext | bool:
        """By what a certificate is judged: `tls`, or what the machine knows."""
        return True if self.tls is None else self.tls

    @property
    def websockets(self) -> str:
        """The address for WebSockets."""
        return f"ws{self.url.removeprefix('http')}"

    @property
    def following(self) -> httpx.Timeout:
        """The times of a request whose answer goes on, with a sign of life now and then."""
        return httpx.Timeout(self.timeout, read=max(self.timeout, SILENCE))

    @property
    def options(self) -> dict[str, Any]:
        """What an httpx client is made with."""
        return {
            "base_url": self.url,
            "headers": self.headers,
            "timeout": self.timeout,
            "verify": self.trusted,
            "trust_env": not self.local,
            "limits": httpx.Limits(
                max_connections=100, max_keepalive_connections=20, keepalive_expiry=_IDLE_SECONDS
            ),
        }


def _address(url: str) -> str:
    """The address without a slash at its end. Raises ConfigError."""
    try:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return parts.geturl().rstrip("/")
    except ValueError:  # of brackets or the port
        pass
    raise ConfigError(f"expected an address like {DEFAULT_URL}, got {url!r}")


def request_of(operation: Operation[Any]) -> dict[str, Any]:
    """What httpx is asked for."""
    query = {name: str(value) for name, value in operation.query.items() if value is not None}
    asked = {"method": operation.method, "url": operation.path, "params": query}
    headers = dict(operation.headers)
    match operation.body:
        case None:
            return {**asked, "headers": headers}
        case bytes(data):
            return {**asked, "headers": {**headers, **_BYTES}, "content": data}
        case Form(files, texts):
            named = [(file.name, (file.filename, file.data)) for file in files]
            return {**asked, "headers": headers, "files": named, "data": dict(texts)}
        case dict(found):
            return {**asked, "headers": headers, "json": found}


def answer_of(found: httpx.Response) -> Answer:
    """What came, once all of it has."""
    return Answer(found.status_code, dict(found.headers), found.content)


@contextmanager
def reaching(url: str) -> Iterator[None]:
    """Turns what httpx raises where no answer comes into Unreachable."""
    try:
        yield
    except httpx.RequestError as error:
        told = str(error) or type(error).__name__
        raise Unreachable(f"no answer from {url}: {told}") from error
