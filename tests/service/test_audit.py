"""The audit log over HTTP: pages, filters, and who sees what."""

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from visavis.audit import AuditEntry
from visavis.service.apikeys import Scope
from visavis.service.state import Services

Png = Callable[..., bytes]


@pytest.fixture
def log(services: Services, png: Png) -> Services:
    """Two collections with one person each, and records that are of none."""
    embedder = services.pipeline.embedder
    services.gallery.collection("other", model=embedder.model, dim=embedder.dim)
    for collection in ("default", "other"):
        recognizer = services.recognizers.of(collection)
        recognizer.enrol("ada", [png("ada")], details={"request": f"enrol-{collection}"})
    for number in range(3):
        services.gallery.audit(AuditEntry("detect", details={"faces": number}))
    return services


def seqs(client: TestClient, headers: Any = None, **params: Any) -> list[int]:
    answer = client.get("/v1/audit", params=params, headers=headers)
    assert answer.status_code == 200, answer.text
    return [record["seq"] for record in answer.json()["items"]]


def test_newest_first_in_pages(client: TestClient, log: Services) -> None:
    every = [record.seq for record in log.gallery.audit_page()]
    assert len(every) >= 7
    found, cursor = [], None
    while True:
        params = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = client.get("/v1/audit", params=params).json()
        found += [record["seq"] for record in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
        assert len(page["items"]) == 3
    assert found == every


def test_filters(client: TestClient, log: Services) -> None:
    detected = client.get("/v1/audit", params={"action": "detect"}).json()["items"]
    assert [record["details"]["faces"] for record in detected] == [2, 1, 0]
    (enrolled,) = client.get("/v1/audit", params={"request": "enrol-other"}).json()["items"]
    assert (enrolled["collection"], enrolled["action"]) == ("other", "enrol")
    assert len(seqs(client, collection="other")) == 2
    assert seqs(client, collection="nowhere") == []
    for params in ({"action": "x"}, {"limit": 0}, {"limit": 501}, {"what": "x"}, {"subject": ""}):
        assert client.get("/v1/audit", params=params).status_code == 422
    assert client.get("/v1/audit", params={"cursor": "x"}).status_code == 400


def test_a_subject_by_id_or_pseudonym(client: TestClient, log: Services) -> None:
    collection = log.gallery.open_collection("default")
    pseudonym = collection.pseudonym("ada")
    by_id = seqs(client, collection="default", subject="ada")
    assert len(by_id) == 1
    assert seqs(client, subject=pseudonym) == by_id
    assert seqs(client, collection="default", subject=pseudonym) == by_id
    assert seqs(client, collection="other", subject="ada") != by_id
    lost = client.get("/v1/audit", params={"collection": "default", "subject": "eve"})
    assert lost.status_code == 404
    alone = client.get("/v1/audit", params={"subject": "ada"})
    assert (alone.status_code, alone.json()["error"]["code"]) == (400, "input")
    collection.forget("ada")
    assert len(seqs(client, collection="default", subject=pseudonym)) == 2


def test_records_name_nobody(client: TestClient, log: Services) -> None:
    answer = client.get("/v1/audit", params={"action": "enrol"})
    assert all(len(record["subject"]) == 32 for record in answer.json()["items"])
    assert '"ada"' not in answer.text


def test_a_limited_key_sees_its_collections_alone(client: TestClient, log: Services) -> None:
    def headers(*collections: str) -> dict[str, str]:
        _, token = log.keys.create("k", [Scope.AUDIT], collections=collections or None)
        return {"X-API-Key": token}

    one, both = headers("other"), headers("other", "default", "none")
    of_other = seqs(client, headers(), collection="other")
    of_default = seqs(client, headers(), collection="default")
    assert len(of_other) == 2
    assert seqs(client, one) == of_other
    assert seqs(client, one, collection="other") == of_other
    assert seqs(client, both) == sorted(of_other + of_default, reverse=True)
    assert seqs(client, both, limit=3) == seqs(client, both)[:3]
    assert seqs(client, one, action="detect") == []
    denied = client.get("/v1/audit", params={"collection": "default"}, headers=one)
    assert denied.status_code == 403
    cursor = client.get("/v1/audit", params={"limit": 2}, headers=both).json()["next"]
    assert seqs(client, both, cursor=cursor) == seqs(client, both)[2:]


def test_the_scope(client: TestClient, log: Services) -> None:
    _, token = log.keys.create("k", [Scope.ENROL, Scope.IDENTIFY])
    for path in ("/v1/audit", "/v1/audit/verify"):
        assert client.get(path, headers={"X-API-Key": token}).status_code == 403
        assert client.get(path).status_code == 401


def test_a_whole_log(client: TestClient, log: Services) -> None:
    found = client.get("/v1/audit/verify").json()
    newest = log.gallery.audit_page(limit=1)[0]
    assert found == {
        "intact": True,
        "records": newest.seq,
        "head": {"seq": newest.seq, "mac": newest.mac},
        "anchored": True,
        "problem": None,
    }


def test_a_log_that_was_changed(client: TestClient, log: Services) -> None:
    log.gallery.audit_page(limit=1)
    with sqlite3.connect(log.settings.gallery / "gallery.db") as c:
        assert c.execute("update audit set action = 'verify' where seq = 2").rowcount == 1
    answer = client.get("/v1/audit/verify")
    assert answer.status_code == 200
    assert answer.json()["intact"] is False
    assert "record 2" in answer.json()["problem"]
