"""Events on their way into the gallery: none is lost while its database is busy."""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from visavis.errors import UnknownSubject, VisavisError
from visavis.gallery.sighting import Sighted
from visavis.gallery.sightings import Sightings
from visavis.service.logs import log

logger = logging.getLogger("visavis.service")

MOST: Final = 1000
"""Events that wait; beyond, the oldest are lost."""


class Outbox:
    """Notes events in order, all that wait in one transaction. One thread at a time."""

    def __init__(self, sightings: Sightings) -> None:
        self._sightings = sightings
        self._waiting: deque[Sighted] = deque(maxlen=MOST)
        self._failing = False

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def put(self, events: Sequence[Sighted]) -> None:
        """Notes events, or keeps them for later. Raises UnknownSubject without the collection."""
        self._waiting.extend(events)
        self.flush()

    def flush(self) -> None:
        """Tries again what waits. Raises UnknownSubject without the collection."""
        if not self._waiting:
            return
        try:
            self._sightings.note(tuple(self._waiting))
        except UnknownSubject:
            raise
        except VisavisError as error:
            if not self._failing:
                log(logger, logging.WARNING, "sightings wait", error=error.code)
            self._failing = True
            return
        self._waiting.clear()
        self._failing = False


class Calendar:
    """The present, which never goes back, whatever is done to the machine's clock."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock
        self._last = clock()

    def now(self) -> datetime:
        self._last = max(self._last, self._clock())
        return self._last
