"""How often faces are sought: as often as the machine can, and as movement demands."""

import math
from dataclasses import dataclass
from typing import Final

from visavis.errors import ConfigError, InputError

_NEWS: Final = 0.2  # weight of the newest cost and interval in their means
_PAUSE: Final = 2.0  # seconds between frames that say nothing about the stream's rate


@dataclass(frozen=True, slots=True)
class PaceRules:
    """Bounds of how often faces are sought.

    In every `most`-th frame at the least, and every `longest` seconds, so that who comes in is
    found soon. No face may move more than `share` of its size between two looks. `budget`: the
    share of a frame's interval that the work may take, less where several streams share a machine.
    Raises ConfigError for bounds that are none.
    """

    most: int = 8
    longest: float = 0.5
    share: float = 0.5
    budget: float = 0.8

    def __post_init__(self) -> None:
        if self.most < 1 or min(self.longest, self.share, self.budget) <= 0:
            raise ConfigError(f"expected most >= 1 and all else above 0, got {self}")


class Pace:
    """Says in which frames of a stream faces are to be sought. Not thread-safe.

    In as many as the work keeps up with. Where that is too seldom for how fast faces move, or for
    `longest`, these win, and a live stream's reader drops the frames that are too many.
    """

    def __init__(self, rules: PaceRules | None = None) -> None:
        self._rules = rules or PaceRules()
        self._every = 1
        self._sought: int | None = None
        self._last: tuple[int, float] | None = None
        self._interval: float | None = None
        self._costs: list[float | None] = [None, None]  # of a frame without a search, and with one
        self._fastest = 0.0

    @property
    def every(self) -> int:
        """Faces are sought in every `every`-th frame of the source: 1 .. `most`."""
        return self._every

    def due(self, number: int, at: float) -> bool:
        """Whether faces are to be sought in the frame with this number, at `at` seconds.

        To be asked once for each frame that is looked at, in order; numbers tell of the frames
        that were dropped. Raises InputError where they do not rise.
        """
        self._note(number, at)
        if self._sought is not None and number - self._sought < self._every:
            return False
        self._sought = number
        return True

    def spent(self, seconds: float, *, sought: bool) -> None:
        """Notes what the work on one frame took, with a search for faces or without."""
        before = self._costs[sought]
        self._costs[sought] = _mixed(before, seconds)
        self._every = self._chosen()

    def moved(self, fastest: float) -> None:
        """Notes the speed of the fastest face in view, in its own sizes a second; 0 for none."""
        self._fastest = fastest
        self._every = self._chosen()

    def _note(self, number: int, at: float) -> None:
        if self._last is not None:
            frames, passed = number - self._last[0], at - self._last[1]
            if frames < 1 or passed < 0:
                raise InputError(f"expected a frame after {self._last}, got {(number, at)}")
            if 0 < passed <= _PAUSE * frames:
                self._interval = _mixed(self._interval, passed / frames)
        self._last = (number, at)

    def _chosen(self) -> int:
        """One more frame at a time, but fewer at once: a face that starts to run is not lost."""
        allowed = min(self._rules.most, self._allowed())
        return max(int(min(self._needed(), allowed, self._every + 1)), 1)

    def _allowed(self) -> float:
        """Frames from one search to the next, by movement and the longest wait."""
        if not self._interval:
            return 1
        wait = self._rules.longest
        if self._fastest > 0:
            wait = min(wait, self._rules.share / self._fastest)
        return math.floor(wait / self._interval + 1e-6)

    def _needed(self) -> float:
        """The fewest frames between searches with which the work keeps up."""
        plain, search = self._costs
        if search is None or not self._interval:
            return 1
        plain = min(plain or 0.0, search)
        left = self._rules.budget * self._interval - plain
        return math.inf if left <= 0 else math.ceil((search - plain) / left - 1e-6)


def _mixed(mean: float | None, new: float) -> float:
    return new if mean is None else (1 - _NEWS) * mean + _NEWS * new
