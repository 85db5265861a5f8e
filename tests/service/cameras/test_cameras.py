"""Cameras end to end: added, watched, looked at, stopped, and there again after a restart."""

import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.testclient import TestClient

from service.cameras.conftest import serving, until
from streams import Camera, camera, jpeg
from visavis.gallery.sighting import Kind, Sighted
from visavis.service.apikeys import Scope
from visavis.service.state import Services
from visavis.settings import Settings
from visavis.testing import fake_photo


def added(client: TestClient, door: Camera, name: str = "door", **more: Any) -> dict[str, Any]:
    source = f"http://user:secret@{door.place}/video"
    answer = client.post("/v1/cameras", json={"name": name, "source": source, **more})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def kinds(services: Services) -> list[Kind]:
    events = services.recognizers.of("default").collection.sightings.events()
    return [event.told.kind for event in events]


def records(services: Services, action: str) -> list[Any]:
    return [r for r in services.gallery.audit_tail(100) if r.action == action]


def test_who_stands_before_a_camera_is_told_once_and_has_left_when_it_stops(
    services: Services, client: TestClient, door: Camera
) -> None:
    found = added(client, door)
    until(lambda: Kind.IDENTIFIED in kinds(services))
    place = f"/v1/cameras/{found['id']}"
    until(lambda: client.get(place).json()["status"]["people"] == 1)
    status = client.get(place).json()["status"]
    assert (status["state"], status["error"]) == ("running", None)
    assert status["frames"] > 0
    assert client.post(f"{place}/stop").json()["status"]["state"] == "stopped"
    assert kinds(services) == [Kind.ENTERED, Kind.IDENTIFIED, Kind.LEFT]
    sighting = services.recognizers.of("default").collection.sightings.sightings()[0]
    assert (sighting.latest.subject, sighting.latest.camera) == ("ada", "door")


def test_who_is_not_seen_has_left_also_when_no_frame_comes_any_more(
    services: Services, client: TestClient
) -> None:
    def script(answer: Camera.Answer) -> None:
        answer.begin()
        for _ in range(40):
            answer.part(jpeg(fake_photo("ada")))
            enough.wait(0.02)
        enough.set()
        answer.stay()

    enough = threading.Event()
    with camera(script) as silent:
        found = added(client, silent, options={"absence_timeout": 0.5, "confirm_frames": 1})
        until(lambda: Kind.LEFT in kinds(services))
        assert kinds(services)[-1] is Kind.LEFT
        assert services.cameras.status(found["id"]).state != "stopped"


def test_what_a_killed_service_left_open_is_ended_at_the_next_start(
    services: Services, client: TestClient, door: Camera
) -> None:
    sightings = services.recognizers.of("default").collection.sightings
    now = datetime.now(UTC)
    open_one = Sighted(
        kind=Kind.ENTERED,
        sighting="0" * 32,
        camera="door",
        track=1,
        subject="ada",
        at=now,
        first_seen=now,
        last_seen=now,
        score=0.9,
        threshold=0.4,
    )
    sightings.note([open_one])
    added(client, door)
    ended = [event.told for event in sightings.events() if event.told.kind is Kind.LEFT]
    assert [one.sighting for one in ended] == ["0" * 32]


def test_what_is_decided_and_done_is_audited_and_nobody_is_told_of_the_password(
    services: Services, client: TestClient, door: Camera
) -> None:
    found = added(client, door)
    until(lambda: len(records(services, "identify")) > 0)
    assert records(services, "identify")[0].details["camera"] == "door"
    client.delete(f"/v1/cameras/{found['id']}")
    told = records(services, "camera")
    assert [r.details["state"] for r in told] == ["created", "deleted"]
    assert "secret" not in str(found) + str(told)
    assert found["source"] == f"http://{door.place}/video"
    assert b"secret" not in services.database.path.read_bytes()
    assert client.get(f"/v1/cameras/{found['id']}").status_code == 404


def test_one_picture_and_many_as_they_come(
    services: Services, client: TestClient, door: Camera
) -> None:
    found = added(client, door)
    feed = services.cameras.feed(found["id"])
    until(lambda: feed.number > 0)
    one = client.get(f"/v1/cameras/{found['id']}/frame")
    assert one.headers["content-type"] == "image/jpeg"
    assert one.content.startswith(b"\xff\xd8")
    services.cameras.stop(found["id"])
    gone = client.get(f"/v1/cameras/{found['id']}/frame")
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "not_found")
    assert records(services, "camera")[-1].details["state"] == "looked_at"


def test_figures_name_cameras_at_work_alone(
    services: Services, client: TestClient, door: Camera
) -> None:
    found = added(client, door)
    until(lambda: services.cameras.feed(found["id"]).number > 0)
    text = services.metrics.render().decode()
    for name in ("frames_total", "reconnects_total", "people", "up", "fps", "lag_seconds"):
        assert f'visavis_camera_{name}{{camera="door"' in text
    services.cameras.stop(found["id"])
    assert 'camera="door"' not in services.metrics.render().decode()


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("http://192.0.2.1/video", "host_not_allowed"),
        ("rtsp://192.0.2.1/video", "host_not_allowed"),
        ("/etc/passwd", "host_not_allowed"),
        ("0", "host_not_allowed"),
        ("file:///etc/passwd", "bad_stream"),
    ],
)
def test_an_address_that_the_settings_do_not_allow(
    services: Services, client: TestClient, source: str, code: str
) -> None:
    answer = client.post("/v1/cameras", json={"name": "x", "source": source, "enabled": False})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, code)
    assert services.cameras.list() == []


def test_a_name_is_taken_once_and_no_more_are_at_work_than_may_be(
    client: TestClient, door: Camera
) -> None:
    added(client, door, "one")
    body = {"name": "one", "source": f"http://{door.place}/"}
    assert client.post("/v1/cameras", json=body).json()["error"]["code"] == "duplicate_camera"
    added(client, door, "two")
    third = client.post("/v1/cameras", json={**body, "name": "three"})
    assert (third.status_code, third.json()["error"]["code"]) == (409, "too_many_cameras")
    assert [one["name"] for one in client.get("/v1/cameras").json()["items"]] == ["one", "two"]


def test_a_change_starts_it_again_and_keeps_the_rest(
    services: Services, client: TestClient, door: Camera
) -> None:
    found = added(client, door, policy={"fpir": 0.001}, options={"confirm_frames": 2})
    body = {"name": "gate", "options": {"cooldown": 9}}
    answer = client.patch(f"/v1/cameras/{found['id']}", json=body).json()
    assert (answer["name"], answer["policy"]["fpir"]) == ("gate", 0.001)
    assert (answer["options"]["confirm_frames"], answer["options"]["cooldown"]) == (2, 9)
    until(lambda: services.cameras.feed(found["id"]).number > 0)
    assert len(door.requests) == 2


def test_only_who_identifies_in_its_collection_sees_it_and_only_who_administers_changes_it(
    services: Services, client: TestClient, door: Camera
) -> None:
    found = added(client, door, enabled=False)
    place = f"/v1/cameras/{found['id']}"
    _, other = services.keys.create("vip", [Scope.IDENTIFY], collections=["vip"])
    _, plain = services.keys.create("plain", [Scope.IDENTIFY])
    _, admin = services.keys.create("admin", [Scope.ADMIN])
    stranger, viewer, owner = ({"X-API-Key": key} for key in (other, plain, admin))
    assert client.get("/v1/cameras", headers=stranger).json()["items"] == []
    assert client.get(place, headers=stranger).status_code == 403
    assert client.get(f"{place}/preview", headers=stranger).status_code == 403
    assert client.get(place, headers=viewer).json()["status"]["state"] == "stopped"
    for method, path in (("POST", f"{place}/start"), ("DELETE", place)):
        assert client.request(method, path, headers=viewer).status_code == 403
    assert client.post(f"{place}/start", headers=owner).status_code == 200
    assert client.delete(place, headers=owner).status_code == 204


def test_after_a_restart_those_that_are_enabled_are_at_work_again(
    settings: Settings, door: Camera
) -> None:
    pytest.importorskip("scipy", reason="the video extra is not installed")
    with serving(settings) as (_, client):
        on, off = added(client, door, "on"), added(client, door, "off", enabled=False)
    with serving(settings) as (services, client):
        until(lambda: services.cameras.feed(on["id"]).number > 0)
        assert services.cameras.status(off["id"]).state == "stopped"


def test_cameras_of_the_configuration_file_are_there_from_the_start_and_stay_as_they_are(
    settings: Settings, door: Camera
) -> None:
    pytest.importorskip("scipy", reason="the video extra is not installed")
    fixed = {"name": "hall", "source": f"http://{door.place}/"}
    service = {**settings.service.model_dump(), "cameras": [fixed], "camera_hosts": []}
    changed = Settings.load(gallery=settings.gallery, limits=settings.limits, service=service)
    with serving(changed) as (services, client):
        [found] = client.get("/v1/cameras").json()["items"]
        assert (found["name"], found["fixed"]) == ("hall", True)
        until(lambda: services.cameras.feed(found["id"]).number > 0)
        answer = client.delete(f"/v1/cameras/{found['id']}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "fixed_camera")


def test_a_collection_that_is_deleted_ends_its_cameras(
    services: Services, client: TestClient, door: Camera
) -> None:
    found = added(client, door)
    until(lambda: Kind.IDENTIFIED in kinds(services))
    services.gallery.delete_collection("default")
    until(lambda: services.cameras.status(found["id"]).state == "failed")
    assert services.cameras.status(found["id"]).error == "unknown_subject"
