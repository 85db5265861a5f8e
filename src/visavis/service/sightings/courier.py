"""Tells one webhook of events: in order, each at least once, whatever happens meanwhile."""

import heapq
import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from threading import Event, Thread
from typing import Any, Final, NamedTuple, Protocol

from visavis.errors import UnknownSubject, VisavisError
from visavis.gallery.gallery import Gallery
from visavis.gallery.sighting import SightingEvent
from visavis.gallery.sightings import Sightings
from visavis.service.errors import UNEXPECTED
from visavis.service.jobs.alone import Alone
from visavis.service.logs import log
from visavis.service.schemas.sightings import SightingEventOut
from visavis.service.sightings.bell import Bell
from visavis.service.sightings.figures import Figures
from visavis.service.sightings.receiver import NotTaken
from visavis.serving import WebhookSettings
from visavis.video.backoff import Backoff

logger = logging.getLogger("visavis.service")

PATIENCE: Final = Backoff(first=1.0, longest=300.0)
PAGE: Final = 20
"""Events that are read at a time: of somebody forgotten meanwhile, no more are still told."""
DIGITS: Final = 2
"""Places of scores, as for a key without the scope `scores`."""
_LOOK_SECONDS: Final = 30.0
"""How often events are looked for where the bell is silent."""
_TURN_SECONDS: Final = 2.0
"""How often a process asks whether it is its turn."""
_LONGEST_ASKED: Final = 3600.0
_STOP_SECONDS: Final = 5.0


class Address(Protocol):
    """Where events go: see `Receiver`."""

    @property
    def shown(self) -> str: ...

    def post(self, seq: int, kind: str, body: bytes) -> None: ...

    def abort(self) -> None: ...

    def close(self) -> None: ...


class _Letter(NamedTuple):
    """An event on its way; they sort by its number."""

    seq: int
    collection: str
    event: SightingEvent


class Courier:
    """Works on a thread of its own. How far its webhook is stands in the gallery, synced after
    each event that was taken: the log of events is the outbox, and nothing else need survive.

    Several processes may have a courier of one name; the one with the `turn` works.
    """

    def __init__(
        self,
        hook: WebhookSettings,
        collections: Sequence[str],
        address: Address,
        gallery: Gallery,
        bell: Bell,
        figures: Figures,
        turn: Alone,
        patience: Backoff = PATIENCE,
    ) -> None:
        """`collections`: those that the webhook is told of."""
        self.name = hook.name
        self.collections = tuple(collections)
        self._kinds = frozenset(hook.kinds)
        self._address = address
        self._gallery = gallery
        self._bell = bell
        self._figures = figures
        self._turn = turn
        self._patience = patience
        self._missing: set[str] = set()
        self._failures = 0
        self._pending: datetime | None = None
        self._news = Event()
        self._stopping = Event()
        self._thread: Thread | None = None
        figures.watch(self.name, lambda: self._pending)

    def start(self) -> None:
        """Begins to work; what was noted before the webhook was first known is not told."""
        self._thread = Thread(target=self._run, name=f"visavis-webhook-{self.name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stops at once: an event whose receiver has not answered is told again later."""
        self._stopping.set()
        self._news.set()
        self._address.abort()
        if self._thread is not None:
            self._thread.join(_STOP_SECONDS)
        self._thread = None

    def round(self) -> bool:
        """Tells of a page of events; whether there were any. Raises NotTaken, GalleryError."""
        letters = self._letters()
        for seq, collection, event in letters:
            if self._stopping.is_set():
                return False
            self._pending = event.told.at
            if not self._kinds or event.told.kind.value in self._kinds:
                self._deliver(event, collection)
            self._sightings(collection).delivered(self.name, seq)
        if not letters:
            self._pending = None
        return bool(letters)

    def _letters(self) -> list[_Letter]:
        """The next events of all collections in the order of their numbers."""
        pages = []
        bound = None
        for name in self.collections:
            with suppress(UnknownSubject):
                place = self._place(name)
                found = self._sightings(name).events(place, PAGE)
                pages.append([_Letter(event.seq, name, event) for event in found])
                if len(found) == PAGE:  # others may have some behind it that are not read yet
                    bound = found[-1].seq if bound is None else min(bound, found[-1].seq)
        merged = heapq.merge(*pages, key=lambda letter: letter.seq)
        return [letter for letter in merged if bound is None or letter.seq <= bound]

    def _place(self, name: str) -> int:
        """How far the webhook is. One that is new begins with what comes from now on; in a
        collection that did not exist before, with the first.
        """
        try:
            kept = self._sightings(name)
        except UnknownSubject:
            self._missing.add(name)
            raise
        place = kept.cursor(self.name)
        if place is None:
            place = 0 if name in self._missing else kept.last()
            kept.delivered(self.name, place)
        return place

    def _sightings(self, name: str) -> Sightings:
        return self._gallery.open_collection(name).sightings

    def _deliver(self, event: SightingEvent, collection: str) -> None:
        body = SightingEventOut.of(event, collection, DIGITS).model_dump_json().encode()
        try:
            self._address.post(event.seq, event.told.kind.value, body)
        except NotTaken:
            self._figures.count(self.name, "failed")
            raise
        self._figures.count(self.name, "delivered")
        if self._failures:
            self._tell(logging.INFO, "webhook works again", failures=self._failures)
        self._failures = 0

    def _run(self) -> None:
        try:
            with self._bell.heard(self._news.set):
                while not self._stopping.is_set():
                    self._stopping.wait(self._step())
        finally:
            self._address.close()
            self._turn.release()

    def _step(self) -> float:
        """Works as long as there is work; says after how many seconds to go on."""
        self._news.clear()
        try:
            if not self._turn.take():
                return _TURN_SECONDS
            while self.round():
                pass
        except Exception as error:  # whatever it is, what is to be told must be told
            return 0.0 if self._stopping.is_set() else self._failed(error)
        self._failures = 0
        self._news.wait(_LOOK_SECONDS)
        return 0.0

    def _failed(self, error: Exception) -> float:
        """The pause after a failure, which is logged at its first, second, fourth, … time."""
        self._failures += 1
        asked = error.retry_after if isinstance(error, NotTaken) else 0.0
        pause = max(self._patience.pause(self._failures), min(asked, _LONGEST_ASKED))
        if not self._failures & (self._failures - 1):
            known = isinstance(error, VisavisError)
            self._tell(
                logging.WARNING,
                "webhook fails",
                exc_info=None if known else error,
                why=_why(error),
                failures=self._failures,
                again_s=round(pause, 1),
            )
        return pause

    def _tell(self, level: int, event: str, **fields: Any) -> None:
        log(logger, level, event, webhook=self.name, to=self._address.shown, **fields)


def _why(error: Exception) -> str:
    if isinstance(error, NotTaken):
        return error.why
    return error.code if isinstance(error, VisavisError) else UNEXPECTED
