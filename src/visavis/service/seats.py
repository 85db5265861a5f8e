"""How many sessions may be open at a time: live streams and challenges together."""

from collections.abc import Iterator
from contextlib import contextmanager

from visavis.service.admission import Overloaded
from visavis.service.metrics import Metrics


class Seats:
    """At most `most` sessions, each counted as open in the metrics. All on one event loop."""

    def __init__(self, most: int, metrics: Metrics) -> None:
        self._most = most
        self._metrics = metrics
        self._taken = 0

    @property
    def taken(self) -> int:
        """How many sessions are open."""
        return self._taken

    @contextmanager
    def take(self) -> Iterator[None]:
        """Has a seat for as long as the block runs. Raises Overloaded where all are taken."""
        if self._taken >= self._most:
            raise Overloaded(f"expected at most {self._most} sessions at a time, got one more")
        self._taken += 1
        try:
            with self._metrics.live_session():
                yield
        finally:
            self._taken -= 1
