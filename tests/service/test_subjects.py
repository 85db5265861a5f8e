"""The routes of subjects: list, show, change, rename, merge and forget."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from visavis.audit import Action
from visavis.gallery.collection import Collection
from visavis.service.apikeys import Scope
from visavis.service.routes import subjects
from visavis.service.state import Services
from visavis.testing import FakeDetector, FakeEmbedder, fake_photo
from visavis.types import Embedding, Subject

PATH = "/v1/collections/default/subjects"
LATER = datetime.now(UTC) + timedelta(days=1)
UNSAYABLE: list[dict[str, Any]] = [
    {},
    {"id": "ben"},
    {"name": 5},
    {"name": "x" * 201},
    {"metadata": {"a": 1}},
    {"metadata": {"": "x"}},
    {"metadata": {"x" * 101: "y"}},
    {"metadata": {"x": "y" * 1001}},
    {"metadata": {str(i): "" for i in range(51)}},
    {"metadata": ["a"]},
    {"consent_ref": "x" * 201},
    {"expires_at": "2101-01-01T00:00:00"},
    {"expires_at": "2101-01-01"},
    {"expires_at": "soon"},
    {"expires_at": 4134000000},
    {"expires_at": "4134000000"},
    {"expires_at": "9999-12-31T23:59:59-12:00"},
    {"expires_at": "2020-01-01T00:00:00Z"},
]
UNREADABLE = [
    rb'{"name": "\ud800"}',
    rb'{"consent_ref": "\udfff"}',
    rb'{"metadata": {"\ud800": "x"}}',
    rb'{"metadata": {"x": "\ud800"}}',
    rb'{"\ud800": "x"}',
    b"[]",
    b"{",
    b"",
]


@pytest.fixture
def collection(services: Services) -> Collection:
    return services.gallery.open_collection("default")


def put(collection: Collection, *subjects: str, **said: Any) -> None:
    """Enrols people without photos, one template each."""
    for place, subject in enumerate(subjects):
        vector = [float(place == i) for i in range(31)] + [1.0]
        collection.enrol(
            subject, [Embedding.of(vector, FakeEmbedder().model)], qualities=[1], **said
        )


def header(
    services: Services, *scopes: Scope, only: tuple[str, ...] | None = None
) -> dict[str, str]:
    _, token = services.keys.create("test", scopes, collections=only)
    return {"X-API-Key": token}


def pages(client: TestClient, **asked: Any) -> Iterator[list[str]]:
    """The ids of all pages, to the end."""
    while True:
        body = client.get(PATH, params=asked).json()
        yield [item["id"] for item in body["items"]]
        if body["next"] is None:
            return
        asked["cursor"] = body["next"]


def test_a_subject_is_shown_with_what_was_said_of_it(
    client: TestClient, collection: Collection
) -> None:
    put(collection, "ada", name="Ada", metadata={"room": "1"}, consent_ref="c", expires_at=LATER)
    found = client.get(f"{PATH}/ada").json()
    assert datetime.fromisoformat(found.pop("expires_at")) == LATER
    assert datetime.fromisoformat(found.pop("created_at")) < LATER
    assert found == {
        "id": "ada",
        "name": "Ada",
        "templates": 1,
        "metadata": {"room": "1"},
        "consent_ref": "c",
        "expired": False,
    }


def test_somebody_expired_is_shown_as_such(client: TestClient, collection: Collection) -> None:
    put(collection, "ada", expires_at=datetime(2020, 1, 1, tzinfo=UTC))
    assert client.get(f"{PATH}/ada").json()["expired"]
    assert client.get(PATH).json()["items"][0]["expired"]


def test_pages_hold_everybody_once_in_order(client: TestClient, collection: Collection) -> None:
    people = ["b", "a", "ä", "Z", "10", "9", "a b?#%"]
    put(collection, *people)
    for limit in (1, 3, 7, 8):
        found = list(pages(client, limit=limit))
        assert list(chain(*found)) == sorted(people)
        assert all(len(page) == limit for page in found[:-1])
        assert found[-1]


def test_an_empty_collection_is_an_empty_page(client: TestClient) -> None:
    assert client.get(PATH).json() == {"items": [], "next": None}


def test_search_looks_at_ids_and_names(client: TestClient, collection: Collection) -> None:
    put(collection, "ada", "adam", "b-ADA", "cy")
    put(collection, "x1", name="Adalbert")
    assert list(pages(client, search="ada", limit=2)) == [["ada", "adam"], ["b-ADA", "x1"]]
    assert list(pages(client, search="ada", limit=3)) == [["ada", "adam", "b-ADA"], ["x1"]]
    assert list(pages(client, search="nobody")) == [[]]
    assert client.get(PATH, params={"search": ""}).status_code == 422
    assert client.get(PATH, params={"search": "x" * 201}).status_code == 422


def test_cursors_do_not_tell_ids(client: TestClient, collection: Collection) -> None:
    put(collection, "lovelace", "zuse")
    cursor = client.get(PATH, params={"limit": 1}).json()["next"]
    assert "lovelace" not in cursor
    bad = client.get(PATH, params={"cursor": cursor[:-2] + "xx"})
    assert (bad.status_code, bad.json()["error"]["code"]) == (400, "bad_cursor")


def test_paging_goes_on_where_people_are_forgotten_meanwhile(collection: Collection) -> None:
    """As seen by a page that was cut short by a deletion in that moment."""
    put(collection, *"abcdef")

    class Hasty:
        def subjects(self, after: str | None, limit: int, search: Any = None) -> list[Subject]:
            found = list(collection.subjects(after, limit, search))
            return [subject for subject in found if subject.id not in "bc"]

    found = subjects._page(Hasty(), None, 4, None)  # type: ignore[arg-type]
    assert [subject.id for subject in found] == ["a", "d", "e", "f"]


def test_fields_are_replaced_cleared_and_left(client: TestClient, collection: Collection) -> None:
    put(collection, "ada", name="Ada", metadata={"a": "1", "b": "2"}, consent_ref="c")
    changed = client.patch(
        f"{PATH}/ada",
        json={"metadata": {"a": "3"}, "consent_ref": None, "expires_at": LATER.isoformat()},
    )
    found = changed.json()
    assert changed.status_code == 200
    assert (found["name"], found["metadata"], found["consent_ref"]) == ("Ada", {"a": "3"}, None)
    assert datetime.fromisoformat(found["expires_at"]) == LATER
    assert client.get(f"{PATH}/ada").json() == found
    everything = dict.fromkeys(("name", "metadata", "expires_at"))
    cleared = client.patch(f"{PATH}/ada", json=everything).json()
    assert (cleared["name"], cleared["metadata"], cleared["expires_at"]) == ("", {}, None)


def test_an_expiry_is_stored_as_the_moment_it_names(
    client: TestClient, collection: Collection
) -> None:
    put(collection, "ada")
    told = client.patch(f"{PATH}/ada", json={"expires_at": "2101-01-01T01:00:00+01:00"}).json()
    assert told["expires_at"] == "2101-01-01T00:00:00Z"


def test_what_cannot_be_said_of_a_subject_changes_nothing(
    client: TestClient, collection: Collection
) -> None:
    put(collection, "ada", name="Ada", metadata={"a": "1"})
    before = client.get(f"{PATH}/ada").json()
    for body in UNSAYABLE:
        answer = client.patch(f"{PATH}/ada", json=body)
        assert answer.status_code in (400, 422), body
        assert set(answer.json()) == {"error", "request_id"}
    assert client.get(f"{PATH}/ada").json() == before


def test_half_characters_and_other_bodies_are_refused(
    client: TestClient, collection: Collection
) -> None:
    put(collection, "ada")
    kind = {"Content-Type": "application/json"}
    for body in UNREADABLE:
        answer = client.patch(f"{PATH}/ada", content=body, headers=kind)
        assert answer.status_code == 422, body


def test_the_most_that_can_be_said_fits(client: TestClient, collection: Collection) -> None:
    put(collection, "ada")
    most = {"k" * 97 + f"{i:03}": "ü" * 1000 for i in range(50)}
    body = {"name": "n" * 200, "consent_ref": "c" * 200, "metadata": most}
    found = client.patch(f"{PATH}/ada", json=body).json()
    assert {name: found[name] for name in body} == body


def test_renaming_keeps_everything_but_the_id(client: TestClient, collection: Collection) -> None:
    put(collection, "ada", "ben", name="A")
    before = client.get(f"{PATH}/ada").json()
    renamed = client.post(f"{PATH}/ada/rename", json={"id": "lovelace"})
    assert renamed.json() == before | {"id": "lovelace"}
    assert client.get(f"{PATH}/ada").status_code == 404
    taken = client.post(f"{PATH}/lovelace/rename", json={"id": "ben"})
    assert (taken.status_code, taken.json()["error"]["code"]) == (409, "duplicate_subject")


def test_ids_that_no_path_can_hold_are_refused(client: TestClient, collection: Collection) -> None:
    put(collection, "ada")
    for ident in ["", "a/b", "..", ".", "a\u0000", "x" * 201, 7, None]:
        answer = client.post(f"{PATH}/ada/rename", json={"id": ident})
        assert answer.status_code == 422, ident
    assert client.get(f"{PATH}/ada").status_code == 200


def test_other_ids_are_found_under_their_path(client: TestClient, collection: Collection) -> None:
    former = "ada"
    put(collection, former)
    for ident in ["a b", "a?b#c", "50%", "…", "a\\b", "名前", "a.b"]:
        path = f"{PATH}/{quote(former, safe='')}/rename"
        assert client.post(path, json={"id": ident}).json()["id"] == ident
        assert client.get(f"{PATH}/{quote(ident, safe='')}").json()["id"] == ident
        former = ident


def test_merging_keeps_the_subject_in_the_path(client: TestClient, collection: Collection) -> None:
    put(collection, "ada", "ada2", name="Ada")
    merged = client.post(f"{PATH}/ada/merge", json={"source": "ada2"}).json()
    assert (merged["id"], merged["templates"]) == ("ada", 2)
    assert client.get(f"{PATH}/ada2").status_code == 404
    assert client.post(f"{PATH}/ada/merge", json={"source": "ada2"}).status_code == 404
    assert client.post(f"{PATH}/ada/merge", json={"source": "ada"}).status_code == 400
    assert client.get(f"{PATH}/ada").json()["templates"] == 2


def test_forgetting_answers_with_a_receipt_that_the_audit_log_confirms(
    client: TestClient, services: Services, collection: Collection
) -> None:
    put(collection, "lovelace", "ada2")
    collection.merge("ada2", "lovelace")
    pseudonym = collection.pseudonym("lovelace")
    answer = client.delete(f"{PATH}/lovelace", headers={"X-Request-Id": "request-0002"})
    receipt = answer.json()
    [record] = services.gallery.audit_page(action=Action.FORGET)
    assert answer.status_code == 200
    assert (receipt["audit_seq"], receipt["pseudonym"]) == (record.seq, pseudonym)
    assert (receipt["templates"], receipt["keys_destroyed"]) == (2, 2)
    assert any("key store" in place for place in receipt["beyond_reach"])
    assert record.details["request"] == "request-0002"
    assert "lovelace" not in answer.text
    assert client.get(f"{PATH}/lovelace").status_code == 404
    assert client.delete(f"{PATH}/lovelace").status_code == 404


def test_every_change_is_audited_with_its_request_and_key(
    client: TestClient, services: Services, collection: Collection
) -> None:
    put(collection, "ada", "ben")
    key, token = services.keys.create("test", [Scope.ENROL])
    client.headers.update({"X-API-Key": token, "X-Request-Id": "request-0003"})
    client.patch(f"{PATH}/ada", json={"name": "Ada"})
    client.post(f"{PATH}/ada/rename", json={"id": "cy"})
    client.post(f"{PATH}/cy/merge", json={"source": "ben"})
    client.delete(f"{PATH}/cy")
    records = services.gallery.audit_page(request="request-0003")
    expected = [Action.FORGET, Action.MERGE, Action.RENAME, Action.UPDATE]
    assert [record.action for record in records] == expected
    assert {record.details["key"] for record in records} == {key.id}


def test_looking_needs_identify_or_enrol_and_changing_enrol(
    client: TestClient, services: Services, collection: Collection
) -> None:
    put(collection, "ada", "ben")
    none = header(services, Scope.DETECT, Scope.AUDIT)
    looker = header(services, Scope.IDENTIFY)
    keeper = header(services, Scope.ENROL)
    elsewhere = header(services, Scope.ENROL, only=("other",))
    for path in (PATH, f"{PATH}/ada"):
        assert client.get(path).status_code == 401
        assert [client.get(path, headers=h).status_code for h in (none, elsewhere)] == [403, 403]
        assert [client.get(path, headers=h).status_code for h in (looker, keeper)] == [200, 200]
    changes: list[tuple[str, str, Any]] = [
        ("PATCH", f"{PATH}/ada", {"name": "A"}),
        ("POST", f"{PATH}/ada/rename", {"id": "cy"}),
        ("POST", f"{PATH}/cy/merge", {"source": "ben"}),
        ("DELETE", f"{PATH}/cy", None),
    ]
    for method, path, body in changes:
        for caller in (none, looker, elsewhere):
            refused = client.request(method, path, json=body, headers=caller)
            assert (refused.status_code, refused.json()["error"]["code"]) == (403, "forbidden")
    for method, path, body in changes:
        assert client.request(method, path, json=body, headers=keeper).status_code == 200


def test_unknown_subjects_and_collections_are_404(client: TestClient) -> None:
    for path in (f"{PATH}/nobody", "/v1/collections/none/subjects/ada"):
        assert client.get(path).json()["error"]["code"] == "unknown_subject"
        assert client.patch(path, json={"name": "x"}).status_code == 404
        assert client.post(f"{path}/rename", json={"id": "x"}).status_code == 404
        assert client.post(f"{path}/merge", json={"source": "x"}).status_code == 404
        assert client.delete(path).status_code == 404
    assert client.get("/v1/collections/none/subjects").status_code == 404


def test_people_of_another_model_can_be_listed_and_forgotten(
    client: TestClient, services: Services
) -> None:
    photo, embedder = fake_photo("ada"), FakeEmbedder(model="fake-0")
    old = services.gallery.collection("old", model="fake-0", dim=32)
    old.enrol("ada", embedder.embed(photo, FakeDetector().detect(photo)), qualities=[1])
    path = "/v1/collections/old/subjects"
    assert [item["id"] for item in client.get(path).json()["items"]] == ["ada"]
    assert client.delete(f"{path}/ada").json()["templates"] == 1
