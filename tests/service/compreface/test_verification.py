"""Verification: one face against those of another picture, as CompreFace answers."""

import base64
from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from visavis.policy import QualityLimits
from visavis.service.state import Services

VERIFY = "/api/v1/verification/verify"
Png = Callable[..., bytes]


def pair(source: bytes, target: bytes) -> dict[str, Any]:
    return {"source_image": ("image.jpg", source), "target_image": ("image.jpg", target)}


def test_one_against_two(client: TestClient, png: Png, services: Services) -> None:
    answer = client.post(VERIFY, files=pair(png("ada"), png("ben", "ada", seed=1, noise=2)))
    assert answer.status_code == 200
    [found] = answer.json()["result"]
    assert found.keys() == {"source_image_face", "face_matches"}
    assert found["source_image_face"].keys() == {"box"}
    assert [match.keys() for match in found["face_matches"]] == [{"box", "similarity"}] * 2
    assert [match["similarity"] >= 0.5 for match in found["face_matches"]] == [False, True]
    record = services.gallery.audit_tail(1)[0]
    assert (record.action, record.details["accepted"]) == ("compare", True)


def test_base64_and_all_that_can_be_asked(client: TestClient, png: Png) -> None:
    text = base64.b64encode(png("ada")).decode()
    query = "limit=1&det_prob_threshold=0.5&prediction_count=1&status=True"
    answer = client.post(
        f"{VERIFY}?{query}&face_plugins=calculator,landmarks",
        json={"source_image": text, "target_image": text},
    )
    [found] = answer.json()["result"]
    assert found["plugins_versions"].keys() == {"detector", "calculator"}
    for face in (found["source_image_face"], *found["face_matches"]):
        assert {"box", "landmarks", "embedding", "execution_time"} <= face.keys()
    assert found["face_matches"][0]["similarity"] == 1


@pytest.mark.parametrize(
    ("source", "target", "query", "expected"),
    [
        ((), ("ada",), "", (400, 28)),
        (("ada",), (), "", (400, 28)),
        (("ada", "ben"), ("ada",), "", (400, 31)),
        (("ada", "ben"), ("ada",), "?limit=1", (200, None)),
    ],
)
def test_how_many_faces_there_may_be(
    client: TestClient,
    png: Png,
    source: tuple[str, ...],
    target: tuple[str, ...],
    query: str,
    expected: tuple[int, int | None],
) -> None:
    answer = client.post(VERIFY + query, files=pair(png(*source), png(*target)))
    assert (answer.status_code, answer.json().get("code")) == expected


def test_one_picture_is_not_enough(client: TestClient, png: Png) -> None:
    answer = client.post(VERIFY, files={"source_image": png("ada")})
    expected = {"message": "Required part target_image is missing", "code": 34}
    assert (answer.status_code, answer.json()) == (400, expected)


@pytest.mark.parametrize(
    ("changes", "live"),
    [({"limits": QualityLimits(min_size=999)}, 1.0), ({"liveness": "require"}, 0.1)],
    ids=["unfit", "not live"],
)
def test_nothing_is_accepted_that_the_service_would_refuse(
    altered: Callable[..., TestClient], png: Png, changes: dict[str, Any], live: float
) -> None:
    answer = altered(live, **changes).post(VERIFY, files=pair(png("ada"), png("ada")))
    assert answer.json()["result"][0]["face_matches"][0]["similarity"] == 0.49999
