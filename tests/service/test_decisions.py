"""Compare, verify and identify on fakes; back-off and the alarm after failures."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

from visavis.audit import Action
from visavis.service.apikeys import Scope
from visavis.service.backoff import Backoff
from visavis.service.state import Services
from visavis.testing import FakeLiveness
from visavis.types import Liveness

Pictures = Callable[..., bytes]
HOME = "/v1/collections/default"
ADA = f"{HOME}/subjects/ada/verify"
IDENTIFY = f"{HOME}/identify"


@pytest.fixture
def clock() -> list[float]:
    """The time of the back-off, which stands still."""
    return [0.0]


@pytest.fixture
def services(services: Services, clock: list[float], png: Pictures) -> Services:
    """With Ada and Ben enrolled."""
    recognizer = services.recognizers.of("default")
    for person in ("ada", "ben"):
        recognizer.enrol(person, png(person))
    return replace(services, backoff=Backoff(clock=lambda: clock[0]))


def post(client: TestClient, path: str, photo: bytes, token: str = "") -> Any:
    headers = {"Content-Type": "image/png"} | ({"X-API-Key": token} if token else {})
    return client.post(path, content=photo, headers=headers)


def compare(client: TestClient, a: bytes, b: bytes, token: str = "", query: str = "") -> Any:
    headers = {"X-API-Key": token} if token else {}
    return client.post(f"/v1/compare{query}", files={"a": a, "b": b}, headers=headers)


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def statuses(client: TestClient, photo: bytes, times: int, token: str = "") -> list[int]:
    return [post(client, ADA, photo, token).status_code for _ in range(times)]


def token_for(services: Services, *scopes: Scope) -> str:
    return services.keys.create("test", scopes or [Scope.IDENTIFY])[1]


def test_compare_tells_one_person_from_two(client: TestClient, png: Pictures) -> None:
    same = compare(client, png("ada"), png("ada", noise=4)).json()
    other = compare(client, png("ada"), png("ben")).json()
    assert (same["accepted"], other["accepted"]) == (True, False)
    assert same["score"] > same["threshold"]["score"] == 0.4 > other["score"]
    assert (same["threshold"]["rate"], same["threshold"]["extrapolated"]) == (1e-4, False)
    assert (len(same["samples"]), same["subject"], same["model"]) == (2, None, "fake-1")


def test_compare_needs_both_photos_with_one_face_each(client: TestClient, png: Pictures) -> None:
    ada = png("ada")
    assert code(compare(client, ada, png())) == (422, "no_face")
    assert code(compare(client, png("ada", "ben"), ada)) == (422, "many_faces")
    assert compare(client, png("ada", "ben"), ada, query="?face=largest").json()["accepted"]
    for files in ({"a": ada}, {"b": ada}, {"image": ada}):
        assert code(client.post("/v1/compare", files=files)) == (400, "invalid_request")
    assert code(post(client, "/v1/compare", ada)) == (400, "invalid_request")


def test_verify_tells_the_subject_from_others(client: TestClient, png: Pictures) -> None:
    found = post(client, ADA, png("ada", noise=4)).json()
    other = post(client, ADA, png("ben")).json()
    assert (found["accepted"], found["subject"], len(found["samples"])) == (True, "ada", 1)
    assert (other["accepted"], other["subject"]) == (False, "ada")
    assert found["score"] > found["threshold"]["score"] > other["score"]


def test_verify_of_nobody_known_is_404(client: TestClient, png: Pictures) -> None:
    for path in (f"{HOME}/subjects/zoe/verify", "/v1/collections/none/subjects/ada/verify"):
        assert code(post(client, path, png("ada"))) == (404, "unknown_subject")
    assert code(post(client, "/v1/collections/none/identify", png("ada")))[0] == 404


def test_verify_wants_one_face(client: TestClient, png: Pictures) -> None:
    assert code(post(client, ADA, png())) == (422, "no_face")
    assert code(post(client, ADA, png("ada", "ben"))) == (422, "many_faces")
    assert post(client, f"{ADA}?face=largest", png("ada", "ben")).json()["accepted"]


def test_identify_names_each_face_or_says_unknown(client: TestClient, png: Pictures) -> None:
    body = post(client, IDENTIFY, png("ben", "zoe", "ada")).json()
    assert [(face["decision"], face["subject"]) for face in body["faces"]] == [
        ("match", "ben"),
        ("unknown", None),
        ("match", "ada"),
    ]
    assert (body["templates"], body["model"]) == (2, "fake-1")
    first = body["faces"][0]
    assert [candidate["subject"] for candidate in first["candidates"]] == ["ben", "ada"]
    assert first["margin"] == pytest.approx(
        first["candidates"][0]["score"] - first["candidates"][1]["score"], abs=1e-5
    )
    assert post(client, IDENTIFY, png()).json()["faces"] == []
    assert (
        len(post(client, f"{IDENTIFY}?top_k=1", png("ben")).json()["faces"][0]["candidates"]) == 1
    )


def places(scores: Sequence[float]) -> int:
    """The most decimals that one of the scores has."""
    return max(len(repr(score).partition(".")[2]) for score in scores)


def test_scores_are_rounded_without_the_scope_for_them(
    client: TestClient, services: Services, png: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeLiveness, "check", lambda *asked: Liveness(0.87654321, 0.5, None, ()))
    photo = png("ada", noise=6)

    def scores(token: str) -> list[float]:
        query = "?liveness=report"
        one = compare(client, photo, png("ada"), token, query).json()
        two = post(client, ADA + query, photo, token).json()
        [face] = post(client, IDENTIFY + query, photo, token).json()["faces"]
        samples = [*one["samples"], *two["samples"], face["sample"]]
        return [
            one["score"],
            two["score"],
            face["margin"],
            *(candidate["score"] for candidate in face["candidates"]),
            *(sample["liveness"]["score"] for sample in samples),
        ]

    rounded = scores(token_for(services))
    exact = scores(token_for(services, Scope.IDENTIFY, Scope.SCORES))
    assert places(rounded) <= 2 < places(exact) <= 6
    assert rounded == [pytest.approx(score, abs=0.005001) for score in exact]


def test_decisions_need_the_scope_and_the_collection(
    client: TestClient, services: Services, png: Pictures
) -> None:
    ada = png("ada")
    wrong = token_for(services, Scope.DETECT, Scope.ENROL, Scope.SCORES)
    _, elsewhere = services.keys.create("test", [Scope.IDENTIFY], collections=["staff"])
    for path in (ADA, IDENTIFY):
        assert code(post(client, path, ada)) == (401, "unauthorized")
        assert code(post(client, path, ada, wrong)) == (403, "forbidden")
        assert code(post(client, path, ada, elsewhere)) == (403, "forbidden")
        assert post(client, path, ada, token_for(services)).status_code == 200
    assert code(compare(client, ada, ada, wrong)) == (403, "forbidden")
    assert compare(client, ada, ada, elsewhere).status_code == 200


def test_each_leaves_an_audit_record_with_its_request_and_key(
    client: TestClient, services: Services, png: Pictures
) -> None:
    key, token = services.keys.create("test", [Scope.IDENTIFY])
    asked: list[tuple[Any, Action, dict[str, Any]]] = [
        (compare(client, png("ada"), png("ben"), token), Action.COMPARE, {"accepted": False}),
        (post(client, ADA, png("ada"), token), Action.VERIFY, {"accepted": True}),
        (post(client, IDENTIFY, png("ada"), token), Action.IDENTIFY, {"decision": "match"}),
    ]
    for answer, action, details in asked:
        ident = answer.headers["X-Request-Id"]
        [record] = services.gallery.audit_page(request=ident)
        assert record.action == action
        assert record.details.items() >= {**details, "request": ident, "key": key.id}.items()
        assert record.subject != "ada"
    several = post(client, IDENTIFY, png("ada", "zoe"), token).headers["X-Request-Id"]
    assert len(services.gallery.audit_page(request=several)) == 2


def test_after_five_failures_a_key_has_to_wait(
    client: TestClient, services: Services, png: Pictures, clock: list[float]
) -> None:
    token, other = token_for(services), token_for(services)
    assert statuses(client, png("ben"), 5, token) == [200] * 5
    refused = post(client, ADA, png("ada"), token)
    assert code(refused) == (429, "backed_off")
    assert refused.headers["Retry-After"] == "1"
    ben = f"{HOME}/subjects/ben/verify"
    assert post(client, ben, png("ben"), token).status_code == 200
    assert post(client, ADA, png("ada"), other).json()["accepted"]
    assert statuses(client, png("ada"), 1, token) == [429]
    clock[0] = 1.0
    assert statuses(client, png("ben"), 2, token) == [200, 429]
    assert post(client, ADA, png("ada"), token).headers["Retry-After"] == "2"


def test_a_success_ends_the_row_of_failures(client: TestClient, png: Pictures) -> None:
    for _ in range(2):
        assert statuses(client, png("ben"), 4) == [200] * 4
        assert post(client, ADA, png("ada")).json()["accepted"]
    assert statuses(client, png("ben"), 6) == [200] * 5 + [429]


def test_a_face_that_is_not_live_is_a_failure(
    client: TestClient, png: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeLiveness, "check", lambda *asked: Liveness(0.1, 0.5, "print", ()))
    strict = f"{ADA}?liveness=require"
    for _ in range(5):
        assert code(post(client, strict, png("ada"))) == (422, "not_live")
    assert code(post(client, strict, png("ada"))) == (429, "backed_off")


def test_photos_that_decide_nothing_are_no_failures(client: TestClient, png: Pictures) -> None:
    assert statuses(client, png(), 8) == [422] * 8
    assert statuses(client, b"no picture", 8) == [400] * 8
    assert post(client, ADA, png("ada")).json()["accepted"]


def test_many_failures_of_several_keys_raise_one_alarm(
    client: TestClient, services: Services, png: Pictures
) -> None:
    keys = [services.keys.create("test", [Scope.IDENTIFY]) for _ in range(5)]
    before = services.metrics.render()
    for _, token in keys[:3]:
        assert statuses(client, png("ben"), 5, token) == [200] * 5
    last, token = keys[3]
    assert statuses(client, png("ben"), 4, token) == [200] * 4
    assert services.gallery.audit_page(action=Action.ALERT) == []
    ident = post(client, ADA, png("ben"), token).headers["X-Request-Id"]
    [record] = services.gallery.audit_page(action=Action.ALERT)
    [verified] = services.gallery.audit_page(action=Action.VERIFY, request=ident)
    assert record.collection == "default"
    assert record.subject == verified.subject != "ada"
    assert record.details == {
        "failures": 20,
        "keys": ", ".join(sorted(key.id for key, _ in keys[:4])),
        "request": ident,
        "key": last.id,
    }
    told = b'visavis_alerts_total{kind="verify_failures"} 1.0'
    assert told not in before
    assert told in services.metrics.render()
    assert statuses(client, png("ben"), 1, keys[4][1]) == [200]
    assert len(services.gallery.audit_page(action=Action.ALERT)) == 1
