"""Sightings over HTTP: pages, filters, best shots, and who may ask."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import PIL.Image
import pytest
from starlette.testclient import TestClient

from sighted import START, entered, later
from visavis.gallery.sighting import Kind, Sighted
from visavis.service.apikeys import Scope
from visavis.service.state import Services
from visavis.serving import KIND

Png = Callable[..., bytes]
SHOT = np.full((8, 6, 3), 200, np.uint8)


@pytest.fixture
def seen(services: Services, png: Png) -> list[Sighted]:
    """Ada at the door, whose best shot is kept, somebody unknown in the hall, and Ada there."""
    recognizer = services.recognizers.of("default")
    recognizer.enrol("ada", [png("ada")])
    first = entered("ada", score=0.123456, shot=SHOT)
    unknown = entered(None, 60, camera="hall", score=None)
    last = entered("ada", 120, camera="hall")
    kept = recognizer.collection.sightings
    kept.note([first, unknown, later(first, Kind.LEFT, 30), last])
    return [first, unknown, last]


def ids(client: TestClient, **params: Any) -> list[str]:
    answer = client.get("/v1/sightings", params=params)
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["items"]]


def test_newest_first_in_pages(client: TestClient, seen: list[Sighted]) -> None:
    every = [told.sighting for told in reversed(seen)]
    assert ids(client) == every
    page = client.get("/v1/sightings", params={"limit": 2}).json()
    assert [one["id"] for one in page["items"]] == every[:2]
    assert ids(client, cursor=page["next"]) == every[2:]
    assert (
        client.get("/v1/sightings", params={"cursor": "x"}).json()["error"]["code"] == "bad_cursor"
    )


def test_filters(client: TestClient, seen: list[Sighted]) -> None:
    first, unknown, last = (told.sighting for told in seen)
    assert ids(client, subject="ada") == [last, first]
    assert ids(client, camera="hall") == [last, unknown]
    assert ids(client, camera="hall", subject="ada") == [last]
    assert ids(client, since=(START + timedelta(seconds=31)).isoformat()) == [last, unknown]
    assert ids(client, camera="nowhere") == []
    lost = client.get("/v1/sightings", params={"subject": "eve"})
    assert (lost.status_code, lost.json()["error"]["code"]) == (404, "unknown_subject")
    assert client.get("/v1/sightings", params={"collection": "none"}).status_code == 404
    for params in ({"since": "yesterday"}, {"limit": 0}, {"cam": "x"}, {"after": -1}):
        assert client.get("/v1/sightings", params=params).status_code == 422


def test_what_the_other_kind_of_answer_takes_is_refused(client: TestClient) -> None:
    assert client.get("/v1/sightings", params={"after": 1}).status_code == 400
    streamed = {"Accept": "text/event-stream"}
    wrong = client.get("/v1/sightings", params={"cursor": "x"}, headers=streamed)
    assert wrong.status_code == 400
    for last in ("x", "-1", "9" * 30):
        headers = {**streamed, "Last-Event-ID": last}
        assert client.get("/v1/sightings", headers=headers).status_code == 400


def test_one_of_them(client: TestClient, seen: list[Sighted]) -> None:
    first = seen[0]
    found = client.get(f"/v1/sightings/{first.sighting}").json()
    assert found["kinds"] == ["entered", "left"]
    assert (found["camera"], found["subject"], found["has_shot"]) == ("door", "ada", True)
    assert found["first_seen"] == "2026-01-01T00:00:00Z"
    assert found["last_seen"] == "2026-01-01T00:00:30Z"
    for ident in ("0" * 32, "x"):
        lost = client.get(f"/v1/sightings/{ident}")
        assert (lost.status_code, lost.json()["error"]["code"]) == (404, "unknown_subject")


def test_of_somebody_forgotten_nothing_is_left(
    client: TestClient, services: Services, seen: list[Sighted]
) -> None:
    services.recognizers.of("default").forget("ada")
    assert ids(client) == [seen[1].sighting]
    assert client.get(f"/v1/sightings/{seen[0].sighting}").status_code == 404
    assert client.get(f"/v1/sightings/{seen[0].sighting}/shot").status_code == 404


def test_the_best_shot_and_its_record(
    client: TestClient, services: Services, seen: list[Sighted]
) -> None:
    answer = client.get(f"/v1/sightings/{seen[0].sighting}/shot")
    assert answer.headers["content-type"] == "image/jpeg"
    picture = PIL.Image.open(io.BytesIO(answer.content))
    assert (picture.format, picture.size) == ("JPEG", (6, 8))
    (record,) = services.gallery.audit_page(action="sighting_shot")
    assert record.details["request"] == answer.headers["x-request-id"]
    none = client.get(f"/v1/sightings/{seen[1].sighting}/shot")
    assert (none.status_code, none.json()["error"]["code"]) == (404, "not_found")


@pytest.fixture
def keys(services: Services) -> Callable[..., dict[str, str]]:
    def headers(*scopes: Scope, collections: tuple[str, ...] | None = None) -> dict[str, str]:
        _, token = services.keys.create("k", scopes, collections=collections)
        return {"X-API-Key": token}

    return headers


def test_who_may_ask(client: TestClient, seen: list[Sighted], keys: Any) -> None:
    paths = ["", f"/{seen[0].sighting}", f"/{seen[0].sighting}/shot"]
    good, blind = keys(Scope.IDENTIFY), keys(Scope.DETECT)
    far = keys(Scope.IDENTIFY, collections=("other",))
    streamed = {"Accept": "text/event-stream"}
    for path in paths:
        assert client.get(f"/v1/sightings{path}", headers=good).status_code == 200
        assert client.get(f"/v1/sightings{path}").status_code == 401
        for headers in (blind, far):
            assert client.get(f"/v1/sightings{path}", headers=headers).status_code == 403
    for headers in (blind, far):
        assert client.get("/v1/sightings", headers={**headers, **streamed}).status_code == 403


def test_scores_are_rounded_without_the_scope(
    client: TestClient, services: Services, seen: list[Sighted], keys: Any
) -> None:
    told = entered("ada", 200, score=0.123456)
    services.recognizers.of("default").collection.sightings.note([told])
    path = f"/v1/sightings/{told.sighting}"
    rough = client.get(path, headers=keys(Scope.IDENTIFY)).json()
    fine = client.get(path, headers=keys(Scope.IDENTIFY, Scope.SCORES)).json()
    assert (rough["score"], fine["score"]) == (0.12, 0.123456)


def test_the_settings_know_the_kinds() -> None:
    assert set(KIND.__args__) == {kind.value for kind in Kind}  # type: ignore[attr-defined]


def test_no_more_streams_than_seats(client: TestClient, services: Services) -> None:
    services.streams.end()
    full = client.get("/v1/sightings", headers={"Accept": "text/event-stream"})
    assert (full.status_code, full.json()["error"]["code"]) == (429, "overloaded")
