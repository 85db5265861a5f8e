"""A stream's own clock, mended: it never goes back, never leaps, and goes on after a break; and how
late its frames are.
"""

from typing import Final

_GAP: Final = 1 / 25  # seconds between frames, until more is known
_LEAP: Final = 5.0  # seconds that a live stream's time may run ahead of ours between two frames
_ROUNDING: Final = 1e-6
_DRIFT: Final = 1e-3  # seconds a second between the clocks of a camera and of this machine, at most


class StreamClock:
    """Gives each frame its time, in seconds from the first, by the time that its stream states.

    Cameras restart, set their clocks and leave times out. Where a stated time is missing, goes
    back or (`live`) leaps ahead of what passed here, the clock goes on by what passed here for a
    live stream, by the last step for a file, and counts from there. Not thread-safe.
    """

    def __init__(self, *, live: bool) -> None:
        self._live = live
        self._gap = _GAP
        self._base: float | None = None  # the stated time that stands for 0
        self._arrived = 0.0
        self._at: float | None = None

    def at(self, stated: float | None, arrived: float) -> float:
        """The time of the frame that states a time (or None), `arrived` by `time.monotonic()`."""
        if self._at is None:
            self._at, self._base = 0.0, stated
        else:
            self._at = self._next(self._at, stated, arrived)
        self._arrived = arrived
        return self._at

    def broken(self) -> None:
        """Says that the next frame is of a new connection, whose stated times begin anew."""
        self._base = None

    def _next(self, last: float, stated: float | None, arrived: float) -> float:
        passed = max(arrived - self._arrived, 0.0)
        if stated is not None and self._base is not None:
            step = stated - self._base - last
            if step > -_ROUNDING and not (self._live and step > passed + _LEAP):
                self._gap = step if step > _ROUNDING else self._gap
                return last + max(step, 0.0)
        found = last + (passed if self._live else self._gap)
        if stated is not None:
            self._base = stated - found
        return found


class Lateness:
    """How late frames of a live stream are, against the most punctual one of late: what waits in a
    queue on the way. Not thread-safe.

    Two clocks never run alike: what was punctual is taken to be later by one second in a thousand.
    """

    def __init__(self) -> None:
        self._soonest: float | None = None
        self._arrived = 0.0

    def of(self, at: float, arrived: float) -> float:
        """Seconds, from 0, that a frame is late: `at` by the stream's clock, `arrived` by ours."""
        offset = arrived - at
        if self._soonest is None:
            self._soonest = offset
        else:
            crept = self._soonest + (arrived - self._arrived) * _DRIFT
            self._soonest = min(offset, crept)
        self._arrived = arrived
        return offset - self._soonest
