"""The routes of collections: who may do what with them, page by page."""

from collections.abc import Callable
from itertools import chain

import pytest
from starlette.testclient import TestClient

from visavis.audit import Action
from visavis.errors import UnknownSubject
from visavis.service.apikeys import Scope
from visavis.service.state import Services
from visavis.testing import FakeEmbedder, fake_photo

PATH = "/v1/collections"


def header(
    services: Services, *scopes: Scope, only: tuple[str, ...] | None = None
) -> dict[str, str]:
    """What a caller sends who has these scopes."""
    _, token = services.keys.create("test", scopes, collections=only)
    return {"X-API-Key": token}


def make(services: Services, *names: str, model: str = FakeEmbedder().model) -> None:
    for name in names:
        services.gallery.collection(name, model=model, dim=32)


def pages(client: TestClient, limit: int, headers: dict[str, str] | None = None) -> list[list[str]]:
    """The names of all pages, to the end."""
    found, cursor = [], None
    while True:
        asked = {"limit": limit} | ({} if cursor is None else {"cursor": cursor})
        body = client.get(PATH, params=asked, headers=headers).json()
        found.append([item["name"] for item in body["items"]])
        cursor = body["next"]
        if cursor is None:
            return found


def test_a_collection_is_made_once(client: TestClient, services: Services) -> None:
    made = client.post(PATH, json={"name": "staff"})
    again = client.post(PATH, json={"name": "staff"})
    assert (made.status_code, again.status_code) == (201, 200)
    assert made.json() == again.json() == client.get(f"{PATH}/staff").json()
    assert made.json() | {"created_at": ""} == {
        "name": "staff",
        "model": "fake-1",
        "dim": 32,
        "subjects": 0,
        "templates": 0,
        "keep_crops": False,
        "created_at": "",
    }


def test_making_one_is_audited_with_its_request(client: TestClient, services: Services) -> None:
    client.post(PATH, json={"name": "staff"}, headers={"X-Request-Id": "request-0001"})
    [record] = services.gallery.audit_page(action=Action.COLLECTION_CREATED, collection="staff")
    assert (record.details["request"], record.details["key"]) == ("request-0001", "")


def test_crops_are_kept_where_that_was_asked_for(client: TestClient) -> None:
    assert client.post(PATH, json={"name": "staff", "keep_crops": True}).json()["keep_crops"]
    assert client.post(PATH, json={"name": "staff"}).json()["keep_crops"]
    changed = client.post(PATH, json={"name": "staff", "keep_crops": False})
    assert (changed.status_code, changed.json()["keep_crops"]) == (200, False)


def test_a_collection_of_another_model_is_a_conflict(
    client: TestClient, services: Services
) -> None:
    make(services, "old", model="fake-0")
    answer = client.post(PATH, json={"name": "old"})
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "model_mismatch"
    assert client.get(f"{PATH}/old").json()["model"] == "fake-0"


def test_names_that_no_path_can_hold_are_refused(client: TestClient, services: Services) -> None:
    for name in ("", "a/b", ".", "..", "a\nb", "\u0085", "x" * 201, None, 5):
        assert client.post(PATH, json={"name": name}).status_code == 422, name
    assert [info.name for info in services.gallery.collections()] == ["default"]


def test_a_lone_surrogate_and_an_unknown_field_are_refused(client: TestClient) -> None:
    for body in (rb'{"name": "a\ud800"}', b'{"name": "a", "model": "b"}'):
        answer = client.post(PATH, content=body, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_request")


def test_pages_hold_every_collection_once(client: TestClient, services: Services) -> None:
    make(services, "b", "a", "é", "Z")
    for limit in (1, 2, 5, 6, 500):
        found = pages(client, limit)
        assert list(chain(*found)) == ["Z", "a", "b", "default", "é"]
        assert all(len(page) == limit for page in found[:-1])
        assert found[-1]


def test_a_page_goes_on_behind_a_collection_that_is_gone(
    client: TestClient, services: Services
) -> None:
    make(services, "a", "b")
    cursor = client.get(PATH, params={"limit": 1}).json()["next"]
    services.gallery.delete_collection("a")
    rest = client.get(PATH, params={"cursor": cursor}).json()
    assert [item["name"] for item in rest["items"]] == ["b", "default"]


def test_cursors_are_opaque_and_checked(client: TestClient, services: Services) -> None:
    make(services, "secret-name", "t")
    cursor = client.get(PATH, params={"limit": 1}).json()["next"]
    assert "default" not in cursor
    for bad in ("", "x", cursor[:-1], cursor + "A", services.cursors.seal(7)):
        answer = client.get(PATH, params={"cursor": bad})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_cursor")
    assert client.get(PATH, params={"cursor": "x" * 4097}).status_code == 422
    assert client.get(PATH, params={"limit": 0}).status_code == 422
    assert client.get(PATH, params={"limits": 5}).status_code == 422


def test_a_key_sees_the_collections_it_reaches(client: TestClient, services: Services) -> None:
    make(services, "a", "b", "c")
    for scope in (Scope.IDENTIFY, Scope.ENROL):
        limited = header(services, scope, only=("a", "c"))
        assert pages(client, 1, limited) == [["a"], ["c"]]
        assert client.get(f"{PATH}/a", headers=limited).status_code == 200
        refused = client.get(f"{PATH}/b", headers=limited)
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "forbidden")
        assert "'b'" in refused.json()["error"]["message"]
    assert pages(client, 9, header(services, Scope.ADMIN)) == [["a", "b", "c", "default"]]


def test_a_key_without_the_scope_is_told_what_it_lacks(
    client: TestClient, services: Services
) -> None:
    other = header(services, Scope.DETECT, Scope.AUDIT, Scope.SCORES)
    for path in (PATH, f"{PATH}/default"):
        refused = client.get(path, headers=other)
        assert refused.status_code == 403
        assert "identify or enrol" in refused.json()["error"]["message"]
        assert client.get(path).status_code == 401


def test_only_admin_makes_and_deletes(client: TestClient, services: Services) -> None:
    weak = header(services, Scope.IDENTIFY, Scope.ENROL, Scope.AUDIT)
    admin = header(services, Scope.ADMIN)
    assert client.post(PATH, json={"name": "a"}, headers=weak).status_code == 403
    assert client.post(PATH, json={"name": "a"}, headers=admin).status_code == 201
    url, sure = f"{PATH}/a", {"confirm": "a"}
    assert client.delete(url, params=sure, headers=weak).status_code == 403
    assert client.delete(url, params=sure, headers=admin).status_code == 200


def test_deleting_answers_with_a_receipt(client: TestClient, services: Services) -> None:
    client.post(PATH, json={"name": "staff"})
    enrolled = services.recognizers.of("staff")
    enrolled.enrol("ada", [fake_photo("ada", noise=4, seed=seed) for seed in range(2)])
    receipt = client.delete(f"{PATH}/staff", params={"confirm": "staff"}).json()
    [record] = services.gallery.audit_page(action=Action.COLLECTION_DELETED)
    assert receipt["audit_seq"] == record.seq
    assert (receipt["collection"], receipt["subjects"], receipt["templates"]) == ("staff", 1, 2)
    assert receipt["keys_destroyed"] == 2
    assert receipt["beyond_reach"]
    assert client.get(f"{PATH}/staff").status_code == 404
    with pytest.raises(UnknownSubject):
        services.recognizers.of("staff")


def test_a_collection_made_again_is_empty_and_works(
    client: TestClient, services: Services, png: Callable[..., bytes]
) -> None:
    path = f"{PATH}/staff/subjects/ada/templates"
    photo, kind = png("ada"), {"Content-Type": "image/png"}
    client.post(PATH, json={"name": "staff"})
    assert client.post(path, content=photo, headers=kind).status_code == 201
    client.delete(f"{PATH}/staff", params={"confirm": "staff"})
    assert client.post(path, content=photo, headers=kind).status_code == 404
    assert client.post(PATH, json={"name": "staff"}).json()["subjects"] == 0
    assert client.post(path, content=photo, headers=kind).status_code == 201


def test_nothing_is_deleted_without_its_name(client: TestClient) -> None:
    assert client.delete(f"{PATH}/default").status_code == 422
    for other in ("", "Default", "*", "defaul"):
        answer = client.delete(f"{PATH}/default", params={"confirm": other})
        assert answer.status_code == 400, other
    assert client.get(f"{PATH}/default").status_code == 200


def test_what_is_not_there_is_404(client: TestClient) -> None:
    assert client.get(f"{PATH}/nobody").status_code == 404
    gone = client.delete(f"{PATH}/nobody", params={"confirm": "nobody"})
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "unknown_subject")
