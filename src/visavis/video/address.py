"""Where a video comes from, told from what a person writes; what is shown of it holds no secret."""

import os
import re
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias
from urllib.parse import SplitResult, quote, unquote, urlsplit

from visavis.errors import BadStream

Kind: TypeAlias = Literal["file", "folder", "webcam", "rtsp", "http"]

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_WEBCAM: Final = re.compile(r"(?:webcam:|/dev/video)?([0-9]{1,3})", re.ASCII)
_KINDS: Final[dict[str, Kind]] = {"rtsp": "rtsp", "rtsps": "rtsp", "http": "http", "https": "http"}
_HIDDEN: Final = "…"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a video comes from: made by `Address.parse`.

    `place` is a path, or the URL without user, password and query. `shown` is for people and logs:
    what may hold a secret (user, password, query, parts of a path with `=`) is left out of it.
    """

    kind: Kind
    shown: str
    place: str = field(repr=False)
    query: str = field(default="", repr=False)
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @classmethod
    def parse(cls, text: str) -> "Address":
        """A file, a folder of pictures, a webcam (`0`, `webcam:0`, `/dev/video0`), `rtsp://` or
        `rtsps://`, or MJPEG by `http://` or `https://`.

        User and password stand before an `@`, percent-encoded where they hold `/`, `?`, `#`, `@`
        or `%`. Whether anything is there is found out later. Raises BadStream.
        """
        webcam = _WEBCAM.fullmatch(text)
        scheme = _SCHEME.match(text)
        if webcam:
            return cls("webcam", f"webcam:{int(webcam[1])}", f"/dev/video{int(webcam[1])}")
        if scheme:
            return cls._of_url(text, scheme[1].lower())
        if not text or "\0" in text:
            raise BadStream("expected the address of a video, got none")
        return cls("folder" if os.path.isdir(text) else "file", text, text)

    @classmethod
    def _of_url(cls, text: str, scheme: str) -> "Address":
        """Messages name the scheme alone: anything else may be a part of a password."""
        kind = _KINDS.get(scheme)
        if kind is None:
            raise BadStream(f"expected {', '.join(_KINDS)}, a path or a webcam, got {scheme}://…")
        parts = _split(text, scheme)
        host = f"[{parts.hostname}]" if ":" in str(parts.hostname) else str(parts.hostname)
        port = "" if parts.port is None else f":{parts.port}"
        place = f"{scheme}://{host}{port}"
        return cls(
            kind,
            place + _public(parts.path) + ("?" + _HIDDEN if parts.query else ""),
            place + parts.path,
            parts.query,
            unquote(parts.username or ""),
            unquote(parts.password or ""),
        )

    @property
    def url(self) -> str:
        """All of it, with user and password: for those who connect, and never for a message."""
        if self.kind not in ("rtsp", "http"):
            return self.place
        scheme, _, rest = self.place.partition("://")
        who = quote(self.user, safe="")
        if self.password:
            who += ":" + quote(self.password, safe="")
        return f"{scheme}://{who + '@' if who else ''}{rest}{'?' if self.query else ''}{self.query}"

    def __str__(self) -> str:
        return self.shown


def _split(text: str, scheme: str) -> SplitResult:
    """The parts of a URL. Raises BadStream where they cannot be told apart for sure."""
    wrong = f"expected {scheme}://[user:password@]host[:port]/path"
    if any(c <= " " or c == "\x7f" for c in text):
        raise BadStream(f"{wrong}, got blanks or control characters in it")
    try:
        parts = urlsplit(text)
        usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise BadStream(f"{wrong}, got one whose host or port cannot be read")
    if "@" in parts.path + parts.query + parts.fragment:
        raise BadStream(f"{wrong}, got an @ behind it: write %40, and %2F, %3F, %23 in a password")
    return parts


def _public(path: str) -> str:
    """A path without what stands in parts like `user=admin_password=…`."""
    return "/".join(_HIDDEN if "=" in part or ";" in part else part for part in path.split("/"))
