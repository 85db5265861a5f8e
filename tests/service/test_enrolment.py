"""The route that enrols: every way to send pictures, and what is refused."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from visavis.audit import Action
from visavis.gallery.collection import Collection
from visavis.service.apikeys import Scope
from visavis.service.state import Services

PATH = "/v1/collections/default/subjects/ada/templates"
PNG = {"Content-Type": "image/png"}
LATER = (datetime.now(UTC) + timedelta(days=1)).isoformat()
Pictures = Callable[..., bytes]


@pytest.fixture
def collection(services: Services) -> Collection:
    return services.gallery.open_collection("default")


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_pictures_of_a_form_become_templates(
    client: TestClient, collection: Collection, png: Pictures
) -> None:
    files = [("images", png("ada", noise=4, seed=seed)) for seed in range(3)]
    answer = client.post(PATH, files=files)
    body = answer.json()
    stored = collection.templates("ada")
    assert answer.status_code == 201
    assert (body["subject"], body["rejected"]) == ("ada", [])
    assert [item["id"] for item in body["templates"]] == [template.id for template in stored]
    assert client.get(PATH).json()["items"] == body["templates"]


def test_every_way_to_send_a_picture_gives_the_same_template(
    client: TestClient, collection: Collection, png: Pictures
) -> None:
    photo = png("ada")
    text = base64.b64encode(photo).decode()
    ways: list[dict[str, Any]] = [
        {"files": [("images", photo)]},
        {"files": [("image", photo)]},
        {"json": {"images": [text]}},
        {"json": {"images": text}},
        {"json": {"image": text}},
        {"json": {"images": [f"data:image/png;base64,{text}"]}},
        {"content": photo, "headers": PNG},
        {"content": photo, "headers": {"Content-Type": "application/octet-stream"}},
    ]
    for way in ways:
        assert client.post(PATH, **way).status_code == 201, way.keys()
    vectors = [template.embedding.vector.tolist() for template in collection.templates("ada")]
    assert vectors == vectors[:1] * len(ways)


def test_what_is_said_of_the_subject_is_stored(client: TestClient, png: Pictures) -> None:
    said = {"name": "Ada", "consent_ref": "c1", "expires_at": LATER}
    form = {**said, "metadata": json.dumps({"room": "1"})}
    assert client.post(PATH, files=[("images", png("ada"))], data=form).status_code == 201
    first = client.get(PATH.removesuffix("/templates")).json()
    assert {name: first[name] for name in ("name", "consent_ref")} == {
        "name": "Ada",
        "consent_ref": "c1",
    }
    assert first["metadata"] == {"room": "1"}
    assert datetime.fromisoformat(first["expires_at"]) == datetime.fromisoformat(LATER)
    text = base64.b64encode(png("ada")).decode()
    more = {"images": [text], "name": None, "metadata": {"room": "2"}}
    assert client.post(PATH, json=more).status_code == 201
    second = client.get(PATH.removesuffix("/templates")).json()
    assert second == first | {"templates": 2, "metadata": {"room": "2"}}


def test_what_cannot_be_said_is_refused_with_nothing_stored(
    client: TestClient, collection: Collection, png: Pictures
) -> None:
    unsayable: list[dict[str, Any]] = [
        {"nickname": "a"},
        {"name": "x" * 201},
        {"metadata": "{"},
        {"metadata": "[]"},
        {"metadata": '{"a": 1}'},
        {"metadata": r'{"\ud800": "x"}'},
        {"metadata": "[" * 30000},
        {"metadata": json.dumps({str(i): "" for i in range(51)})},
        {"expires_at": "2101-01-01"},
        {"expires_at": "4134000000"},
        {"expires_at": "2020-01-01T00:00:00Z"},
    ]
    for said in unsayable:
        answer = client.post(PATH, files=[("images", png("ada"))], data=said)
        assert answer.status_code in (400, 422), said
        assert answer.json()["error"]["message"]
    assert "ada" not in collection


def test_some_pictures_may_be_refused_and_it_is_said_which(
    client: TestClient, services: Services, png: Pictures
) -> None:
    pictures = [png(), png("ada", noise=4, seed=1), b"no picture", png("ada", noise=4, seed=2)]
    answer = client.post(PATH, files=[("images", picture) for picture in pictures])
    body = answer.json()
    assert answer.status_code == 201
    assert len(body["templates"]) == 2
    assert [(r["index"], r["code"]) for r in body["rejected"]] == [(0, "no_face"), (2, "bad_image")]
    assert all(r["reason"] for r in body["rejected"])
    assert b'visavis_reject_reasons_total{reason="no_face"} 1.0' in services.metrics.render()


def test_pictures_that_are_all_refused_store_nothing(
    client: TestClient, collection: Collection, png: Pictures
) -> None:
    several = client.post(PATH, files=[("images", png()), ("images", b"x")])
    assert code(several) == (422, "enrolment_rejected")
    rejected = several.json()["error"]["details"]["rejected"]
    assert [(r["index"], r["code"]) for r in rejected] == [(0, "no_face"), (1, "bad_image")]
    assert code(client.post(PATH, content=png(), headers=PNG)) == (422, "no_face")
    assert code(client.post(PATH, content=b"x", headers=PNG)) == (400, "bad_image")
    assert "ada" not in collection


def test_a_face_of_somebody_else_is_a_conflict(client: TestClient, png: Pictures) -> None:
    client.post(PATH, content=png("ada"), headers=PNG)
    other = client.post(PATH.replace("ada", "ben"), content=png("ada", noise=2), headers=PNG)
    assert code(other) == (409, "duplicate_subject")


def test_the_face_meant_is_chosen_by_policy_or_box(
    client: TestClient, collection: Collection, png: Pictures
) -> None:
    pair = png("ada", "ben")
    assert code(client.post(PATH, content=pair, headers=PNG)) == (422, "many_faces")
    right = PATH.replace("ada", "ben")
    box = {"box": "120,24.5,168,72"}
    assert client.post(right, params=box, content=pair, headers=PNG).status_code == 201
    left = client.post(PATH, params={"face": "largest"}, content=pair, headers=PNG)
    assert left.status_code == 201
    found = collection.templates("ada")[0].embedding
    assert collection.search(found, 1)[0].subject == "ada"
    nobody = {"box": "0,0,5,5"}
    assert code(client.post(PATH, params=nobody, content=pair, headers=PNG)) == (422, "no_face")


def test_a_box_is_four_numbers_and_of_one_picture(client: TestClient, png: Pictures) -> None:
    for box in ("1,2,3", "1,2,3,4,5", "1,2,3,x", "nan,1,2,3", "1e9,1,2,3", "١,1,1,1", ""):
        answer = client.post(PATH, params={"box": box}, content=png("ada"), headers=PNG)
        assert answer.status_code == 422, box
    files = [("images", png("ada")), ("images", png("ada"))]
    assert client.post(PATH, params={"box": "1,2,3,4"}, files=files).status_code == 400


def test_requests_without_pictures_or_with_strange_ones_are_refused(
    client: TestClient, png: Pictures
) -> None:
    bodies: list[tuple[dict[str, Any], int]] = [
        ({"json": {}}, 400),
        ({"json": {"images": []}}, 400),
        ({"json": {"images": ["%"]}}, 400),
        ({"json": {"images": [1]}}, 400),
        ({"data": {"name": "a"}, "files": [("photo", png("ada"))]}, 400),
        ({"content": png("ada"), "headers": {"Content-Type": "text/plain"}}, 415),
        ({"content": png("ada")}, 415),
        ({"files": [("images", b"x")] * 65}, 413),
        ({"json": {"images": ["eA=="] * 65}}, 413),
    ]
    for body, status in bodies:
        assert client.post(PATH, **body).status_code == status, body.keys()


def test_ids_that_no_path_can_hold_are_refused(
    client: TestClient, services: Services, png: Pictures
) -> None:
    for ident in ("a%2Fb", "a%00", "a%0Ab", "a%C2%85", "%2E%2E"):
        answer = client.post(PATH.replace("ada", ident), content=png("ada"), headers=PNG)
        assert code(answer) == (400, "input"), ident
    long = client.post(PATH.replace("ada", "x" * 201), content=png("ada"), headers=PNG)
    assert long.status_code == 422
    assert services.gallery.collections()[0].subjects == 0


def test_enrolment_is_audited_with_its_request_and_key(
    client: TestClient, services: Services, png: Pictures
) -> None:
    key, token = services.keys.create("test", [Scope.ENROL])
    headers = PNG | {"X-API-Key": token, "X-Request-Id": "request-0005"}
    client.post(PATH, content=png("ada"), headers=headers)
    [record] = services.gallery.audit_page(request="request-0005")
    assert (record.action, record.details["key"]) == (Action.ENROL, key.id)


def test_enrolling_needs_its_scope_in_the_collection(
    client: TestClient, services: Services, png: Pictures
) -> None:
    def post(scope: Scope, only: tuple[str, ...] | None = None, **asked: Any) -> Any:
        _, token = services.keys.create("test", [scope], collections=only)
        headers = PNG | {"X-API-Key": token}
        return client.post(PATH, content=png("ada"), headers=headers, params=asked)

    assert code(post(Scope.IDENTIFY)) == (403, "forbidden")
    assert code(post(Scope.ENROL, only=("other",))) == (403, "forbidden")
    assert code(post(Scope.ENROL, threshold=0.3)) == (403, "forbidden")
    assert code(client.post(PATH, content=png("ada"), headers=PNG)) == (401, "unauthorized")
    slashed = PATH.replace("ada", "a%2Fb")
    assert code(client.post(slashed, content=png("ada"), headers=PNG)) == (401, "unauthorized")
    assert post(Scope.ENROL, only=("default",)).status_code == 201


def test_an_unknown_collection_and_one_of_another_model_are_refused(
    client: TestClient, services: Services, png: Pictures
) -> None:
    services.gallery.collection("old", model="fake-0", dim=32)
    for name, *expected in (("none", 404, "unknown_subject"), ("old", 409, "model_mismatch")):
        path = PATH.replace("default", name)
        assert code(client.post(path, content=png("ada"), headers=PNG)) == tuple(expected)
