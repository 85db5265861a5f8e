"""Writes a film, frame by frame, with the times that they were taken at."""

import os
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from visavis.errors import ConfigError, InputError
from visavis.extras import needs
from visavis.types import Image

_TICK: Final = Fraction(1, 1000)
_CODECS: Final = ("libx264", "libopenh264", "mpeg4")
"""The first that this PyAV has."""


class Film:
    """An MP4 file that grows; complete and in its place when it is closed. Not thread-safe.

    Until then it stands beside it as `NAME.part`, readable by its owner alone. Frames are
    (H, W, 3) RGB uint8, all of the size of the first, less a last odd row or column.
    """

    def __init__(self, path: Path, fps: int = 25) -> None:
        """Raises ConfigError for a file that cannot be written, MissingExtra without PyAV."""
        with needs("video", "writing films"):
            import av
        self._av: Any = av
        self._path = path
        self._part = path.with_name(f"{path.name}.part")
        self._fps = fps
        self._stream: Any = None
        self._first: float | None = None
        self._last = -1
        try:
            self._part.touch(0o600)
        except OSError as error:
            raise ConfigError(f"cannot write {path}: {error.strerror}") from None
        self._container: Any = av.open(str(self._part), "w", format="mp4")

    def add(self, image: Image, at: float) -> None:
        """Adds a frame, `at` seconds on the stream's clock; one that is no later than the last is
        left out. Raises InputError for another size.
        """
        height, width = image.shape[0] // 2 * 2, image.shape[1] // 2 * 2
        if self._stream is None:
            self._stream = self._new_stream(width, height)
            self._first = at
        if (self._stream.width, self._stream.height) != (width, height):
            raise InputError(f"expected frames of one size, got {width} x {height}")
        assert self._first is not None
        tick = round((at - self._first) / _TICK)
        if tick <= self._last:
            return
        self._last = tick
        frame = self._av.VideoFrame.from_ndarray(image[:height, :width], format="rgb24")
        frame.pts, frame.time_base = tick, _TICK
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Writes what is left; a film without a frame leaves no file."""
        if self._container is None:
            return
        if self._stream is not None:
            self._container.mux(self._stream.encode(None))
        self._container.close()
        self._container = None
        if self._stream is None:
            self._part.unlink(missing_ok=True)
        else:
            os.replace(self._part, self._path)

    def __enter__(self) -> "Film":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _new_stream(self, width: int, height: int) -> Any:
        codec = next(c for c in _CODECS if c in self._av.codecs_available)
        stream = self._container.add_stream(codec, rate=self._fps)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = stream.time_base = _TICK
        return stream
