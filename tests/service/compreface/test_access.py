"""Whose collection a call is about, and what its key must be good for."""

import pytest
from starlette.testclient import TestClient

from visavis.service.apikeys import Scope
from visavis.service.auth import Caller
from visavis.service.compreface.access import collection_of
from visavis.service.state import Services

SUBJECTS = "/api/v1/recognition/subjects"


@pytest.mark.parametrize(
    ("collections", "name"), [(None, "default"), (("shop",), "shop"), (("a", "b"), "default")]
)
def test_a_key_of_one_collection_opens_that(collections: tuple[str, ...] | None, name: str) -> None:
    caller = Caller("id", "name", frozenset({Scope.ENROL}), collections)
    assert collection_of(caller, "default") == name


def _key(services: Services, *scopes: Scope, collection: str | None = None) -> dict[str, str]:
    reach = None if collection is None else [collection]
    return {"x-api-key": services.keys.create("key", scopes, collections=reach)[1]}


def test_two_keys_see_two_collections(client: TestClient, services: Services) -> None:
    services.gallery.collection("shop", model="fake-1", dim=32)
    shop = _key(services, Scope.ENROL, collection="shop")
    other = _key(services, Scope.ENROL)
    assert client.post(SUBJECTS, json={"subject": "ada"}, headers=shop).status_code == 201
    assert client.get(SUBJECTS, headers=shop).json() == {"subjects": ["ada"]}
    assert client.get(SUBJECTS, headers=other).json() == {"subjects": []}


def test_a_collection_that_nobody_made(client: TestClient, services: Services) -> None:
    answer = client.get(SUBJECTS, headers=_key(services, Scope.ENROL, collection="none"))
    assert (answer.status_code, answer.json()["code"]) == (404, 42)
    assert "no collection 'none'" in answer.json()["message"]


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("DELETE", "recognition/subjects", Scope.ENROL),
        ("POST", "recognition/recognize", Scope.IDENTIFY),
        ("POST", "detection/detect", Scope.DETECT),
        ("POST", "verification/verify", Scope.IDENTIFY),
        ("POST", "verification/embeddings/verify", Scope.SCORES),
    ],
)
def test_each_route_needs_its_scope(
    client: TestClient, services: Services, method: str, path: str, scope: Scope
) -> None:
    others = [one for one in Scope if one not in (scope, Scope.ADMIN)]
    pair = {"source": [1.0], "targets": [[1.0]]}
    answer = client.request(method, f"/api/v1/{path}", headers=_key(services, *others), json=pair)
    assert (answer.status_code, answer.json()["code"]) == (403, 1)
    assert f"lacks the scope {scope}" in answer.json()["message"]


@pytest.mark.parametrize(
    ("scope", "status"), [(Scope.IDENTIFY, 200), (Scope.ENROL, 200), (Scope.DETECT, 403)]
)
def test_lists_are_for_who_may_search_or_enrol(
    client: TestClient, services: Services, scope: Scope, status: int
) -> None:
    key = _key(services, scope)
    for path in (SUBJECTS, "/api/v1/recognition/faces"):
        assert client.get(path, headers=key).status_code == status
