"""Live streams: what is looked at, what is answered, and what is recorded."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from visavis.errors import BadImage
from visavis.gallery.gallery import Gallery
from visavis.gallery.vault import Keyring
from visavis.pipeline import Pipeline
from visavis.policy import Policy
from visavis.recognizer import Recognizer
from visavis.service.admission import Overloaded
from visavis.service.apikeys import Scope
from visavis.service.app import create_app
from visavis.service.live import TRACKED, Journal, PlainWatcher, TrackingWatcher, Watching
from visavis.service.opening import assemble
from visavis.service.rates import Rates
from visavis.service.state import Services
from visavis.settings import Settings
from visavis.testing import FakeDetector, FakeEmbedder, FakeLiveness, fake_photo
from visavis.types import Face, Identification, Image, Match, Threshold
from visavis.video.pace import PaceRules

LIVE = "ws://127.0.0.1:8600/v1/live"
Png = Callable[..., bytes]


@pytest.fixture
def recognizer(services: Services) -> Recognizer:
    """Knows ada and ben."""
    found = services.recognizers.of("default")
    found.enrol("ada", fake_photo("ada"))
    found.enrol("ben", fake_photo("ben"))
    return found


@pytest.fixture
def client(services: Services) -> Iterator[TestClient]:
    """Of a service that looks at each frame for itself, as without the extra `video`."""
    served = replace(services, eyes=None)
    with TestClient(create_app(served), base_url="http://127.0.0.1:8600") as found:
        yield found


@contextmanager
def stream(
    client: TestClient, hello: dict[str, Any] | None = None, key: str | None = None
) -> Iterator[WebSocketTestSession]:
    """A stream that is ready."""
    headers = {} if key is None else {"X-API-Key": key}
    with client.websocket_connect(LIVE, headers=headers) as socket:
        socket.send_json(hello or {})
        assert socket.receive_json()["type"] == "ready"
        yield socket


def closed(socket: WebSocketTestSession) -> int:
    """The code with which the service closes it, and nothing else comes before."""
    with pytest.raises(WebSocketDisconnect) as caught:
        socket.receive_json()
    return caught.value.code


def refused(socket: WebSocketTestSession) -> tuple[str, int]:
    """The error's code and that of the end."""
    told = socket.receive_json()
    assert told["type"] == "error"
    return told["error"]["code"], closed(socket)


def identified(services: Services) -> list[Any]:
    return [r for r in services.gallery.audit_tail(100) if r.action == "identify"]


def frames(services: Services, outcome: str) -> float:
    found = services.metrics.registry.get_sample_value(
        "visavis_live_frames_total", {"outcome": outcome}
    )
    assert found is not None
    return found


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.002)


class Gated(FakeDetector):
    """Says when it begins, and goes on when it may."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self.may = threading.Event()

    def detect(self, image: Image) -> list[Face]:
        self.began.set()
        assert self.may.wait(10)
        return super().detect(image)


class TestJournal:
    def decisions(self, *subjects: str | None) -> list[Identification]:
        """A match for each name, and `unknown` for None."""
        [sample] = Pipeline(FakeDetector(), FakeEmbedder()).samples(fake_photo("ada"), Policy())
        return [
            Identification(
                sample,
                (Match(subject or "somebody", 0.9 if subject else 0.1, "t"),),
                Threshold(0.4),
            )
            for subject in subjects
        ]

    def subjects(self, journal: Journal, when: float, *seen: str | None) -> list[str | None]:
        return [one.subject for one in journal.due(self.decisions(*seen), when)]

    def test_what_is_new_is_recorded_once(self) -> None:
        journal = Journal(10)
        assert self.subjects(journal, 0, "ada") == ["ada"]
        assert self.subjects(journal, 1, "ada") == []
        assert self.subjects(journal, 2, "ada", "ben") == ["ben"]
        assert self.subjects(journal, 3, "ben", "ada") == []

    def test_and_again_for_as_long_as_somebody_is_seen(self) -> None:
        journal = Journal(10)
        told = [when for when in range(35) if self.subjects(journal, when, "ada")]
        assert told == [0, 10, 20, 30]

    def test_a_face_that_flickers_does_not_flood_the_log(self) -> None:
        journal = Journal(10)
        seen = itertools.cycle([("ada",), (), (None,)])
        told = [len(journal.due(self.decisions(*next(seen)), n / 10)) for n in range(100)]
        assert sum(told) == 2

    def test_each_of_several_strangers_counts(self) -> None:
        journal = Journal(10)
        assert len(journal.due(self.decisions(None), 0)) == 1
        assert len(journal.due(self.decisions(None, None), 1)) == 1
        assert len(journal.due(self.decisions(None, None), 2)) == 0

    def test_nobody_is_nothing_to_record(self) -> None:
        journal = Journal(10)
        assert journal.due([], 0) == []
        assert journal.due([], 100) == []


class TestTrackingWatcher:
    """One frame every 40 ms, in each of which faces are sought until `most` says otherwise."""

    def watcher(self, services: Services, recognizer: Recognizer, most: int = 1) -> TrackingWatcher:
        assert services.eyes is not None
        pace = PaceRules(most=most, budget=1e-9, longest=10)
        rules = replace(TRACKED, pace=pace)
        policy = services.policy
        return TrackingWatcher(recognizer, services.eyes, policy, services.stopwatch, rules)

    def test_a_sure_face_has_name_and_number_in_the_first_frame(
        self, services: Services, recognizer: Recognizer
    ) -> None:
        pytest.importorskip("scipy", reason="the video extra is not installed")
        watcher = self.watcher(services, recognizer)
        before = len(services.gallery.audit_tail(100))
        seen = [watcher.see(fake_photo("ada", "eve"), n / 25, n).faces for n in (1, 2, 3)]
        named = [[face.identification.subject for face in faces] for faces in seen]
        assert named == [["ada", None]] * 3
        assert [[face.track for face in faces] for faces in seen] == [[1, 2]] * 3
        assert len(services.gallery.audit_tail(100)) == before

    def test_a_face_is_expected_where_it_was_not_sought(
        self, services: Services, recognizer: Recognizer
    ) -> None:
        pytest.importorskip("scipy", reason="the video extra is not installed")
        watcher = self.watcher(services, recognizer, most=4)
        photos = [fake_photo("ada"), fake_photo("ada"), fake_photo()]
        seen = [watcher.see(photo, n / 25, n).faces for n, photo in enumerate(photos)]
        assert [face.identification.subject for face in seen[2]] == ["ada"]
        assert {face.track for faces in seen for face in faces} == {1}

    def test_its_steps_are_timed(
        self, services: Services, recognizer: Recognizer, png: Png
    ) -> None:
        pytest.importorskip("scipy", reason="the video extra is not installed")
        watcher = self.watcher(services, recognizer)
        watching = Watching(recognizer, watcher, services.stopwatch, {})
        found = watching.work(png("ada"), time.monotonic())
        assert {"decode", "detect", "embed", "search"} <= found.seconds.keys()


class TestWatching:
    def test_the_plain_watcher_decides_as_identify_does_but_records_nothing(
        self, services: Services, recognizer: Recognizer
    ) -> None:
        photo = fake_photo("ada", "eve")
        before = len(services.gallery.audit_tail(100))
        watcher = PlainWatcher(recognizer, services.policy, services.stopwatch)
        seen = watcher.see(photo, 1.0, 1)
        assert len(services.gallery.audit_tail(100)) == before
        expected = recognizer.identify(photo)
        assert [f.identification.subject for f in seen.faces] == ["ada", None]
        assert [f.identification.decision for f in seen.faces] == [d.decision for d in expected]
        assert [f.track for f in seen.faces] == [None, None]

    def test_the_work_is_timed_and_recorded(
        self, services: Services, recognizer: Recognizer, png: Png
    ) -> None:
        watcher = PlainWatcher(recognizer, services.policy, services.stopwatch)
        clock = iter([12.0, 13.0]).__next__
        details = {"request": "r1", "key": "k1"}
        watching = Watching(recognizer, watcher, services.stopwatch, details, clock)
        found = watching.work(png("ben"), 10.0)
        assert (found.width, found.height) == (96, 96)
        assert (found.seconds["queue"], found.seconds["total"]) == (2.0, 3.0)
        assert {"decode", "detect", "embed", "search"} <= found.seconds.keys()
        (record,) = identified(services)
        assert record.subject == recognizer.collection.pseudonym("ben")
        assert record.details["decision"] == "match"
        assert (record.details["request"], record.details["key"]) == ("r1", "k1")

    def test_what_is_no_picture_is_refused(
        self, services: Services, recognizer: Recognizer
    ) -> None:
        watcher = PlainWatcher(recognizer, services.policy, services.stopwatch)
        with pytest.raises(BadImage):
            Watching(recognizer, watcher, services.stopwatch, {}).work(b"no picture", 0.0)


@pytest.mark.usefixtures("recognizer")
class TestStream:
    def test_says_who_is_seen_frame_by_frame(self, client: TestClient, png: Png) -> None:
        with stream(client) as socket:
            socket.send_bytes(png("ada", "eve"))
            first = socket.receive_json()
            socket.send_bytes(png())
            second = socket.receive_json()
        assert (first["type"], first["frame"], first["dropped"]) == ("frame", 1, 0)
        assert (first["width"], first["height"]) == (192, 96)
        assert [(f["decision"], f["subject"]) for f in first["faces"]] == [
            ("match", "ada"),
            ("unknown", None),
        ]
        assert [f["track"] for f in first["faces"]] == [None, None]
        assert first["faces"][0]["sample"]["face"]["box"]["x1"] == 24
        stages = {"queue", "decode", "detect", "liveness", "embed", "search", "total"}
        assert first["latency_ms"].keys() == stages
        assert first["latency_ms"]["total"] >= first["latency_ms"]["detect"] >= 0
        assert (second["frame"], second["faces"]) == (2, [])

    def test_is_ready_with_what_it_decides_by(self, client: TestClient) -> None:
        with client.websocket_connect(LIVE, headers={"X-Request-Id": "request-1"}) as socket:
            socket.send_json({"liveness": "require", "fpir": 0.05, "top_k": 2})
            ready = socket.receive_json()
        assert ready == {
            "type": "ready",
            "request_id": "request-1",
            "collection": "default",
            "templates": 2,
            "model": "fake-1",
            "liveness": "require",
            "max_bytes": 32 * 2**20,
            "idle_seconds": 30.0,
        }

    def test_candidates_are_as_many_as_asked(self, client: TestClient, png: Png) -> None:
        with stream(client, {"top_k": 1}) as socket:
            socket.send_bytes(png("ada"))
            assert len(socket.receive_json()["faces"][0]["candidates"]) == 1

    def test_scores_are_rounded_for_keys_without_the_scope(
        self, services: Services, client: TestClient, png: Png
    ) -> None:
        _, plain = services.keys.create("plain", [Scope.IDENTIFY])
        _, exact = services.keys.create("exact", [Scope.IDENTIFY, Scope.SCORES])
        scores = []
        for key in (plain, exact):
            with stream(client, key=key) as socket:
                socket.send_bytes(png("ada", noise=9))
                scores.append(socket.receive_json()["faces"][0]["candidates"][0]["score"])
        assert scores[0] == round(scores[1], 2) != scores[1]

    def test_only_the_newest_frame_waits(
        self, settings: Settings, services: Services, png: Png
    ) -> None:
        detector = Gated()
        with gated(settings, services, detector) as (served, client), stream(client) as socket:
            socket.send_bytes(png("ada"))
            assert detector.began.wait(10)
            for _ in range(4):
                socket.send_bytes(png("eve"))
            socket.send_bytes(png("ben"))
            until(lambda: frames(served, "dropped") == 4)
            detector.may.set()
            first, second = socket.receive_json(), socket.receive_json()
            assert frames(served, "processed") == 2
        assert (first["frame"], first["faces"][0]["subject"]) == (1, "ada")
        assert (second["frame"], second["dropped"]) == (6, 4)
        assert second["faces"][0]["subject"] == "ben"

    def test_a_frame_that_no_worker_takes_counts_as_dropped(
        self, services: Services, png: Png
    ) -> None:
        workers = Reluctant(services, refuses={3, 4})  # the first two open the stream
        served = replace(services, workers=workers, eyes=None)  # type: ignore[arg-type]
        with TestClient(create_app(served)) as client, stream(client) as socket:
            for _ in range(2):
                socket.send_bytes(png("ben"))
                until(lambda: workers.calls >= 3)
            until(lambda: frames(services, "dropped") == 2)
            socket.send_bytes(png("ada"))
            found = socket.receive_json()
        assert (found["frame"], found["dropped"]) == (3, 2)
        assert found["faces"][0]["subject"] == "ada"

    def test_frames_beyond_the_rate_of_the_key_are_dropped(
        self, services: Services, png: Png
    ) -> None:
        served = replace(
            services, rates=Rates(1e-6, 3), eyes=None
        )  # the line itself, and two frames
        with TestClient(create_app(served)) as client, stream(client) as socket:
            for number in (1, 2):
                socket.send_bytes(png("ada"))
                assert socket.receive_json()["frame"] == number
            socket.send_bytes(png("ada"))
            until(lambda: frames(services, "dropped") == 1)

    def test_many_frames_of_one_person_are_one_record(
        self, services: Services, client: TestClient, png: Png, recognizer: Recognizer
    ) -> None:
        with stream(client) as socket:
            for people in (["ada"], ["ada"], [], ["ada", "ben"], ["ada"], ["ben"]):
                socket.send_bytes(png(*people))
                socket.receive_json()
        pseudonyms = [recognizer.collection.pseudonym(name) for name in ("ada", "ben")]
        found = identified(services)
        assert [r.subject for r in found] == pseudonyms
        assert all(r.details["stream"] and r.details["request"] for r in found)
        assert all(r.details["key"] == "" for r in found)
        assert {"decision", "threshold", "rate", "live"} <= found[0].details.keys()

    def test_decisions_are_counted_for_every_frame(
        self, services: Services, client: TestClient, png: Png
    ) -> None:
        with stream(client) as socket:
            for _ in range(3):
                socket.send_bytes(png("ada"))
                socket.receive_json()
        labels = {"operation": "identify", "decision": "match"}
        value = services.metrics.registry.get_sample_value("visavis_decisions_total", labels)
        assert value == 3


@pytest.mark.usefixtures("recognizer")
class TestFollowed:
    def test_a_face_keeps_its_number_through_a_stream(self, services: Services, png: Png) -> None:
        pytest.importorskip("scipy", reason="the video extra is not installed")
        with TestClient(create_app(services)) as client, stream(client) as socket:
            found = []
            for _ in range(4):
                socket.send_bytes(png("ada", "eve"))
                found.append(socket.receive_json()["faces"])
        told = [[(face["subject"], face["track"]) for face in faces] for faces in found]
        assert told == [[("ada", 1), (None, 2)]] * 4
        assert len(identified(services)) == 2


@pytest.mark.usefixtures("recognizer")
class TestRefused:
    def test_more_streams_than_seats(
        self, settings: Settings, services: Services, png: Png
    ) -> None:
        with gated(settings, services, FakeDetector(), seats=1) as (served, client):
            with stream(client):
                with client.websocket_connect(LIVE) as second:
                    second.send_json({})
                    assert refused(second) == ("overloaded", 1013)
                assert served.seats.taken == 1
            until(lambda: served.seats.taken == 0)
            with stream(client) as again:
                again.send_bytes(png("ada"))
                assert again.receive_json()["faces"][0]["subject"] == "ada"

    def test_a_key_for_other_things_or_another_collection(
        self, services: Services, client: TestClient
    ) -> None:
        _, detects = services.keys.create("detects", [Scope.DETECT])
        _, elsewhere = services.keys.create("vip", [Scope.IDENTIFY], collections=["vip"])
        for key in (detects, elsewhere):
            with client.websocket_connect(LIVE) as socket:
                socket.send_json({"key": key})
                assert refused(socket) == ("forbidden", 1008)

    def test_a_collection_that_does_not_exist(self, client: TestClient) -> None:
        with client.websocket_connect(LIVE) as socket:
            socket.send_json({"collection": "nowhere"})
            assert refused(socket) == ("unknown_subject", 1008)

    def test_error_rates_that_the_service_does_not_allow(self, client: TestClient) -> None:
        with client.websocket_connect(LIVE) as socket:
            socket.send_json({"fpir": 0.5})
            assert refused(socket) == ("input", 1008)

    def test_a_collection_that_is_deleted_meanwhile_ends_the_stream(
        self, services: Services, client: TestClient, png: Png
    ) -> None:
        with stream(client) as socket:
            services.gallery.delete_collection("default")
            socket.send_bytes(png("ada"))
            assert refused(socket) == ("unknown_subject", 1008)


class Reluctant:
    """Workers that refuse some calls, by their number."""

    def __init__(self, services: Services, refuses: set[int]) -> None:
        self.calls = 0
        self._inner = services.workers
        self._refuses = refuses

    async def run(self, work: Callable[[], Any]) -> Any:
        self.calls += 1
        if self.calls in self._refuses:
            raise Overloaded("expected room, got none")
        return await self._inner.run(work)

    async def drain(self, timeout: float) -> bool:
        return await self._inner.drain(timeout)


@contextmanager
def gated(
    settings: Settings, services: Services, detector: FakeDetector, seats: int = 4
) -> Iterator[tuple[Services, TestClient]]:
    """A service of its own on the same people, with another detector."""
    changed = settings.model_copy(
        update={
            "gallery": settings.gallery.parent / "second",
            "service": settings.service.model_copy(update={"live_sessions": seats}),
        }
    )
    gallery = Gallery(changed.gallery, Keyring([bytes(range(32))]))
    made = assemble(changed, detector, FakeEmbedder(), FakeLiveness(), gallery)
    served = replace(made, eyes=None)
    people = Recognizer(services.pipeline, gallery)
    for name in ("ada", "ben"):
        people.enrol(name, fake_photo(name))
    with TestClient(create_app(served)) as client:
        yield served, client
    gallery.close()
