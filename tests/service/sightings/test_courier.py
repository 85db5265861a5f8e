"""The courier: everything is told, in order, at least once, whatever fails meanwhile."""

import json
import logging
import socket
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from service.sightings.conftest import Server, enrol
from sighted import START, entered, later
from visavis.gallery.collection import Collection
from visavis.gallery.gallery import Gallery
from visavis.gallery.sighting import Kind
from visavis.service.jobs.alone import Alone
from visavis.service.sightings.bell import Bell
from visavis.service.sightings.courier import PAGE, Courier
from visavis.service.sightings.figures import Figures
from visavis.service.sightings.receiver import NotTaken, Receiver
from visavis.serving import WebhookSettings
from visavis.video.backoff import Backoff

LONG = 20.0
SOON = Backoff(first=0.001, longest=0.001)


def hooked(url: str, **more: Any) -> WebhookSettings:
    given = {"name": "hall", "url": url, "secret": "0123456789abcdef", **more}
    return WebhookSettings.model_validate(given)


class Post:
    """A receiver that takes events unless it is told to fail."""

    shown = "http://hall.example"

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.told: Queue[int] = Queue()
        self.failing: list[Exception] = []
        self.aborted = self.closed = False

    def post(self, seq: int, kind: str, body: bytes) -> None:
        if self.failing:
            raise self.failing.pop(0)
        self.taken.append(json.loads(body))
        assert (self.taken[-1]["seq"], self.taken[-1]["kind"]) == (seq, kind)
        self.told.put(seq)

    def abort(self) -> None:
        self.aborted = True

    def close(self) -> None:
        self.closed = True

    @property
    def seqs(self) -> list[int]:
        return [event["seq"] for event in self.taken]


class Made:
    """A courier with what is around it."""

    def __init__(
        self,
        gallery: Gallery,
        folder: Path,
        *collections: str,
        post: Any = None,
        **hook: Any,
    ) -> None:
        self.post = post or Post()
        self.registry = CollectorRegistry()
        self.bell = Bell(lambda: 1, lambda: 1, every=0.01)
        settings = hooked("http://hall.example", **hook)
        figures = Figures(self.registry, ["hall"], lambda: START)
        turn = Alone(folder / "hall.lock")
        names = collections or ("default",)
        self.courier = Courier(settings, names, self.post, gallery, self.bell, figures, turn, SOON)

    def all(self) -> None:
        while self.courier.round():
            pass

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(name, {"webhook": "hall", **labels})


@pytest.fixture
def made(gallery: Gallery, collection: Collection, tmp_path: Path) -> Made:
    """One that has begun: nothing was noted yet."""
    found = Made(gallery, tmp_path)
    assert not found.courier.round()
    return found


def note(collection: Collection, count: int, subject: str | None = "ada") -> list[int]:
    first = entered(subject)
    events = [first, *(later(first, Kind.IDENTIFIED, n) for n in range(1, count))]
    return [seq for seq in collection.sightings.note(events) if seq is not None]


def test_what_was_noted_before_it_is_not_told(
    gallery: Gallery, collection: Collection, tmp_path: Path
) -> None:
    (old,) = note(collection, 1)
    made = Made(gallery, tmp_path)
    made.all()
    assert made.post.seqs == []
    assert collection.sightings.cursor("hall") == old
    new = note(collection, 2)
    made.all()
    assert made.post.seqs == new
    assert collection.sightings.cursor("hall") == new[-1]


def test_what_is_told_and_what_not(made: Made, collection: Collection) -> None:
    told = entered("ada", score=0.123456, threshold=0.4, live=True)
    collection.sightings.note([told])
    made.all()
    (event,) = made.post.taken
    assert event["score"] == 0.12
    assert (event["subject"], event["camera"], event["collection"]) == ("ada", "door", "default")
    assert (event["kind"], event["sighting"], event["has_shot"]) == (
        "entered",
        told.sighting,
        False,
    )
    assert "shot" not in event


def test_nothing_is_lost_and_nothing_overtakes_where_the_receiver_fails(
    made: Made, collection: Collection
) -> None:
    seqs = note(collection, 3)
    for _ in range(2):
        made.post.failing.append(NotTaken("503"))
        with pytest.raises(NotTaken):
            made.courier.round()
    assert made.post.seqs == []
    made.all()
    assert made.post.seqs == seqs


def test_another_process_goes_on_where_one_was_killed(
    gallery: Gallery, collection: Collection, made: Made, tmp_path: Path
) -> None:
    """Killed after the receiver had an event and before that was stored: told again."""
    seqs = note(collection, 3)
    place = collection.sightings.cursor("hall")
    assert place is not None
    collection.sightings.delivered("hall", seqs[0])
    other = Made(gallery, tmp_path)
    other.all()
    assert other.post.seqs == seqs[1:]


def test_more_than_a_page(made: Made, collection: Collection) -> None:
    seqs = note(collection, 2 * PAGE + 3)
    made.all()
    assert made.post.seqs == seqs


def test_events_of_several_collections_come_in_their_order(
    gallery: Gallery, collection: Collection, tmp_path: Path
) -> None:
    other = gallery.collection("other", model="m", dim=8)
    made = Made(gallery, tmp_path, "default", "other")
    made.all()
    seqs = []
    for part in (PAGE + 5, 1, 3):
        seqs += note(collection, part, None) + note(other, 2 * part, None)
    made.all()
    assert made.post.seqs == seqs
    assert {event["collection"] for event in made.post.taken} == {"default", "other"}


def test_kinds_that_are_not_wanted_are_passed_over(
    gallery: Gallery, collection: Collection, tmp_path: Path
) -> None:
    made = Made(gallery, tmp_path, kinds=("left",))
    made.all()
    first = entered("ada")
    seqs = collection.sightings.note([first, later(first, Kind.LEFT, 1), entered("ben")])
    made.all()
    assert made.post.seqs == [seqs[1]]
    assert collection.sightings.cursor("hall") == seqs[2]


def test_of_somebody_forgotten_nothing_is_told(made: Made, collection: Collection) -> None:
    note(collection, 2, "ada")
    (kept,) = note(collection, 1, "ben")
    collection.forget("ada")
    made.all()
    assert made.post.seqs == [kept]


def test_a_collection_that_comes_later_is_told_from_its_first_event(
    gallery: Gallery, tmp_path: Path
) -> None:
    made = Made(gallery, tmp_path, "late")
    made.all()
    late = gallery.collection("late", model="m", dim=8)
    enrol(late, "ada")
    seqs = note(late, 2)
    made.all()
    assert made.post.seqs == seqs


def test_the_figures(made: Made, collection: Collection) -> None:
    assert made.value("visavis_webhook_lag_seconds") == 0
    collection.sightings.note([entered("ada", -90)])
    made.post.failing.append(NotTaken("500"))
    with pytest.raises(NotTaken):
        made.courier.round()
    assert made.value("visavis_webhook_lag_seconds") == 90
    made.all()
    assert made.value("visavis_webhook_lag_seconds") == 0
    assert made.value("visavis_webhook_events_total", outcome="delivered") == 1
    assert made.value("visavis_webhook_events_total", outcome="failed") == 1


@pytest.fixture
def running(made: Made) -> Iterator[Made]:
    made.courier.start()
    yield made
    made.courier.stop()
    made.bell.stop()


def test_its_thread_tries_again_until_it_is_told_and_logs_that(
    running: Made, collection: Collection, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    running.post.failing = [NotTaken("503", 0.0), NotTaken("timeout"), ValueError("broken")]
    seqs = note(collection, 2)
    running.courier._news.set()
    assert [running.post.told.get(timeout=LONG) for _ in seqs] == seqs
    said = [record.getMessage() for record in caplog.records]
    assert said == ["webhook fails", "webhook fails", "webhook works again"]
    fields = caplog.records[0].fields  # type: ignore[attr-defined]
    assert (fields["webhook"], fields["why"], fields["to"]) == (
        "hall",
        "503",
        "http://hall.example",
    )


def test_two_of_one_name_take_turns(
    gallery: Gallery, collection: Collection, tmp_path: Path
) -> None:
    first, second = Made(gallery, tmp_path), Made(gallery, tmp_path)
    assert not first.courier.round()
    first.courier.start()
    seqs = note(collection, 1)
    first.courier._news.set()
    assert first.post.told.get(timeout=LONG) == seqs[0]
    assert second.courier._step() > 0  # waits for its turn
    seqs += note(collection, 1)
    first.courier.stop()
    assert first.post.aborted
    assert first.post.closed
    told = first.post.seqs
    second.courier.start()
    if seqs[1] not in told:
        assert second.post.told.get(timeout=LONG) == seqs[1]
    second.courier.stop()
    assert told + second.post.seqs == seqs
    for made in (first, second):
        made.bell.stop()


def test_a_slow_receiver_holds_up_no_other(
    gallery: Gallery, collection: Collection, tmp_path: Path, server: Server
) -> None:
    """The slow one is never answered at all while the other is told everything."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        slow = Made(gallery, tmp_path / "slow", post=Receiver(hooked(url), seconds=600))
        slow.courier.name = "slow"
        quick = Made(gallery, tmp_path)
        for made in (slow, quick):
            assert not made.courier.round()
            made.courier.start()
        seqs = note(collection, 3)
        slow.courier._news.set()
        line, _ = silent.accept()
        quick.courier._news.set()
        assert [quick.post.told.get(timeout=LONG) for _ in seqs] == seqs
        for made in (slow, quick):
            made.courier.stop()
            made.bell.stop()
        line.close()
    place = collection.sightings.cursor("slow")
    assert place is not None
    assert place < seqs[0]
