"""The end of old sightings."""

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Final

from visavis.errors import VisavisError
from visavis.gallery.gallery import Gallery
from visavis.gallery.sightings import Sightings
from visavis.service.logs import log

logger = logging.getLogger("visavis.service")

EVERY: Final = 3600.0
"""Seconds between two purges."""
_STOP_SECONDS: Final = 5.0


class Retention:
    """Purges what was last seen more than `days` ago, in all collections, on a thread of its own.

    Events go with their sightings, also those that a receiver has not had: nobody holds them up
    for ever. That is logged.
    """

    def __init__(self, gallery: Gallery, days: int, receivers: Mapping[str, Sequence[str]]) -> None:
        """`receivers`: who is told of a collection, by its name."""
        self._gallery = gallery
        self._days = days
        self._receivers = receivers
        self._stopping = Event()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Begins, with a purge."""
        self._thread = Thread(target=self._run, name="visavis-retention", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends; a purge under way is finished."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(_STOP_SECONDS)
        self._thread = None

    def sweep(self, now: datetime) -> None:
        """Purges all collections as of a time. What fails is logged, and done the next time."""
        for name in [info.name for info in self._gallery.collections()]:
            if self._stopping.is_set():
                return
            try:
                self._purge(name, now - timedelta(days=self._days))
            except VisavisError as error:
                log(logger, logging.ERROR, "sightings not purged", error=error.code)

    def _purge(self, name: str, before: datetime) -> None:
        kept = self._gallery.open_collection(name).sightings
        waiting = {who: _next(kept, who) for who in self._receivers.get(name, ())}
        gone = kept.purge(before, {"days": self._days})
        if gone.sightings:
            told = gone._asdict()
            log(logger, logging.INFO, "sightings purged", collection=name, **told)
        for who, (place, first) in waiting.items():
            if first is not None and _first(kept, place) != first:
                log(
                    logger,
                    logging.WARNING,
                    "webhook was not told in time: events are gone",
                    webhook=who,
                    collection=name,
                )

    def _run(self) -> None:
        while not self._stopping.is_set():
            with suppress(VisavisError):  # of the list of collections: the gallery is busy
                self.sweep(datetime.now(UTC))
            self._stopping.wait(EVERY)


def _next(kept: Sightings, receiver: str) -> tuple[int, int | None]:
    """How far a receiver is, and which event is the next for it."""
    place = kept.cursor(receiver)
    return (0, None) if place is None else (place, _first(kept, place))


def _first(kept: Sightings, after: int) -> int | None:
    found = kept.events(after, 1)
    return found[0].seq if found else None
