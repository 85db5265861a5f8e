"""Subjects: list, add, rename, delete, as CompreFace answers."""

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from visavis.service.state import Services

Add = Callable[..., str]
SUBJECTS = "/api/v1/recognition/subjects"


def names(client: TestClient) -> list[str]:
    found: list[str] = client.get(SUBJECTS).json()["subjects"]
    return found


def test_added_listed_and_deleted(client: TestClient) -> None:
    answer = client.post(SUBJECTS, json={"subject": "Ada Lovelace"})
    assert (answer.status_code, answer.json()) == (201, {"subject": "Ada Lovelace"})
    assert client.get(f"{SUBJECTS}/", follow_redirects=False).json() == {
        "subjects": ["Ada Lovelace"]
    }
    assert client.delete(f"{SUBJECTS}/Ada Lovelace").json() == {"subject": "Ada Lovelace"}
    assert names(client) == []


@pytest.mark.parametrize(
    ("name", "number"), [("ada", 43), ("", 26), ("a/b", 36), ("a\u0001", 36), ("x" * 201, 26)]
)
def test_names_that_cannot_be_added(client: TestClient, name: str, number: int) -> None:
    client.post(SUBJECTS, json={"subject": "ada"})
    answer = client.post(SUBJECTS, json={"subject": name})
    assert (answer.status_code, answer.json()["code"]) == (400, number)
    assert names(client) == ["ada"]


def test_a_subject_without_examples_gets_one(client: TestClient, add: Add) -> None:
    client.post(SUBJECTS, json={"subject": "ada"})
    add("ada")
    assert names(client) == ["ada"]


def test_renamed_with_what_the_client_sends_besides(client: TestClient, add: Add) -> None:
    add("ada")
    body = {"subject": "countess", "api_endpoint": "ada"}
    assert client.put(f"{SUBJECTS}/ada", json=body).json() == {"updated": True}
    assert names(client) == ["countess"]
    assert client.put(f"{SUBJECTS}/x", json={"subject": "x"}).json() == {"updated": False}


def test_renaming_into_somebody_moves_the_examples(
    client: TestClient, services: Services, add: Add
) -> None:
    add("ada")
    add("ben", "ada two")
    answer = client.put(f"{SUBJECTS}/ada two", json={"subject": "ada"})
    assert answer.json() == {"updated": True}
    assert names(client) == ["ada"]
    assert services.recognizers.of("default").collection.subject("ada").templates == 2


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_somebody_unknown(client: TestClient, method: str) -> None:
    answer = client.request(method, f"{SUBJECTS}/eve", json={"subject": "x"})
    assert (answer.status_code, answer.json()["code"]) == (404, 42)
    assert "eve" in answer.json()["message"]


def test_everybody_deleted(client: TestClient, add: Add) -> None:
    add("ada")
    add("ben")
    assert client.delete(SUBJECTS).json() == {"deleted": 2}
    assert client.delete(SUBJECTS).json() == {"deleted": 0}
    assert names(client) == []


def test_what_was_done_is_in_the_audit_log(client: TestClient, services: Services) -> None:
    answer = client.post(SUBJECTS, json={"subject": "ada"}, headers={"X-Request-Id": "request-1"})
    assert answer.headers["x-request-id"] == "request-1"
    record = services.gallery.audit_tail(1)[0]
    assert (record.action, record.collection) == ("enrol", "default")
    assert record.details == {"request": "request-1", "key": "", "templates": 0}
