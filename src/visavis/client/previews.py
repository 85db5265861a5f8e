"""The pictures of a camera as they come, out of one answer that goes on."""

from collections.abc import Iterator
from typing import Any, Final

import httpx

from visavis.client.operation import path
from visavis.client.wire import Wire

_END: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length:"


class Parts:
    """Cuts a multipart answer, whose parts say their lengths, into them."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The parts that are whole with this piece of the answer. Raises ValueError for a part
        that does not say its length.
        """
        self._data += data
        while (end := self._data.find(_END)) >= 0:
            start, stop = end + len(_END), end + len(_END) + _length(bytes(self._data[:end]))
            if len(self._data) < stop:
                return
            yield bytes(self._data[start:stop])
            del self._data[:stop]


def asked(wire: Wire, camera: str) -> dict[str, Any]:
    """What httpx is asked for; a camera that rests may be silent for as long as it likes."""
    timeout = httpx.Timeout(wire.timeout, read=None)
    return {"method": "GET", "url": path("cameras", camera, "preview"), "timeout": timeout}


def _length(head: bytes) -> int:
    lines = (line.strip().lower() for line in head.split(b"\r\n"))
    found = next((line for line in lines if line.startswith(_LENGTH)), None)
    if found is None:
        raise ValueError("expected a part that says its length")
    return int(found.removeprefix(_LENGTH))
