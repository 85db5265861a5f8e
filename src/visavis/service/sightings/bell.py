"""Rings when an event of a sighting was noted, by this process or another."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition, Thread
from typing import Final

from visavis.errors import VisavisError

EVERY: Final = 0.2
"""Seconds between two looks."""


class Bell:
    """Tells whoever listens that there is something new. Thread-safe.

    While somebody listens, a thread asks for the `version` of the database, a number that changes
    with each commit of anybody, and only if it has changed for the `last` event's number.
    """

    def __init__(
        self, version: Callable[[], int], last: Callable[[], int], every: float = EVERY
    ) -> None:
        self._version = version
        self._last = last
        self._every = every
        self._changed = Condition()
        self._rings: list[Callable[[], object]] = []
        self._thread: Thread | None = None
        self._stopped = False
        self._seen = (-1, -1)

    @contextmanager
    def heard(self, ring: Callable[[], object]) -> Iterator[None]:
        """Has `ring` called for each news, and once at the start, on the bell's thread, for as
        long as the block runs: it must be quick.
        """
        with self._changed:
            self._rings.append(ring)
            if self._thread is None and not self._stopped:
                self._thread = Thread(target=self._watch, name="visavis-bell", daemon=True)
                self._thread.start()
            self._changed.notify_all()
        ring()
        try:
            yield
        finally:
            with self._changed:
                self._rings.remove(ring)

    def stop(self) -> None:
        """Falls silent for good."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join()

    def _watch(self) -> None:
        while self._waited():
            if self._news():
                with self._changed:
                    rings = tuple(self._rings)
                for ring in rings:
                    ring()

    def _waited(self) -> bool:
        """Whether the time for a look has come; false at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or self._rings)
            self._changed.wait_for(lambda: self._stopped, self._every)
            return not self._stopped

    def _news(self) -> bool:
        """Whether there are more events; what cannot be read now is asked for again."""
        try:
            version = self._version()
            if version == self._seen[0]:
                return False
            before, self._seen = self._seen, (version, self._last())
        except VisavisError:
            return False
        return self._seen[1] != before[1]
