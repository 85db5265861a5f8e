"""Challenges: answered by upload or WebSocket, by the right person, in time and once."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from acting import Actor
from visavis.errors import BadImage, ChallengeRefused
from visavis.gallery.collection import Collection
from visavis.gallery.gallery import Gallery
from visavis.gallery.vault import Keyring
from visavis.image import encode
from visavis.liveness.challenger import Challenger
from visavis.liveness.track import Observation
from visavis.pipeline import Pipeline
from visavis.service.admission import Overloaded
from visavis.service.apikeys import Scope
from visavis.service.app import create_app
from visavis.service.challenges import Challenges, Claim, Glimpse, LargestFace, Session, middle
from visavis.service.errors import NotHere
from visavis.service.metrics import Metrics
from visavis.service.opening import assemble
from visavis.service.seats import Seats
from visavis.service.state import Services
from visavis.settings import Settings
from visavis.targets import DEFAULT_TARGET
from visavis.testing import FakeDetector, FakeEmbedder, FakeLiveness, fake_photo
from visavis.types import Liveness

HTTP = "/v1/challenges"
ADA, EVE = Actor(1, fps=6), Actor(2, fps=6)
LIVE, ATTACK = Liveness(0.9, 0.5), Liveness(0.1, 0.5, "print", ("looks_like_print",))
ORIGIN = {"request": "r1", "key": "k1"}
Png = Callable[..., bytes]


@dataclass
class Stage:
    """What is before the camera: the bytes of a frame are the number of an observation."""

    now: float = 100.0
    said: Liveness = LIVE
    scene: list[Observation] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def observe(self, frame: bytes, at: float) -> Glimpse:
        if frame == b"nobody":
            return Glimpse()
        if not frame.isdigit():
            raise BadImage("expected a number")
        return Glimpse(replace(self.scene[int(frame)], at=at), self.said)

    def challenges(self, seats: Seats) -> Challenges:
        """Two steps, the one turn and the other."""
        asker = Challenger(bytes(32), self.clock, lengths=(2, 2), holds=(0.3,))
        return Challenges(asker, self.observe, seats, self.clock)

    def perform(
        self, actor: Actor, services: Services, made: dict[str, Any], key: str = ""
    ) -> None:
        """Has an actor do what is asked, from a second from now on."""
        steps = services.challenges.get(made["id"], key).attempt.challenge.steps
        self.scene = actor.perform(steps, start=self.now + 1)

    def film(self) -> Iterator[bytes]:
        """Each frame at its time."""
        for number, o in enumerate(self.scene):
            self.now = o.at
            yield str(number).encode()


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def services(settings: Settings, stage: Stage) -> Iterator[Services]:
    """Two seats, and ada enrolled."""
    limits = settings.service.model_copy(update={"live_sessions": 2})
    few = settings.model_copy(update={"service": limits})
    gallery = Gallery(few.gallery, Keyring([bytes(range(32))]))
    found = assemble(few, FakeDetector(), FakeEmbedder(64), FakeLiveness(), gallery)
    gallery.open_collection("default").enrol("ada", [ADA.vector()], qualities=[1.0])
    yield replace(found, challenges=stage.challenges(found.seats))
    found.close()
    gallery.close()


@pytest.fixture
def client(services: Services) -> Iterator[TestClient]:
    with TestClient(create_app(services), base_url="http://127.0.0.1:8600") as found:
        yield found


def begun(client: TestClient, **asked: Any) -> dict[str, Any]:
    answer = client.post(HTTP, json=asked)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def upload(client: TestClient, made: dict[str, Any], frame: bytes) -> Any:
    headers = {"Content-Type": "image/jpeg"}
    return client.post(f"{HTTP}/{made['id']}/frames", content=frame, headers=headers)


def uploaded(client: TestClient, stage: Stage, made: dict[str, Any]) -> list[dict[str, Any]]:
    """The progress of each frame of the scene."""
    return [upload(client, made, frame).json() for frame in stage.film()]


def verdict(client: TestClient, made: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(f"{HTTP}/{made['id']}/verdict")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def connect(client: TestClient, made: dict[str, Any]) -> WebSocketTestSession:
    return client.websocket_connect(f"ws://127.0.0.1:8600{made['websocket']}")


def records(services: Services) -> list[Any]:
    return [r for r in services.gallery.audit_tail(100) if r.action == "challenge"]


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


class TestSession:
    """The sessions themselves, without a service around."""

    @staticmethod
    async def at_once(work: Callable[[], Glimpse]) -> Glimpse:
        return work()

    def test_frames_are_worked_on_one_after_the_other_and_one_may_wait(self, stage: Stage) -> None:
        async def main() -> None:
            session = stage.challenges(Seats(1, Metrics())).start(ORIGIN)
            free, running = asyncio.Event(), 0

            async def run(work: Callable[[], Glimpse]) -> Glimpse:
                nonlocal running
                running += 1
                assert running == 1
                await free.wait()
                running -= 1
                return work()

            first = asyncio.create_task(session.see(b"nobody", 101.0, run))
            await asyncio.sleep(0)
            second = asyncio.create_task(session.see(b"nobody", 102.0, run))
            await asyncio.sleep(0)
            with pytest.raises(Overloaded):
                await session.see(b"nobody", 103.0, run)
            free.set()
            assert [await first, await second] == [False, False]
            assert session.frames == 2

        asyncio.run(main())

    def test_a_frame_after_the_end_of_time_is_refused(self, stage: Stage) -> None:
        async def main() -> None:
            session = stage.challenges(Seats(1, Metrics())).start(ORIGIN)
            with pytest.raises(ChallengeRefused) as caught:
                await session.see(b"nobody", 160.1, self.at_once)
            assert caught.value.reason == "expired"

        asyncio.run(main())

    def test_a_session_is_for_its_key_until_it_ends(self, stage: Stage) -> None:
        async def main() -> None:
            seats = Seats(1, Metrics())
            challenges = stage.challenges(seats)
            session = challenges.start(ORIGIN)
            assert challenges.get(session.id, "k1") is session
            with pytest.raises(NotHere):
                challenges.get(session.id, "k2")
            with pytest.raises(Overloaded):
                challenges.start(ORIGIN)
            challenges.end(session)
            assert seats.taken == 0
            for again in (
                lambda: challenges.get(session.id, "k1"),
                lambda: challenges.end(session),
            ):
                with pytest.raises(ChallengeRefused):
                    again()
            with pytest.raises(NotHere):
                challenges.get(session.id, "k2")
            with pytest.raises(ChallengeRefused):
                await session.see(b"nobody", 101.0, self.at_once)

        asyncio.run(main())

    def test_what_is_over_is_found_and_what_has_ended_forgotten(self, stage: Stage) -> None:
        async def main() -> None:
            challenges = stage.challenges(Seats(2, Metrics()))
            left, ended = challenges.start(ORIGIN), challenges.start(ORIGIN)
            challenges.end(ended)
            stage.now = 174.9
            assert challenges.overdue() == []
            stage.now = 175.0
            assert challenges.overdue() == [left]
            with pytest.raises(NotHere):
                challenges.get(ended.id, "k1")

        asyncio.run(main())

    def test_ids_are_random_and_hold_no_token(self, stage: Stage) -> None:
        challenges = stage.challenges(Seats(2, Metrics()))
        ids = {challenges.start(ORIGIN).id for _ in range(2)}
        assert len(ids) == 2
        assert all(len(bytes.fromhex(ident)) == 16 for ident in ids)

    def test_the_best_template_counts(self, stage: Stage) -> None:
        session = self.performed(stage, ADA)
        found = session.judge([EVE.vector(), ADA.vector(), EVE.vector()])
        assert found.passed
        assert found.match == session.judge([ADA.vector()]).match

    def test_without_a_template_there_is_no_match(self, stage: Stage) -> None:
        found = self.performed(stage, ADA).judge([])
        assert (found.reasons, found.match) == (("no_match",), None)

    def performed(self, stage: Stage, actor: Actor) -> Session:
        async def main() -> Session:
            claim = Claim(cast(Collection, None), "ada", 0.4)
            session = stage.challenges(Seats(1, Metrics())).start(ORIGIN, claim)
            stage.scene = actor.perform(session.attempt.challenge.steps, start=101.0)
            for frame in stage.film():
                assert await session.see(frame, stage.now, self.at_once) is not False
            return session

        return asyncio.run(main())

    def test_one_misjudged_frame_is_no_attack_but_most_of_them_are(self) -> None:
        unsure = Liveness(None, 0.5)
        assert middle([]) == middle([unsure]) == []
        assert middle([LIVE, LIVE, ATTACK, unsure]) == [LIVE]
        assert middle([LIVE, ATTACK, ATTACK]) == [ATTACK]
        assert middle([LIVE, ATTACK]) == [ATTACK]


class TestLargestFace:
    def test_takes_the_largest_face_with_all_that_is_said_of_it(self, png: Png) -> None:
        look = LargestFace(Pipeline(FakeDetector(), FakeEmbedder()), FakeLiveness(), DEFAULT_TARGET)
        wide = fake_photo("ada", "ben")
        wide[:, 96:, :][:30] = 0  # ben's upper part is dark: a smaller face
        seen = look(encode(wide, "PNG"), 7.0)
        assert seen.observation is not None
        assert (seen.observation.at, seen.observation.face.box[0]) == (7.0, 24.0)
        assert seen.observation.image is None  # no pixels are kept
        assert seen.observation.quality is not None
        [embedding] = FakeEmbedder().embed(wide, [seen.observation.face])
        assert seen.observation.embedding is not None
        assert seen.observation.embedding.similarity(embedding) == pytest.approx(1)
        assert seen.liveness == Liveness(1.0, 0.5)

    def test_nobody_is_nothing_to_see(self, png: Png) -> None:
        look = LargestFace(Pipeline(FakeDetector(), FakeEmbedder()), FakeLiveness(), DEFAULT_TARGET)
        assert look(png(), 7.0) == Glimpse()
        with pytest.raises(BadImage):
            look(b"no picture", 7.0)


class TestUpload:
    def test_a_person_who_does_what_is_asked_is_live(
        self, services: Services, client: TestClient, stage: Stage
    ) -> None:
        made = begun(client)
        stage.perform(ADA, services, made)
        told = uploaded(client, stage, made)
        phases = [p["phase"] for p in told]
        assert [p for i, p in enumerate(phases) if p not in phases[:i]] == [
            *("settle", "do", "hold", "back", "done")
        ]
        assert all(p["of"] == 2 for p in told)
        assert (told[-1]["done"], told[-1]["seconds_left"]) == (2, 0.0)
        found = verdict(client, made)
        assert (found["live"], found["reasons"], found["match"]) == (True, [], None)
        assert (found["steps_done"], found["steps"]) == (2, 2)
        assert found["seconds"] > 3

    def test_steps_are_told_when_they_are_asked_and_not_before(
        self, services: Services, client: TestClient, stage: Stage
    ) -> None:
        made = begun(client)
        assert made.keys() == {
            *("id", "of", "expires_in", "step_seconds", "total_seconds", "websocket", "progress")
        }
        assert (made["progress"]["phase"], made["progress"]["action"]) == ("settle", None)
        assert made["progress"]["hold_seconds"] is None
        stage.perform(ADA, services, made)
        first, second = services.challenges.get(made["id"], "").attempt.challenge.steps
        told = uploaded(client, stage, made)
        asked = {p["done"]: p["action"] for p in told if p["phase"] == "do"}
        assert asked == {0: first.action, 1: second.action}
        assert {p["hold_seconds"] for p in told if p["phase"] == "hold"} == {0.3}
        assert {p["action"] for p in told if p["phase"] == "settle"} == {None}

    def test_says_how_much_time_is_left(
        self, services: Services, client: TestClient, stage: Stage
    ) -> None:
        made = begun(client)
        assert (made["expires_in"], made["progress"]["seconds_left"]) == (60.0, 60.0)
        stage.perform(ADA, services, made)
        stage.now = 101.0
        assert upload(client, made, b"0").json()["seconds_left"] == 8.0
        stage.now = 104.0
        shown = client.get(f"{HTTP}/{made['id']}").json()
        assert (shown["progress"]["seconds_left"], shown["expires_in"]) == (5.0, 56.0)

    def test_a_wrong_step_is_refused_at_once(
        self, services: Services, client: TestClient, stage: Stage
    ) -> None:
        made = begun(client)
        steps = services.challenges.get(made["id"], "").attempt.challenge.steps
        stage.scene = ADA.perform(steps[::-1])
        told = uploaded(client, stage, made)
        assert (told[-1]["phase"], told[-1]["reason"]) == ("refused", "wrong_step")
        found = verdict(client, made)
        assert (found["live"], found["reasons"]) == (False, ["wrong_step"])

    def test_mirrored_pictures_are_to_be_declared(
        self, services: Services, client: TestClient, stage: Stage
    ) -> None:
        made = begun(client, mirrored=True)
        stage.perform(Actor(fps=6, mirrored=True), services, made)
        uploaded(client, stage, made)
        assert verdict(client, made)["live"]

    def test_frames_that_show_an_attack_refuse(
        self, services: Services, client: TestClient, stage: Stage
    ) -> None:
        made = begun(client)
        stage.perform(ADA, services, made)
        stage.said = ATTACK
        uploaded(client, stage, made)
        found = verdict(client, made)
        assert (found["live"], found["reasons"]) == (False, ["not_live", "looks_like_print"])

    def test_a_frame_that_cannot_be_read_changes_nothing(
        self, services: Services, client: TestClient, stage: Stage
    ) -> None:
        made = begun(client)
        stage.perform(ADA, services, made)
        for number, frame in enumerate(stage.film()):
            if number == 3:
                assert code(upload(client, made, b"no picture")) == (400, "bad_image")
                told = upload(client, made, b"nobody").json()
                assert (told["face"], told["phase"]) == (False, "settle")
            told = upload(client, made, frame).json()
        assert (told["phase"], told["face"]) == ("done", None)  # nobody looks any more
        assert verdict(client, made)["live"]

    def test_base64_does_too(self, client: TestClient) -> None:
        made = begun(client)
        body = {"image": "bm9ib2R5"}
        told = client.post(f"{HTTP}/{made['id']}/frames", json=body).json()
        assert (told["phase"], told["face"]) == ("settle", False)

    def test_half_an_answer_is_none(
        self, services: Services, client: TestClient, stage: Stage
    ) -> None:
        assert verdict(client, begun(client))["reasons"] == ["no_frames"]
        made = begun(client)
        stage.perform(ADA, services, made)
        stage.scene = stage.scene[:10]
        uploaded(client, stage, made)
        assert verdict(client, made)["reasons"] == ["unfinished"]

    def test_it_is_judged_once(self, client: TestClient) -> None:
        made = begun(client)
        verdict(client, made)
        again = client.post(f"{HTTP}/{made['id']}/verdict")
        assert code(again) == (409, "challenge_refused")
        assert again.json()["error"]["details"] == {"reason": "already_answered"}
        assert code(upload(client, made, b"0")) == (409, "challenge_refused")
        assert code(client.get(f"{HTTP}/{made['id']}")) == (409, "challenge_refused")

    def test_a_challenge_that_does_not_exist(self, client: TestClient) -> None:
        assert code(client.get(f"{HTTP}/{'0' * 32}")) == (404, "not_found")
        assert code(client.post(f"{HTTP}/{'0' * 32}/verdict")) == (404, "not_found")

    def test_fields_that_are_not_known(self, client: TestClient) -> None:
        assert client.post(HTTP, json={"subjekt": "ada"}).status_code == 422
        assert client.post(HTTP).status_code == 201


class TestWho:
    def test_the_face_must_be_the_subjects(
        self, services: Services, client: TestClient, stage: Stage
    ) -> None:
        made = begun(client, subject="ada")
        stage.perform(ADA, services, made)
        uploaded(client, stage, made)
        found = verdict(client, made)
        assert found["live"]
        assert found["match"] > 0.9
        (record,) = records(services)
        collection = services.gallery.open_collection("default")
        assert (record.collection, record.subject) == ("default", collection.pseudonym("ada"))

    def test_who_is_somebody_else_is_refused_and_has_to_wait(
        self, services: Services, client: TestClient, stage: Stage
    ) -> None:
        for _ in range(5):
            made = begun(client, subject="ada")
            stage.perform(EVE, services, made)
            uploaded(client, stage, made)
            found = verdict(client, made)
            assert (found["live"], found["reasons"]) == (False, ["no_match"])
        refused = client.post(HTTP, json={"subject": "ada"})
        assert code(refused) == (429, "backed_off")
        assert int(refused.headers["Retry-After"]) >= 1

    def test_who_is_forgotten_meanwhile_matches_nobody(
        self, services: Services, client: TestClient, stage: Stage
    ) -> None:
        made = begun(client, subject="ada")
        stage.perform(ADA, services, made)
        uploaded(client, stage, made)
        services.gallery.open_collection("default").forget("ada")
        assert verdict(client, made)["reasons"] == ["no_match"]
        assert records(services)[-1].subject is None

    def test_a_subject_or_collection_that_does_not_exist(
        self, services: Services, client: TestClient
    ) -> None:
        for asked in ({"subject": "eve"}, {"subject": "ada", "collection": "nowhere"}):
            assert code(client.post(HTTP, json=asked)) == (404, "unknown_subject")
        assert services.seats.taken == 0

    def test_scopes(self, services: Services, client: TestClient) -> None:
        def asks(token: str, **asked: str) -> int:
            return client.post(HTTP, json=asked, headers={"X-API-Key": token}).status_code

        _, detects = services.keys.create("d", [Scope.DETECT])
        _, identifies = services.keys.create("i", [Scope.IDENTIFY])
        both = [Scope.DETECT, Scope.IDENTIFY]
        _, elsewhere = services.keys.create("e", both, collections=["vip"])
        _, does = services.keys.create("b", both)
        assert asks(detects) == 201
        assert asks(identifies) == asks(detects, subject="ada") == 403
        assert asks(elsewhere, subject="ada") == 403
        assert asks(does, subject="ada") == 201

    def test_another_key_does_not_find_it(self, services: Services, client: TestClient) -> None:
        (_, mine), (_, other) = (services.keys.create(n, [Scope.DETECT]) for n in ("a", "b"))
        made = client.post(HTTP, headers={"X-API-Key": mine}).json()
        path = f"{HTTP}/{made['id']}"
        headers = {"X-API-Key": other, "Content-Type": "image/jpeg"}
        assert client.get(path, headers=headers).status_code == 404
        sent = client.post(f"{path}/frames", content=b"nobody", headers=headers)
        assert sent.status_code == 404
        assert client.post(f"{path}/verdict", headers=headers).status_code == 404
        with connect(client, made) as socket:
            socket.send_json({"key": other})
            assert socket.receive_json()["error"]["code"] == "not_found"
        assert client.get(path, headers={"X-API-Key": mine}).status_code == 200


class TestRecords:
    def test_a_verdict_is_recorded_with_who_asked_for_it(
        self, services: Services, client: TestClient, stage: Stage
    ) -> None:
        key, token = services.keys.create("door", [Scope.DETECT])
        client.headers["X-API-Key"] = token
        made = begun(client)
        stage.perform(ADA, services, made, key.id)
        uploaded(client, stage, made)
        path = f"{HTTP}/{made['id']}/verdict"
        client.post(path, headers={"X-Request-Id": "the-verdict"})
        (record,) = records(services)
        assert (record.collection, record.subject) == (None, None)
        frames = record.details["frames"]
        assert 0 < frames <= len(stage.scene)
        assert record.details == {
            "live": True,
            "reasons": "",
            "steps": 2,
            "frames": frames,
            "request": "the-verdict",
            "key": key.id,
        }
        labels = {"verdict": "passed", "reason": "none"}
        value = services.metrics.registry.get_sample_value("visavis_challenges_total", labels)
        assert value == 1

    def test_no_more_than_there_are_seats_and_what_nobody_ends_ends_by_time(
        self, services: Services, client: TestClient, stage: Stage
    ) -> None:
        made = [begun(client), begun(client)]
        refused = client.post(HTTP)
        assert code(refused) == (429, "overloaded")
        assert records(services) == []
        stage.now += 60.0 + 15.0
        begun(client)
        assert [r.details["reasons"] for r in records(services)] == ["no_frames", "no_frames"]
        assert services.seats.taken == 1
        assert code(upload(client, made[0], b"nobody")) == (409, "challenge_refused")

    def test_a_frame_that_comes_too_late(self, client: TestClient, stage: Stage) -> None:
        made = begun(client)
        stage.now += 60.1
        late = upload(client, made, b"nobody")
        assert late.json()["error"]["details"] == {"reason": "expired"}


class TestSocket:
    def test_a_person_who_does_what_is_asked_is_live(
        self, services: Services, client: TestClient, stage: Stage
    ) -> None:
        made = begun(client, subject="ada")
        stage.perform(ADA, services, made)
        told = []
        with connect(client, made) as socket:
            socket.send_json({})
            assert socket.receive_json()["phase"] == "settle"
            for frame in stage.film():
                socket.send_bytes(frame)
                told.append(socket.receive_json())
                if told[-1]["phase"] == "done":
                    break
            end = socket.receive_json()
            with pytest.raises(WebSocketDisconnect) as caught:
                socket.receive_json()
        assert caught.value.code == 1000
        assert {p["type"] for p in told} == {"progress"}
        assert end["type"] == "verdict"
        assert (end["verdict"]["live"], end["verdict"]["steps_done"]) == (True, 2)
        assert end["verdict"]["match"] > 0.9
        assert code(client.get(f"{HTTP}/{made['id']}")) == (409, "challenge_refused")
        assert services.seats.taken == 0
        assert [r.details["live"] for r in records(services)] == [True]

    def test_a_frame_that_cannot_be_read_is_told_and_five_are_the_end(
        self, services: Services, client: TestClient
    ) -> None:
        with connect(client, begun(client)) as socket:
            socket.send_json({})
            socket.receive_json()
            for _ in range(5):
                socket.send_bytes(b"no picture")
                assert socket.receive_json()["error"]["code"] == "bad_image"
            assert socket.receive_json()["verdict"]["reasons"] == ["no_frames"]
            with pytest.raises(WebSocketDisconnect) as caught:
                socket.receive_json()
        assert caught.value.code == 1003

    def test_time_that_is_over_ends_it_with_a_verdict(
        self, client: TestClient, stage: Stage
    ) -> None:
        made = begun(client)
        stage.now += 59.99
        with connect(client, made) as socket:
            socket.send_json({})
            socket.receive_json()
            assert socket.receive_json()["verdict"]["reasons"] == ["no_frames"]

    def test_who_leaves_has_ended_it(self, services: Services, client: TestClient) -> None:
        made = begun(client)
        with connect(client, made) as socket:
            socket.send_json({})
            socket.receive_json()
        end = time.monotonic() + 10
        while not records(services) and time.monotonic() < end:
            time.sleep(0.005)
        assert [r.details["reasons"] for r in records(services)] == ["no_frames"]
        assert code(client.get(f"{HTTP}/{made['id']}")) == (409, "challenge_refused")

    def test_a_second_one_is_refused_and_the_first_goes_on(self, client: TestClient) -> None:
        made = begun(client)
        with connect(client, made) as first:
            first.send_json({})
            first.receive_json()
            with connect(client, made) as second:
                second.send_json({})
                assert second.receive_json()["error"]["code"] == "challenge_refused"
            first.send_bytes(b"nobody")
            assert first.receive_json()["face"] is False

    def test_a_verdict_asked_for_elsewhere_ends_it(self, client: TestClient) -> None:
        made = begun(client)
        with connect(client, made) as socket:
            socket.send_json({})
            socket.receive_json()
            verdict(client, made)
            socket.send_bytes(b"nobody")
            assert socket.receive_json()["error"]["code"] == "challenge_refused"

    def test_one_that_does_not_exist(self, client: TestClient) -> None:
        with connect(client, {"websocket": f"{HTTP}/{'0' * 32}/frames"}) as socket:
            socket.send_json({})
            assert socket.receive_json()["error"]["code"] == "not_found"
            with pytest.raises(WebSocketDisconnect) as caught:
                socket.receive_json()
        assert caught.value.code == 1008
