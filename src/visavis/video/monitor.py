"""One stream under watch: read, looked at, and told of."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from visavis.errors import VisavisError
from visavis.video.frames import Frame
from visavis.video.reader import Reader, ReaderStatus
from visavis.video.watch import View, Watcher

Told: TypeAlias = Callable[[Frame, View], None]
"""Called with each frame that was looked at and who is in it, on the thread that looked."""
_RECENT: Final = 200  # frames by which lag and rate are told


@dataclass(frozen=True, slots=True)
class MonitorStatus:
    """How it goes: `reading`, and the frames that were looked at.

    `fps` counts those lately; `lag` and `lag_p95` are the median and the 95th percentile of their
    age when they were done, seconds since they arrived. Faces are sought in every `every`-th frame
    of the stream; `people` are in view. `error` is the code of what ended it.
    """

    reading: ReaderStatus
    frames: int
    fps: float
    lag: float
    lag_p95: float
    every: int
    people: int
    error: str | None


class Monitor:
    """A job for a Rota: takes the newest frame of a stream, and tells who is in it.

    It ends with the stream; what ended it for good is in `error`.
    """

    def __init__(self, name: str, reader: Reader, watcher: Watcher, told: Told) -> None:
        self.name = name
        self.error: VisavisError | None = None
        self._reader = reader
        self._watcher = watcher
        self._told = told
        self._ended = False
        self._frames = 0
        self._people = 0
        self._recent: deque[tuple[float, float]] = deque(maxlen=_RECENT)  # when done, and age

    @property
    def over(self) -> bool:
        """Whether all frames were looked at, and no more will come."""
        return self.error is not None or self._ended

    def ready(self) -> bool:
        return self._reader.waiting or self._reader.ended

    def step(self) -> bool:
        """Looks at one frame, if there is one."""
        try:
            ended = self._reader.ended  # before the frame: the last one may come in between
            frame = self._reader.next(0)
            if frame is not None:
                self._look(frame)
            self._ended = ended and frame is None
        except VisavisError as error:
            self.error = error
            self._reader.close()
        return not self.over

    def status(self) -> MonitorStatus:
        """How it goes at this moment."""
        recent = list(self._recent)
        ages = [age for _, age in recent] or [0.0]
        lag, slowest = np.percentile(ages, [50, 95]).tolist()
        return MonitorStatus(
            reading=self._reader.status(),
            frames=self._frames,
            fps=_rate([done for done, _ in recent]),
            lag=lag,
            lag_p95=slowest,
            every=self._watcher.every,
            people=self._people,
            error=None if self.error is None else self.error.code,
        )

    def close(self) -> None:
        """Ends reading. Take it off its rota first."""
        self._reader.close()

    def _look(self, frame: Frame) -> None:
        view = self._watcher.see(frame)
        self._told(frame, view)
        self._frames += 1
        self._people = len(view.people)
        self._recent.append((time.monotonic(), frame.age))


def _rate(done: list[float]) -> float:
    """Frames a second, down to now."""
    if len(done) < 2:
        return 0.0
    took = time.monotonic() - done[0]
    return (len(done) - 1) / took if took > 0 else 0.0
