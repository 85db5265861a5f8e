"""Frames that somebody hands in, such as the service."""

import time
from collections.abc import Generator
from threading import Condition

import numpy as np

from visavis.errors import InputError
from visavis.types import Image
from visavis.video.clock import StreamClock
from visavis.video.frames import Frame


class Pushed:
    """Gives the newest picture that was handed in and not yet read. See `Source`."""

    live = True
    corrupt = 0

    def __init__(self, name: str) -> None:
        self.name = name
        self._clock = StreamClock(live=True)
        self._changed = Condition()
        self._newest: Frame | None = None
        self._number = 0
        self._closed = False

    def push(self, image: Image, at: float | None = None) -> bool:
        """Hands in (H, W, 3) RGB uint8 and, if it is known, its time on the sender's clock, in
        seconds. False once the source is closed. Raises InputError for another kind of array.
        """
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
            raise InputError(f"expected (H, W, 3) of uint8, got {image.shape} of {image.dtype}")
        arrived = time.monotonic()
        with self._changed:
            if self._closed:
                return False
            self._newest = Frame.of(image, self._number, self._clock.at(at, arrived), arrived)
            self._number += 1
            self._changed.notify_all()
            return True

    def frames(self) -> Generator[Frame, None, None]:
        """See `Source`. Waits for pictures until it is closed."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._newest is not None)
                frame, self._newest = self._newest, None
            if self._closed or frame is None:
                return
            yield frame

    def close(self) -> None:
        """Ends `frames` at once; what was not read is dropped."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
