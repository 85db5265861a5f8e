"""How often a key may ask: token buckets."""

import heapq
import math
import threading
import time
from collections.abc import Callable

from visavis.errors import ConfigError, InputError, VisavisError

SLACK = 1e-6  # seconds: who waited as long as was asked is not sent away by rounding


class RateLimited(VisavisError):
    """Raised when a key asks too often; `retry_after`: seconds until the same call is let in."""

    code = "rate_limited"

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Rates:
    """A bucket of `burst` tokens a key, refilled at `per_second`; 0 means no limit. Thread-safe.

    Only buckets that are not full are remembered, `room` at most: for a new one the fullest tenth
    is forgotten, which costs those keys nothing and gives them at most a burst.
    """

    def __init__(
        self,
        per_second: float,
        burst: int,
        clock: Callable[[], float] = time.monotonic,
        room: int = 10_000,
    ) -> None:
        """Raises ConfigError for a negative or endless rate, no burst or no room."""
        if not 0 <= per_second < math.inf or burst < 1 or room < 1:
            raise ConfigError(
                "expected a rate of 0 or more, a burst of 1 or more and room for 1 key or more, "
                f"got {per_second:g}, {burst} and {room}"
            )
        self._per_second = per_second
        self._burst = burst
        self._clock = clock
        self._room = room
        self._full_at: dict[str, float] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, key: str, cost: float = 1.0) -> None:
        """Takes `cost` tokens; one that exceeds the burst needs a full bucket, and leaves a debt.

        Raises RateLimited, and takes nothing then; InputError for a negative or endless cost.
        """
        if not 0 <= cost < math.inf:
            raise InputError(f"expected a cost of 0 or more, got {cost}")
        if not self._per_second:
            return
        with self._lock:
            now = self._clock()
            empties = max(self._full_at.get(key, now) - now, 0.0)  # seconds until it is full
            spare = (self._burst - min(cost, self._burst)) / self._per_second
            if empties > spare + SLACK:
                raise RateLimited(
                    f"expected at most {self._per_second:g} requests a second after a burst of "
                    f"{self._burst}, got more",
                    empties - spare,
                )
            if key not in self._full_at and len(self._full_at) >= self._room:
                self._forget(now)
            self._full_at[key] = now + empties + cost / self._per_second

    def _forget(self, now: float) -> None:
        used = ((at, key) for key, at in self._full_at.items() if at > now)
        kept = heapq.nlargest(self._room * 9 // 10, used)
        self._full_at = {key: at for at, key in kept}
