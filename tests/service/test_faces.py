"""What one picture shows: detect, embed and liveness, on fakes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from visavis.audit import Action
from visavis.service.apikeys import Scope
from visavis.service.state import Services
from visavis.testing import FakeLiveness
from visavis.types import Liveness

Pictures = Callable[..., bytes]
PATHS = ("/v1/detect", "/v1/embed", "/v1/liveness")


def post(client: TestClient, path: str, photo: bytes, token: str | None = None) -> Any:
    headers = {"Content-Type": "image/png"} | ({"X-API-Key": token} if token else {})
    return client.post(path, content=photo, headers=headers)


def scored(monkeypatch: pytest.MonkeyPatch, found: Liveness) -> None:
    monkeypatch.setattr(FakeLiveness, "check", lambda self, image, face, target: found)


def test_detect_finds_every_face_and_says_how_large_the_picture_is(
    client: TestClient, png: Pictures
) -> None:
    body = post(client, "/v1/detect", png("ada", "ben")).json()
    assert (body["width"], body["height"]) == (192, 96)
    assert [face["box"] for face in body["faces"]] == [
        {"x1": 24.0, "y1": 24.0, "x2": 72.0, "y2": 72.0},
        {"x1": 120.0, "y1": 24.0, "x2": 168.0, "y2": 72.0},
    ]
    assert all(len(face["landmarks"]) == 5 and face["score"] == 1 for face in body["faces"])


def test_a_picture_of_nobody_has_no_faces(client: TestClient, png: Pictures) -> None:
    for path in PATHS:
        answer = post(client, path, png())
        assert (answer.status_code, answer.json()["faces"]) == (200, []), path


def test_what_is_no_picture_is_refused(client: TestClient) -> None:
    for path in PATHS:
        answer = post(client, path, b"no picture")
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_image"), path


def test_embed_gives_the_vector_of_each_face(
    client: TestClient, services: Services, png: Pictures
) -> None:
    photo = png("ada", "ben")
    body = post(client, "/v1/embed", photo).json()
    samples = services.pipeline.samples(photo, services.policy)
    assert body["model"] == "fake-1"
    for told, sample in zip(body["faces"], samples, strict=True):
        assert np.allclose(told["embedding"], sample.embedding.vector, atol=1e-6)
        assert np.isclose(np.linalg.norm(told["embedding"]), 1, atol=1e-5)
        assert told["sample"]["quality"]["reasons"] == []
        assert told["sample"]["liveness"] is None


def test_embed_is_refused_without_the_scope_for_scores(
    client: TestClient, services: Services, png: Pictures
) -> None:
    for scopes, status in (
        ([Scope.DETECT], 403),
        ([Scope.SCORES], 403),
        ([Scope.DETECT, Scope.SCORES], 200),
        ([Scope.ADMIN], 200),
    ):
        _, token = services.keys.create("test", scopes)
        answer = post(client, "/v1/embed", png("ada"), token)
        assert answer.status_code == status, scopes
        assert ("embedding" in answer.text) is (status == 200)


def test_the_others_need_the_scope_to_detect(
    client: TestClient, services: Services, png: Pictures
) -> None:
    _, wrong = services.keys.create("test", [Scope.IDENTIFY, Scope.SCORES])
    _, right = services.keys.create("test", [Scope.DETECT])
    for path in ("/v1/detect", "/v1/liveness"):
        assert post(client, path, png("ada")).status_code == 401
        assert post(client, path, png("ada"), wrong).status_code == 403
        assert post(client, path, png("ada"), right).status_code == 200


def test_liveness_is_said_of_every_face_whatever_is_set(
    client: TestClient, services: Services, png: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert services.policy.liveness == "off"
    scored(monkeypatch, Liveness(0.25, 0.5, "print", ("flat",)))
    for path in ("/v1/liveness", "/v1/liveness?liveness=off", "/v1/liveness?liveness=require"):
        faces = post(client, path, png("ada", "ben")).json()["faces"]
        assert [face["liveness"] for face in faces] == [
            {
                "live": False,
                "score": 0.25,
                "threshold": 0.5,
                "species": "print",
                "reasons": ["flat"],
            }
        ] * 2


def test_liveness_that_cannot_be_told_is_null(
    client: TestClient, png: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    scored(monkeypatch, Liveness(None, 0.5, None, ("too_small",)))
    [face] = post(client, "/v1/liveness", png("ada")).json()["faces"]
    assert (face["liveness"]["live"], face["liveness"]["score"]) == (None, None)
    assert face["liveness"]["reasons"] == ["too_small"]


def test_liveness_scores_are_rounded_without_the_scope_for_them(
    client: TestClient, services: Services, png: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    scored(monkeypatch, Liveness(0.87654321, 0.5, None, ()))
    for scopes, score in (([Scope.DETECT], 0.88), ([Scope.DETECT, Scope.SCORES], 0.876543)):
        _, token = services.keys.create("test", scopes)
        [face] = post(client, "/v1/liveness", png("ada"), token).json()["faces"]
        assert face["liveness"]["score"] == score


def test_each_leaves_an_audit_record_with_its_request_and_key(
    client: TestClient, services: Services, png: Pictures
) -> None:
    key, token = services.keys.create("test", [Scope.DETECT, Scope.SCORES])
    actions = (Action.DETECT, Action.EMBED, Action.LIVENESS)
    for path, action in zip(PATHS, actions, strict=True):
        ident = post(client, path, png("ada", "ben"), token).headers["X-Request-Id"]
        [record] = services.gallery.audit_page(request=ident)
        assert (record.action, record.subject) == (action, None)
        assert record.details == {"faces": 2, "request": ident, "key": key.id}


def test_samples_are_counted_in_the_metrics(
    client: TestClient, services: Services, png: Pictures
) -> None:
    post(client, "/v1/liveness", png("ada", "ben"))
    told = services.metrics.render()
    assert b"visavis_faces_per_image_sum 2.0" in told
    assert b'visavis_liveness_checks_total{result="live"} 2.0' in told
