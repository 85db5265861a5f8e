"""What a request may say about its decision, and what only the service may."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError
from starlette.testclient import TestClient

from visavis.errors import InputError
from visavis.policy import Policy
from visavis.service.apikeys import Scope
from visavis.service.app import create_app
from visavis.service.auth import Caller, Forbidden
from visavis.service.schemas.policy import PolicyQuery
from visavis.service.state import Services
from visavis.serving import ServiceSettings
from visavis.testing import FakeLiveness
from visavis.types import Liveness

Pictures = Callable[..., bytes]
BASE = Policy()
LIMITS = ServiceSettings(loosest_fmr=1e-3, loosest_fpir=0.05)
PLAIN = Caller("k", "test", frozenset({Scope.IDENTIFY}))
IDENTIFY = "/v1/collections/default/identify"


def applied(base: Policy = BASE, caller: Caller = PLAIN, **asked: Any) -> Policy:
    return PolicyQuery(**asked).applied(base, LIMITS, caller)


def post(client: TestClient, path: str, photo: bytes, token: str = "") -> Any:
    headers = {"Content-Type": "image/png"} | ({"X-API-Key": token} if token else {})
    return client.post(path, content=photo, headers=headers)


def test_who_asks_for_nothing_gets_what_is_set() -> None:
    base = Policy(fmr=0.1, fpir=0.5, threshold=0.2, liveness="report")
    assert applied(base) == base


def test_what_is_asked_for_is_applied_and_nothing_else() -> None:
    asked: dict[str, Any] = {
        "fmr": 1e-5,
        "fpir": 0.02,
        "top_k": 7,
        "face": "central",
        "liveness": "report",
    }
    assert applied(**asked) == Policy(
        fmr=1e-5, fpir=0.02, top_k=7, face="central", liveness="report"
    )
    base = Policy(margin=0.1, review="strict", beyond="refuse")
    assert applied(base, fmr=1e-5) == replace(base, fmr=1e-5)


@pytest.mark.parametrize(("name", "most"), [("fmr", 1e-3), ("fpir", 0.05)])
def test_a_rate_is_no_looser_than_the_service_allows(name: str, most: float) -> None:
    asked: dict[str, Any] = {name: most}
    assert getattr(applied(**asked), name) == most
    with pytest.raises(InputError, match=f"{name} of {most:g} or less"):
        applied(**{name: asked[name] * 1.01})


def test_a_threshold_needs_the_scope_for_scores() -> None:
    with pytest.raises(Forbidden, match="scores"):
        applied(threshold=0.3)
    for scope in (Scope.SCORES, Scope.ADMIN):
        caller = Caller("k", "test", frozenset({scope}))
        assert applied(caller=caller, threshold=0.0).threshold == 0.0


@pytest.mark.parametrize(
    ("is_set", "asked", "holds"),
    [
        ("off", "off", "off"),
        ("off", "report", "report"),
        ("off", "require", "require"),
        ("report", "off", "report"),
        ("report", "report", "report"),
        ("report", "require", "require"),
        ("require", "off", "require"),
        ("require", "report", "require"),
        ("require", "require", "require"),
    ],
)
def test_liveness_is_made_stricter_never_laxer(is_set: Any, asked: str, holds: str) -> None:
    assert applied(Policy(liveness=is_set), liveness=asked).liveness == holds


@pytest.mark.parametrize(
    "asked",
    [
        {"fmr": 0},
        {"fmr": 1},
        {"fpir": -0.1},
        {"fpir": "nan"},
        {"threshold": 1.1},
        {"threshold": "inf"},
        {"top_k": 0},
        {"top_k": 51},
        {"face": "all"},
        {"liveness": "never"},
        {"margin": 0.0},
        {"fmrr": 1e-3},
    ],
)
def test_what_cannot_be_asked_for_is_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PolicyQuery(**asked)


def test_the_rates_of_a_request_decide(client: TestClient, png: Pictures) -> None:
    photo = png("ada")

    def threshold(query: str) -> Any:
        answer = client.post(f"/v1/compare{query}", files={"a": photo, "b": photo})
        return answer.json()["threshold"]

    assert threshold("?fmr=1e-6") == {"score": 0.5, "rate": 1e-6, "extrapolated": False}
    assert threshold("") == {"score": 0.4, "rate": 1e-4, "extrapolated": False}
    assert threshold("?threshold=0.25") == {"score": 0.25, "rate": None, "extrapolated": False}


def test_every_decision_refuses_what_the_service_does_not_allow(
    client: TestClient, services: Services, png: Pictures
) -> None:
    _, token = services.keys.create("test", [Scope.IDENTIFY])
    services.recognizers.of("default").enrol("ada", png("ada"))
    paths = ("/v1/collections/default/subjects/ada/verify", IDENTIFY)
    wrong = [
        ("fmr=0.02", 400, "input"),
        ("fpir=0.2", 400, "input"),
        ("threshold=0.1", 403, "forbidden"),
        ("fmr=2", 422, "invalid_request"),
        ("margin=0", 422, "invalid_request"),
    ]
    for query, status, code in wrong:
        answers = [post(client, f"{path}?{query}", png("ada"), token) for path in paths]
        files = {"a": png("ada"), "b": png("ada")}
        headers = {"X-API-Key": token}
        answers.append(client.post(f"/v1/compare?{query}", files=files, headers=headers))
        for answer in answers:
            assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), query


@pytest.mark.parametrize("query", ["", "?liveness=off", "?liveness=report"])
def test_a_service_that_requires_liveness_cannot_be_talked_out_of_it(
    services: Services, png: Pictures, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    services.recognizers.of("default").enrol("ada", png("ada"))
    monkeypatch.setattr(FakeLiveness, "check", lambda *asked: Liveness(0.1, 0.5, "print", ()))
    strict = services.settings.model_copy(update={"liveness": "require"})
    app = create_app(replace(services, settings=strict))
    photo = png("ada")
    with TestClient(app, base_url="http://127.0.0.1:8600") as client:
        verified = post(client, f"/v1/collections/default/subjects/ada/verify{query}", photo)
        compared = client.post(f"/v1/compare{query}", files={"a": photo, "b": photo})
        [face] = post(client, IDENTIFY + query, photo).json()["faces"]
    for answer in (verified, compared):
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "not_live")
    assert (face["decision"], face["subject"]) == ("not_live", None)
