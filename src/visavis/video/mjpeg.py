"""MJPEG over HTTP: a JPEG after the other, as cheap cameras give them."""

import re
import time
from collections.abc import Generator, Iterator
from functools import partial
from io import BytesIO
from typing import Final

import numpy as np
from PIL.JpegImagePlugin import JpegImageFile

from visavis.errors import BadStream, InputError, StreamFailed
from visavis.image import decode
from visavis.types import Image
from visavis.video.address import Address
from visavis.video.clock import StreamClock
from visavis.video.frames import Frame
from visavis.video.http import Body, Line
from visavis.video.source import SourceOptions

_LINE: Final = 4096  # bytes of a header
_LINES: Final = 64  # headers of a part
_BOUNDARY: Final = re.compile(r"""multipart/[^;]+;.*?boundary\s*=\s*"?([^";]+)"?""", re.I | re.S)
_BROKEN: Final = 100  # parts in a row that are no JPEG, after which a stream is given up


class Mjpeg:
    """A camera's multipart stream of JPEG images, by http or https. See `Source`."""

    live = True

    def __init__(self, address: Address, options: SourceOptions) -> None:
        self.name = address.shown
        self.corrupt = 0
        self._options = options
        self._line = Line(address, options)
        self._clock = StreamClock(live=True)
        self._number = 0

    def close(self) -> None:
        """Ends `frames` at once, or when a connection that is being made is there."""
        self._line.cut_off()

    def frames(self) -> Generator[Frame, None, None]:
        """See `Source`. Times are those of arrival; a JPEG is decoded when it is looked at.

        One that breaks then, although it began well and was whole, gives a black picture.
        """
        self._clock.broken()
        try:
            yield from self._frames()
        except Exception:
            if not self._line.cut:
                raise

    def _frames(self) -> Iterator[Frame]:
        with self._line.get() as body:
            broken = 0
            for data in self._parts(body):
                size = _size(data)
                if size is None:
                    self.corrupt += 1
                    broken += 1
                    if broken > _BROKEN:
                        raise BadStream(f"expected JPEG images, got other things: {self.name}")
                    continue
                broken = 0
                body.renew()
                self._options.limits.check(*size)
                arrived = time.monotonic()
                at = self._clock.at(None, arrived)
                self._number += 1
                yield Frame(partial(self._picture, data, size), self._number - 1, at, arrived)

    def _parts(self, body: Body) -> Iterator[bytes]:
        """What stands between the boundaries."""
        found = _BOUNDARY.match(body.kind)
        if found is None:
            raise BadStream(f"expected multipart/x-mixed-replace with a boundary: {self.name}")
        boundary = b"--" + found[1].strip().encode("latin-1", "replace").removeprefix(b"--")
        most = self._options.limits.max_bytes
        body.until(boundary, most)
        while not body.line(_LINE).startswith(b"--"):
            length = self._length(body)
            if length is None:
                yield body.until(b"\n" + boundary, most).removesuffix(b"\r")
            elif length > most:
                raise BadStream(f"expected at most {most} bytes, got {length}: {self.name}")
            else:
                yield body.exactly(length)
                body.until(boundary, _LINE)
        raise StreamFailed(f"{self.name} ended")

    def _length(self, body: Body) -> int | None:
        """The length that a part's headers state, if they do."""
        length = None
        for _ in range(_LINES):
            name, _, value = body.line(_LINE).partition(b":")
            if not name:
                return length
            if name.strip().lower() == b"content-length" and value.strip().isdigit():
                length = int(value)
        raise BadStream(f"expected at most {_LINES} headers of a frame: {self.name}")

    def _picture(self, data: bytes, size: tuple[int, int]) -> Image:
        try:
            return decode(data, self._options.limits)
        except InputError:
            self.corrupt += 1
            return np.zeros((size[1], size[0], 3), np.uint8)


def _size(data: bytes) -> tuple[int, int] | None:
    """Width and height of a JPEG that begins and ends as one, else None."""
    if not data.startswith(b"\xff\xd8") or not data.rstrip(b"\0\r\n").endswith(b"\xff\xd9"):
        return None
    try:
        return JpegImageFile(BytesIO(data)).size
    except Exception:  # whatever Pillow says of a header that is none
        return None
