"""Embeddings instead of pictures."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from visavis.service.state import Services

Add = Callable[..., str]
Embed = Callable[[str], list[float]]
RECOGNIZE = "/api/v1/recognition/embeddings/recognize"
VERIFY = "/api/v1/verification/embeddings/verify"


@pytest.fixture
def embed(client: TestClient, png: Callable[..., bytes]) -> Embed:
    def of(person: str) -> list[float]:
        path = "/api/v1/detection/detect?face_plugins=calculator"
        answer = client.post(path, files={"file": png(person, seed=1, noise=2)})
        found: list[float] = answer.json()["result"][0]["embedding"]
        return found

    return of


def test_recognised(client: TestClient, add: Add, embed: Embed, services: Services) -> None:
    add("ada")
    add("ben")
    sent = {"embeddings": [embed("ada"), embed("eve")]}
    answer = client.post(f"{RECOGNIZE}?prediction_count=2", json=sent)
    assert answer.status_code == 200
    known, stranger = answer.json()["result"]
    assert known["embedding"] == sent["embeddings"][0]
    assert known["similarities"][0]["subject"] == "ada"
    assert known["similarities"][0]["similarity"] >= 0.5
    assert all(one["similarity"] < 0.5 for one in stranger["similarities"])
    assert len(known["similarities"]) == 2
    records = services.gallery.audit_tail(2)
    assert [(r.action, r.details["accepted"]) for r in records] == [
        ("identify", True),
        ("identify", False),
    ]
    assert [r.subject is None for r in records] == [False, True]


def test_an_example_verified(
    client: TestClient, add: Add, embed: Embed, services: Services
) -> None:
    path = f"/api/v1/recognition/embeddings/faces/{add('ada')}/verify"
    answer = client.post(path, json={"embeddings": [embed("ben"), embed("ada")]})
    found = answer.json()["result"]
    assert [one["similarity"] >= 0.5 for one in found] == [True, False]
    assert found[0]["embedding"] == embed("ada")
    record = next(r for r in reversed(services.gallery.audit_tail(9)) if r.action == "verify")
    assert record.details["accepted"] is True


def test_compared(client: TestClient, embed: Embed) -> None:
    targets = [embed("ben"), embed("ada")]
    sent = {"source": embed("ada"), "targets": targets}
    found = client.post(VERIFY, json=sent).json()["result"]
    assert [one["embedding"] for one in found] == targets[::-1]
    assert found[0]["similarity"] == 1


def test_lengths_do_not_matter(client: TestClient, embed: Embed) -> None:
    long = [7 * value for value in embed("ada")]
    found = client.post(VERIFY, json={"source": long, "targets": [embed("ada")]}).json()["result"]
    assert found[0]["similarity"] == 1


@pytest.mark.parametrize(
    ("body", "number"),
    [
        ({"source": [1.0] * 128, "targets": [[1.0] * 128]}, 36),
        ({"source": [0.0] * 32, "targets": [[1.0] * 32]}, 36),
        ({"source": [1.0], "targets": []}, 26),
        ({"source": [1.0]}, 5),
        ({"source": ["x"], "targets": [[1.0]]}, 26),
    ],
    ids=["another model's", "zero", "no target", "no targets", "text"],
)
def test_what_cannot_be_compared(client: TestClient, body: dict[str, Any], number: int) -> None:
    answer = client.post(VERIFY, json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, number)


def test_where_liveness_is_required_a_vector_is_not_enough(
    altered: Callable[..., TestClient], add: Add, embed: Embed
) -> None:
    image, vector, strict = add("ada"), embed("ada"), altered(liveness="require")
    sent = {"embeddings": [vector], "source": vector, "targets": [vector]}
    example = f"/api/v1/recognition/embeddings/faces/{image}/verify"
    for path in (RECOGNIZE, VERIFY, example):
        answer = strict.post(path, json=sent)
        assert (answer.status_code, answer.json()["code"]) == (400, 0)
        assert "liveness" in answer.json()["message"]
