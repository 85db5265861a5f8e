"""What a route asks of its caller: a key, its scopes, its collections, its rate."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import Depends, FastAPI
from starlette.testclient import TestClient

from visavis.service.apikeys import Scope
from visavis.service.app import create_app
from visavis.service.auth import Gate
from visavis.service.deps import needs
from visavis.service.rates import Rates
from visavis.service.state import Call, Services

HOME = "http://127.0.0.1:8600"


def client_of(services: Services) -> TestClient:
    """The service with a route of each kind."""
    app: FastAPI = create_app(services)

    @app.get("/of/{collection}")
    async def within(call: Call = Depends(needs(Scope.IDENTIFY))) -> dict[str, Any]:  # noqa: B008
        return {**call.origin, "name": call.caller.name, "digits": call.digits}

    @app.get("/both")
    async def both(
        call: Call = Depends(needs(Scope.DETECT, Scope.SCORES)),  # noqa: B008
    ) -> dict[str, Any]:
        return {"digits": call.digits}

    return TestClient(app, base_url=HOME)


def key(services: Services, *scopes: Scope, only: Iterable[str] | None = None) -> dict[str, str]:
    """The header of a new key."""
    _, token = services.keys.create("door", scopes, collections=only)
    return {"Authorization": f"Bearer {token}"}


def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_anybody_may_call_where_there_are_no_keys(services: Services) -> None:
    found = client_of(services).get("/of/staff", headers={"X-Request-Id": "abcd1234"}).json()
    assert found == {"request": "abcd1234", "key": "", "name": "open", "digits": 6}


def test_nobody_may_call_without_one_on_a_network(services: Services) -> None:
    closed = replace(services, gate=Gate(services.keys, open_access=False))
    assert code_of(client_of(closed).get("/of/staff")) == (401, "unauthorized")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic YTpi"},
        {"X-API-Key": "wrong"},
    ],
)
def test_no_key_or_a_wrong_one(services: Services, headers: dict[str, str]) -> None:
    key(services, Scope.IDENTIFY)
    answer = client_of(services).get("/of/staff", headers=headers)
    assert code_of(answer) == (401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "wrong" not in answer.text


def test_a_key_in_either_header(services: Services) -> None:
    made, token = services.keys.create("door", [Scope.IDENTIFY])
    client = client_of(services)
    for headers in ({"Authorization": f"bearer {token}"}, {"X-API-Key": token}):
        found = client.get("/of/staff", headers=headers).json()
        assert (found["key"], found["name"], found["digits"]) == (made.id, "door", 2)


def test_a_revoked_key(services: Services) -> None:
    made, token = services.keys.create("door", [Scope.IDENTIFY])
    services.keys.revoke(made.id)
    answer = client_of(services).get("/of/staff", headers={"X-API-Key": token})
    assert code_of(answer) == (401, "unauthorized")


def test_a_scope_that_is_missing(services: Services) -> None:
    headers = key(services, Scope.ENROL, Scope.DETECT)
    client = client_of(services)
    answer = client.get("/of/staff", headers=headers)
    assert code_of(answer) == (403, "forbidden")
    assert "identify" in answer.json()["error"]["message"]
    assert "www-authenticate" not in answer.headers
    both = client.get("/both", headers=headers)
    assert code_of(both) == (403, "forbidden")
    assert "scores" in both.json()["error"]["message"]


def test_all_scopes_that_are_needed(services: Services) -> None:
    client = client_of(services)
    headers = key(services, Scope.DETECT, Scope.SCORES)
    assert client.get("/both", headers=headers).json() == {"digits": 6}
    assert client.get("/both", headers=key(services, Scope.ADMIN)).status_code == 200


def test_a_collection_out_of_reach(services: Services) -> None:
    headers = key(services, Scope.IDENTIFY, only=["staff"])
    client = client_of(services)
    assert client.get("/of/staff", headers=headers).status_code == 200
    for other in ("guests", "STAFF", "staff%20", "staf"):
        assert code_of(client.get(f"/of/{other}", headers=headers)) == (403, "forbidden")


def test_a_key_without_a_list_reaches_all_collections(services: Services) -> None:
    expires = datetime.now(UTC) + timedelta(days=1)
    _, token = services.keys.create("door", [Scope.IDENTIFY], expires_at=expires)
    assert client_of(services).get("/of/any", headers={"X-API-Key": token}).status_code == 200


def test_a_key_that_asks_too_often(services: Services) -> None:
    now = 0.0
    slow = replace(services, rates=Rates(0.5, 2, lambda: now))
    client = client_of(slow)
    one, other = key(services, Scope.IDENTIFY), key(services, Scope.IDENTIFY)
    assert [client.get("/of/a", headers=one).status_code for _ in range(3)] == [200, 200, 429]
    answer = client.get("/of/a", headers=one)
    assert code_of(answer) == (429, "rate_limited")
    assert answer.headers["retry-after"] == "2"
    assert client.get("/of/a", headers=other).status_code == 200
    now = 2.0
    assert client.get("/of/a", headers=one).status_code == 200
    assert client.get("/of/a", headers=one).status_code == 429


def test_refused_calls_count_against_the_rate(services: Services) -> None:
    client = client_of(replace(services, rates=Rates(0.5, 2, lambda: 0.0)))
    headers = key(services, Scope.ENROL)
    statuses = [client.get("/of/a", headers=headers).status_code for _ in range(3)]
    assert statuses == [403, 403, 429]


def test_who_looks_after_the_service_needs_no_key(services: Services) -> None:
    key(services, Scope.ADMIN)
    client = client_of(replace(services, rates=Rates(0.5, 1, lambda: 0.0)))
    for path in ("/healthz", "/readyz", "/metrics"):
        assert [client.get(path).status_code for _ in range(2)] == [200, 200]
