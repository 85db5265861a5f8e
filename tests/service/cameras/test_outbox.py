"""Events that the gallery cannot take at once are not lost, and keep their order."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from visavis.errors import GalleryError, UnknownSubject
from visavis.gallery.sighting import Kind, Sighted
from visavis.gallery.sightings import Sightings
from visavis.service.cameras.outbox import MOST, Calendar, Outbox

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def event(track: int) -> Sighted:
    return Sighted(
        kind=Kind.ENTERED,
        sighting=f"{track:032x}",
        camera="door",
        track=track,
        subject=None,
        at=NOW,
        first_seen=NOW,
        last_seen=NOW,
        score=None,
        threshold=0.4,
    )


class Store:
    """Refuses while it is told to."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.noted: list[int] = []
        self.calls = 0

    def note(self, events: tuple[Sighted, ...]) -> None:
        self.calls += 1
        if self.error is not None:
            raise self.error
        self.noted += [one.track for one in events]


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def outbox(store: Store) -> Outbox:
    return Outbox(cast(Sightings, store))


def test_what_waits_is_noted_in_order_and_once(store: Store, outbox: Outbox) -> None:
    store.error = GalleryError("busy")
    outbox.put([event(1), event(2)])
    outbox.put([event(3)])
    assert (store.noted, len(outbox)) == ([], 3)
    store.error = None
    outbox.put([event(4)])
    outbox.flush()
    assert (store.noted, len(outbox)) == ([1, 2, 3, 4], 0)


def test_nothing_to_note_costs_nothing(store: Store, outbox: Outbox) -> None:
    outbox.put([])
    outbox.flush()
    assert store.calls == 0


def test_no_more_wait_than_may_and_the_oldest_go(store: Store, outbox: Outbox) -> None:
    store.error = GalleryError("busy")
    outbox.put([event(n) for n in range(MOST + 2)])
    store.error = None
    outbox.flush()
    assert store.noted == list(range(2, MOST + 2))


def test_without_the_collection_it_says_so(store: Store, outbox: Outbox) -> None:
    store.error = UnknownSubject("gone")
    with pytest.raises(UnknownSubject):
        outbox.put([event(1)])


def test_the_present_never_goes_back() -> None:
    told: Any = iter([NOW, NOW + timedelta(seconds=5), NOW, NOW + timedelta(seconds=6)])
    calendar = Calendar(lambda: next(told))
    seen = [calendar.now() for _ in range(3)]
    assert seen == [NOW + timedelta(seconds=s) for s in (5, 5, 6)]
