"""One picture of a stream, and when it was."""

import math
import time
from collections.abc import Callable
from threading import Lock

from visavis.errors import InputError
from visavis.types import Image


class Frame:
    """One picture of a stream; its pixels are made when they are first asked for.

    `number` counts the frames of the source from 0, those too that nobody saw. `at` is in seconds
    on the stream's own clock and never goes back. `arrived` is `time.monotonic()` when it was
    read. To make pixels costs as much as to decode: a frame that nobody looks at is never made.
    """

    __slots__ = ("_image", "_lock", "_make", "arrived", "at", "number")

    def __init__(
        self, make: Callable[[], Image], number: int, at: float, arrived: float | None = None
    ) -> None:
        """Raises InputError for a negative number and for a time that is no finite number."""
        if number < 0 or not math.isfinite(at):
            raise InputError(f"expected a number from 0 and a finite time, got {number} and {at}")
        self.number = number
        self.at = at
        self.arrived = time.monotonic() if arrived is None else arrived
        self._make: Callable[[], Image] | None = make
        self._image: Image | None = None
        self._lock = Lock()

    @classmethod
    def of(cls, image: Image, number: int, at: float, arrived: float | None = None) -> "Frame":
        """A frame of pixels that are there: (H, W, 3) RGB uint8."""
        return cls(lambda: image, number, at, arrived)

    @property
    def image(self) -> Image:
        """(H, W, 3) RGB uint8, upright; made once, by whichever thread asks first."""
        with self._lock:
            if self._image is None:
                assert self._make is not None
                self._image, self._make = self._make(), None
            return self._image

    @property
    def age(self) -> float:
        """Seconds since it was read."""
        return time.monotonic() - self.arrived

    def __repr__(self) -> str:
        return f"Frame(number={self.number}, at={self.at:.3f})"
