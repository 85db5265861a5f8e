"""How long to wait before a camera is tried again."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from visavis.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Backoff:
    """Pauses in seconds: `first`, then twice as long each time, up to `longest`; each is drawn
    from its upper half, so that cameras that failed together do not come back together.

    `draw` gives numbers of 0 to 1. Raises ConfigError unless 0 <= first <= longest.
    """

    first: float = 0.5
    longest: float = 30.0
    draw: Callable[[], float] = random.random

    def __post_init__(self) -> None:
        if not 0 <= self.first <= self.longest:
            raise ConfigError(
                f"expected 0 <= first <= longest, got {self.first:g} and {self.longest:g}"
            )

    def pause(self, failures: int) -> float:
        """Seconds to wait after that many failures in a row, 1 or more."""
        step = min(self.longest, self.first * 2.0 ** min(failures - 1, 30))
        return step * (0.5 + 0.5 * self.draw())
