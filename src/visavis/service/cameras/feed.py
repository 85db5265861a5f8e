"""The newest picture of a camera, drawn when somebody looks."""

import time
from collections.abc import Callable, Iterator, Mapping
from threading import Lock
from typing import Final

from visavis.errors import UnknownSubject
from visavis.gallery.collection import Collection
from visavis.image import encode
from visavis.video.drawing import drawn
from visavis.video.frames import Frame
from visavis.video.watch import View

WIDTH: Final = 960
"""Pixels; wider pictures are made smaller."""
_QUALITY: Final = 80
_FRESH: Final = 10.0  # seconds for which a name counts


class Feed:
    """Keeps the newest frame alone; whoever looks shares one drawing of it. Thread-safe."""

    def __init__(self, names: Mapping[str, str]) -> None:
        """`names` are what subjects are called."""
        self._names = names
        self._newest: tuple[int, Frame, View] | None = None
        self._drawing = Lock()
        self._drawn: tuple[int, bytes] | None = None
        self.ended = False
        """Whether there will be no more."""

    @property
    def number(self) -> int:
        """Of the newest picture, from 1; 0 while there is none."""
        newest = self._newest
        return 0 if newest is None else newest[0]

    def put(self, frame: Frame, view: View) -> None:
        """Takes in a newer frame, and who is in it."""
        self._newest = (self.number + 1, frame, view)

    def end(self) -> None:
        """Says that there will be no more, and lets go of the last."""
        self.ended = True
        self._newest = self._drawn = None

    def jpeg(self) -> bytes | None:
        """The newest picture with boxes and names; None while there is none."""
        with self._drawing:
            newest = self._newest
            if newest is None:
                return None
            number, frame, view = newest
            if self._drawn is None or self._drawn[0] != number:
                image = drawn(frame.image, view, self._names, WIDTH)
                self._drawn = (number, encode(image, "JPEG", _QUALITY))
            return self._drawn[1]


class Names(Mapping[str, str]):
    """What the subjects of a collection are called, looked up when asked and kept for a while.

    One thread at a time.
    """

    def __init__(self, collection: Collection, clock: Callable[[], float] = time.monotonic) -> None:
        self._collection = collection
        self._clock = clock
        self._known: dict[str, tuple[float, str]] = {}

    def __getitem__(self, subject: str) -> str:
        now = self._clock()
        self._known = {who: one for who, one in self._known.items() if now - one[0] < _FRESH}
        if subject not in self._known:
            try:
                name = self._collection.subject(subject).name
            except UnknownSubject:
                name = ""
            self._known[subject] = (now, name)
        return self._known[subject][1]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)
