"""Who may look at a collection: whoever may search it or add to it, and nobody else."""

import pytest
from starlette.testclient import TestClient

from visavis.service.apikeys import Scope
from visavis.service.auth import Caller
from visavis.service.reading import READERS, may_read
from visavis.service.state import Services

PATH = "/v1/collections/default/subjects"


def get(client: TestClient, services: Services, *scopes: Scope, only: str | None = None) -> int:
    reach = None if only is None else [only]
    _, token = services.keys.create("test", scopes, collections=reach)
    return client.get(PATH, headers={"X-API-Key": token}).status_code


@pytest.mark.parametrize("scope", list(Scope))
def test_a_scope_opens_what_it_should(client: TestClient, services: Services, scope: Scope) -> None:
    opened = scope in (*READERS, Scope.ADMIN)
    assert get(client, services, scope) == (200 if opened else 403)


def test_whoever_may_not_is_told_what_is_missing(client: TestClient, services: Services) -> None:
    _, token = services.keys.create("test", [Scope.DETECT])
    answer = client.get(PATH, headers={"X-API-Key": token})
    assert answer.json()["error"]["code"] == "forbidden"
    assert "identify or enrol" in answer.json()["error"]["message"]


def test_without_a_key_nobody_is_let_in(client: TestClient, services: Services) -> None:
    assert client.get(PATH).status_code == 200
    services.keys.create("test", [Scope.IDENTIFY])
    answer = client.get(PATH)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


def test_a_key_of_other_collections_does_not_reach(client: TestClient, services: Services) -> None:
    for scope in READERS:
        assert get(client, services, scope, only="default") == 200
        assert get(client, services, scope, only="staff") == 403


@pytest.mark.parametrize("scope", list(Scope))
def test_may_read_says_the_same_of_a_caller(scope: Scope) -> None:
    opened = scope in (*READERS, Scope.ADMIN)
    caller = Caller("k", "test", frozenset({scope}), ("default",))
    assert may_read(caller, "default") is opened
    assert not may_read(caller, "staff")
    assert may_read(Caller.open(), "staff")
