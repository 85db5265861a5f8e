"""Recognition: the shape of CompreFace's answers, and the service's own decisions in them."""

import base64
from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from visavis.policy import QualityLimits
from visavis.service.apikeys import Scope
from visavis.service.state import Services

Add = Callable[..., str]
Post = Callable[..., tuple[int, Any]]


def test_a_known_face(post: Post, add: Add) -> None:
    add("ada")
    status, found = post("recognition/recognize", "ada", seed=1, noise=2)
    assert status == 200
    assert found.keys() == {"result"}
    [face] = found["result"]
    assert face.keys() == {"box", "subjects"}
    assert face["box"] == {"probability": 1.0, "x_min": 24, "y_min": 24, "x_max": 72, "y_max": 72}
    [best] = face["subjects"]
    assert best["subject"] == "ada"
    assert 0.5 <= best["similarity"] <= 1


def test_a_stranger_is_like_somebody_but_below_half(post: Post, add: Add) -> None:
    add("ada")
    [face] = post("recognition/recognize", "ben")[1]["result"]
    [best] = face["subjects"]
    assert (best["subject"], best["similarity"] < 0.5) == ("ada", True)


def test_an_empty_collection_and_an_empty_picture(post: Post) -> None:
    assert post("recognition/recognize", "ada")[1]["result"][0]["subjects"] == []
    status, error = post("recognition/recognize")
    assert (status, error["code"]) == (400, 28)


def test_base64_and_the_query_that_the_client_sends(
    client: TestClient, add: Add, png: Callable[..., bytes]
) -> None:
    add("ada")
    add("ben")
    add("cleo")
    query = (
        "&limit=1&det_prob_threshold=0.5&prediction_count=2&status=True&detect_faces=true"
        "&face_plugins=calculator,landmarks,pose,age,gender,mask"
    )
    text = base64.b64encode(png("ada", "ben")).decode()
    answer = client.post(f"/api/v1/recognition/recognize?{query}", json={"file": text})
    assert answer.status_code == 200
    [face] = answer.json()["result"]
    assert len(face["landmarks"]) == 5
    assert face["pose"].keys() == {"pitch", "roll", "yaw"}
    assert len(face["embedding"]) == 32
    assert face["execution_time"].keys() == {"detector", "calculator"}
    assert face["subjects"][0]["subject"] == "ada"
    assert len(face["subjects"]) == 2
    assert not face.keys() & {"age", "gender", "mask"}
    models = answer.json()["plugins_versions"]
    assert models == {"detector": "yunet-2023mar-int8bq", "calculator": "fake-1"}


def test_vectors_are_for_who_may_see_scores(
    client: TestClient, services: Services, png: Callable[..., bytes]
) -> None:
    for scopes, told in (([Scope.IDENTIFY], False), ([Scope.IDENTIFY, Scope.SCORES], True)):
        key = {"x-api-key": services.keys.create("key", scopes)[1]}
        path = "/api/v1/recognition/recognize?face_plugins=calculator"
        answer = client.post(path, files={"file": png("ada")}, headers=key)
        assert ("embedding" in answer.json()["result"][0]) == told


@pytest.mark.parametrize("query", ["prediction_count=0", "limit=x", "det_prob_threshold=2"])
def test_queries_that_cannot_be(post: Post, query: str) -> None:
    status, error = post(f"recognition/recognize?{query}", "ada")
    assert (status, error["code"]) == (400, 26)


@pytest.mark.parametrize(
    ("changes", "live"),
    [({"limits": QualityLimits(min_size=999)}, 1.0), ({"liveness": "require"}, 0.1)],
    ids=["unfit", "not live"],
)
def test_nobody_is_named_whom_the_service_would_not_name(
    altered: Callable[..., TestClient],
    png: Callable[..., bytes],
    add: Add,
    changes: dict[str, Any],
    live: float,
) -> None:
    image, strict = add("ada"), altered(live, **changes)
    for path in ("recognize", f"faces/{image}/verify"):
        answer = strict.post(f"/api/v1/recognition/{path}", files={"file": png("ada")})
        [face] = answer.json()["result"]
        found = face["subjects"][0] if "subjects" in face else face
        assert (found["subject"], found["similarity"]) == ("ada", 0.49999)


def test_two_who_are_too_close_to_call(
    altered: Callable[..., TestClient], png: Callable[..., bytes], add: Add
) -> None:
    add("ada")
    add("ben")
    close = altered(margin=1.9, threshold=-1.0)
    answer = close.post("/api/v1/recognition/recognize", files={"file": png("ada")})
    [face] = answer.json()["result"]
    assert [one["similarity"] for one in face["subjects"]] == [0.49999]


def test_what_was_asked_is_recorded(post: Post, services: Services) -> None:
    post("recognition/recognize", "ada")
    record = services.gallery.audit_tail(1)[0]
    assert record.action == "identify"
    assert record.details["decision"] == "unknown"
    assert {"request", "key", "rate"} <= record.details.keys()


def test_an_example_verified(post: Post, add: Add) -> None:
    image = add("ada")
    status, found = post(f"recognition/faces/{image}/verify?limit=0", "ben", "ada")
    assert status == 200
    assert [face.keys() for face in found["result"]] == [{"box", "subject", "similarity"}] * 2
    assert {face["subject"] for face in found["result"]} == {"ada"}
    assert [face["similarity"] >= 0.5 for face in found["result"]] == [False, True]


def test_a_verification_is_recorded_and_counted(post: Post, add: Add, services: Services) -> None:
    image = add("ada")
    post(f"recognition/faces/{image}/verify", "ada")
    record = services.gallery.audit_tail(1)[0]
    assert (record.action, record.details["accepted"]) == ("verify", True)
    assert record.subject is not None
    assert {"request", "key", "rate", "threshold"} <= record.details.keys()


def test_who_fails_too_often_has_to_wait(post: Post, add: Add) -> None:
    image = add("ada")
    answers = [post(f"recognition/faces/{image}/verify", "ben") for _ in range(30)]
    status, error = answers[-1]
    assert (status, error["code"]) == (429, 0)
    assert answers[0][0] == 200
