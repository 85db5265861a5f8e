"""API keys over HTTP: made, used, rotated, revoked; and what nobody can give."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from visavis.service.apikeys import Scope
from visavis.service.auth import Caller, Gate
from visavis.service.state import Services

Make = Callable[..., Any]


@pytest.fixture
def admin(services: Services) -> dict[str, str]:
    """The header of a key that may do everything: from here on nobody goes without."""
    _, token = services.keys.create("admin", [Scope.ADMIN])
    return bearer(token)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def make(client: TestClient, headers: Any, **fields: Any) -> Any:
    return client.post(
        "/v1/keys", json={"name": "door", "scopes": ["identify"]} | fields, headers=headers
    )


def test_a_key_is_made_and_works(client: TestClient, admin: dict[str, str]) -> None:
    answer = make(client, admin, collections=["staff"])
    assert answer.status_code == 201
    made = answer.json()
    key = made["key"]
    assert (key["name"], key["scopes"], key["collections"]) == ("door", ["identify"], ["staff"])
    assert made["token"].startswith(key["prefix"])
    own = client.get("/v1/keys/self", headers=bearer(made["token"])).json()
    assert own == {
        "id": key["id"],
        "name": "door",
        "scopes": ["identify"],
        "collections": ["staff"],
        "expires_at": None,
    }
    assert client.get("/v1/keys", headers=bearer(made["token"])).status_code == 403


def test_the_token_is_told_once(client: TestClient, services: Services, admin: Any) -> None:
    made = make(client, admin).json()
    secret = made["token"][16:]
    listed = client.get("/v1/keys", headers=admin)
    assert [key["name"] for key in listed.json()["items"]] == ["admin", "door"]
    told = listed.text + str([r.details for r in services.gallery.audit_page()])
    assert secret not in told
    assert made["token"] not in told


def test_an_expiry(client: TestClient, admin: Any) -> None:
    later = datetime.now(UTC) + timedelta(days=1)
    made = make(client, admin, expires_at=later.isoformat()).json()
    own = client.get("/v1/keys/self", headers=bearer(made["token"])).json()
    assert datetime.fromisoformat(own["expires_at"]) == later
    past = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    assert make(client, admin, expires_at=past).status_code == 400
    assert make(client, admin, expires_at="2199-01-01T00:00:00").status_code == 422


def test_rotation(client: TestClient, admin: Any) -> None:
    made = make(client, admin).json()
    path = f"/v1/keys/{made['key']['id']}/rotate"
    graced = client.post(path, json={"grace_seconds": 60}, headers=admin).json()
    assert graced["key"]["id"] == made["key"]["id"]
    for token in (made["token"], graced["token"]):
        assert client.get("/v1/keys/self", headers=bearer(token)).status_code == 200
    last = client.post(path, json={}, headers=admin).json()
    statuses = [
        client.get("/v1/keys/self", headers=bearer(one["token"])).status_code
        for one in (made, graced, last)
    ]
    assert statuses == [401, 401, 200]
    for grace in (-1, 31 * 24 * 3600):
        assert client.post(path, json={"grace_seconds": grace}, headers=admin).status_code == 422


def test_revocation(client: TestClient, admin: Any) -> None:
    made = make(client, admin).json()
    path = f"/v1/keys/{made['key']['id']}"
    revoked = client.delete(path, headers=admin)
    assert revoked.status_code == 200
    assert revoked.json()["revoked_at"]
    assert client.get("/v1/keys/self", headers=bearer(made["token"])).status_code == 401
    assert client.delete(path, headers=admin).json() == revoked.json()
    assert client.post(f"{path}/rotate", json={}, headers=admin).status_code == 400
    assert len(client.get("/v1/keys", headers=admin).json()["items"]) == 2


@pytest.mark.parametrize("ident", ["000000000000", "x", "vv_secret"])
def test_no_such_key(client: TestClient, admin: Any, ident: str) -> None:
    for answer in (
        client.delete(f"/v1/keys/{ident}", headers=admin),
        client.post(f"/v1/keys/{ident}/rotate", json={}, headers=admin),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_key")
        assert "vv_secret" not in answer.text


def test_pages(client: TestClient, admin: Any) -> None:
    for number in range(4):
        make(client, admin, name=f"k{number}")
    found, cursor = [], None
    while True:
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = client.get("/v1/keys", params=params, headers=admin).json()
        found += [key["name"] for key in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == ["admin", "k0", "k1", "k2", "k3"]


@pytest.mark.parametrize(
    "fields",
    [
        {"scopes": []},
        {"scopes": ["everything"]},
        {"scopes": ["admin"], "collections": ["staff"]},
        {"name": ""},
        {"name": "x" * 201},
        {"collections": []},
        {"collections": [""]},
        {"token": "mine"},
    ],
)
def test_keys_that_cannot_be_made(client: TestClient, admin: Any, fields: Any) -> None:
    assert make(client, admin, **fields).status_code in (400, 422)
    assert len(client.get("/v1/keys", headers=admin).json()["items"]) == 1


def test_every_change_is_recorded(client: TestClient, services: Services, admin: Any) -> None:
    headers = admin | {"X-Request-Id": "request-1"}
    ident = make(client, headers, scopes=["enrol", "detect"]).json()["key"]["id"]
    client.post(f"/v1/keys/{ident}/rotate", json={}, headers=headers)
    client.delete(f"/v1/keys/{ident}", headers=headers)
    found = services.gallery.audit_page(request="request-1")
    assert [r.action for r in found] == ["api_key_revoked", "api_key_rotated", "api_key_created"]
    own = client.get("/v1/keys/self", headers=admin).json()["id"]
    for record in found:
        told = {name: record.details[name] for name in ("key", "target", "scopes")}
        assert told == {"key": own, "target": ident, "scopes": "detect, enrol"}


def test_only_administrators(client: TestClient, services: Services, admin: Any) -> None:
    every = [scope for scope in Scope if scope is not Scope.ADMIN]
    key, token = services.keys.create("k", every)
    headers = bearer(token)
    for method, path in (
        ("get", "/v1/keys"),
        ("post", "/v1/keys"),
        ("post", f"/v1/keys/{key.id}/rotate"),
        ("delete", f"/v1/keys/{key.id}"),
    ):
        assert client.request(method, path, headers=headers).status_code == 403
    assert client.get("/v1/keys/self").status_code == 401


def test_nobody_gives_what_they_do_not_have(
    client: TestClient, services: Services, admin: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No key of this kind can be made; should there be one, it is held to its reach."""
    wide, _ = services.keys.create("wide", [Scope.IDENTIFY])
    near, _ = services.keys.create("near", [Scope.IDENTIFY], collections=["staff"])
    limited = replace(Caller.open(), collections=("staff", "lab"))
    monkeypatch.setattr(Gate, "admit", lambda self, token: limited)
    assert make(client, None).status_code == 403
    assert make(client, None, collections=["staff", "vault"]).status_code == 403
    assert make(client, None, collections=["staff"]).status_code == 201
    assert client.delete(f"/v1/keys/{wide.id}").status_code == 403
    assert client.post(f"/v1/keys/{wide.id}/rotate", json={}).status_code == 403
    assert client.delete(f"/v1/keys/{near.id}").status_code == 200


def test_a_service_without_keys(client: TestClient) -> None:
    own = client.get("/v1/keys/self").json()
    assert (own["id"], own["name"], own["collections"]) == ("", "open", None)
    assert own["scopes"] == [str(scope) for scope in Scope]
    assert make(client, None, scopes=["admin"]).status_code == 201
    assert client.get("/v1/keys/self").status_code == 401
