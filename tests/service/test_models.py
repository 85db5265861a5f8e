"""What the service says of its models and its policy."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from visavis.build import cards_of, checks_of
from visavis.errors import ConfigError
from visavis.gallery.gallery import Gallery
from visavis.gallery.vault import Keyring
from visavis.liveness.fusion import Fused
from visavis.service.apikeys import Scope
from visavis.service.app import create_app
from visavis.service.opening import assemble
from visavis.service.state import Services
from visavis.settings import Settings
from visavis.targets import Combination, FusionTable, LivenessTable
from visavis.testing import CALIBRATION, FakeDetector, FakeEmbedder, FakeLiveness, FakeLooker

PATHS = ("/v1/models", "/v1/models/calibration", "/v1/models/liveness", "/v1/policy")
Opening = Callable[..., TestClient]


@pytest.fixture
def opening(settings: Settings) -> Opening:
    """A client of a service with another check or embedder; it is closed with the block."""

    def of(check: Any = None, embedder: Any = None) -> TestClient:
        gallery = Gallery(settings.gallery, Keyring([bytes(range(32))]))
        services = assemble(
            settings, FakeDetector(), embedder or FakeEmbedder(), check or FakeLiveness(), gallery
        )
        services.closing.callback(gallery.close)
        return TestClient(create_app(services), base_url="http://127.0.0.1:8600")

    return of


def test_models_with_their_terms(client: TestClient, services: Services) -> None:
    items = client.get("/v1/models").json()["items"]
    expected = dict.fromkeys((*cards_of(services.settings), *checks_of(services.settings)))
    assert [item["id"] for item in items] == [card.id for card in expected]
    assert {"detect", "embed", "liveness"} == {item["task"] for item in items}
    for item, card in zip(items, expected, strict=True):
        assert (item["sha256"], item["licence"]) == (card.sha256, card.licence)
        assert (item["source"], item["limits"]) == (card.source, card.limits)
        names = [(s["name"], s["terms"]) for s in item["training_data"]]
        assert names == [(s.name, s.terms) for s in card.training_data]


def test_the_calibration(client: TestClient) -> None:
    found = client.get("/v1/models/calibration").json()
    assert (found["model"], found["dataset"], found["pairs"]) == ("fake-1", "synthetic", 10_000_000)
    assert [(p["fmr"], p["threshold"]) for p in found["points"]] == list(CALIBRATION.points)
    assert found["points"][0]["low"] is None
    assert (found["measured"], found["tail"]) == (None, None)


def test_a_real_calibration(opening: Opening) -> None:
    from visavis.models.calibration import table

    class Calibrated(FakeEmbedder):
        def __init__(self) -> None:
            super().__init__()
            self.calibration = table("sface-2021dec-int8bq")  # type: ignore[assignment]

    with opening(embedder=Calibrated()) as client:
        found = client.get("/v1/models/calibration").json()
    assert found["identities"] > 1000
    assert found["tail"]["kind"] in ("pareto", "quadratic")
    assert all(p["low"] <= p["fmr"] <= p["high"] for p in found["points"] if p["low"])


def test_an_embedder_of_which_nothing_was_measured(opening: Opening) -> None:
    class Uncalibrated(FakeEmbedder):
        def __init__(self) -> None:
            super().__init__()
            del self.calibration

        def __getattr__(self, name: str) -> Any:
            if name == "calibration":
                raise ConfigError("fake-1 has no calibration table")
            raise AttributeError(name)

    with opening(embedder=Uncalibrated()) as client:
        answer = client.get("/v1/models/calibration")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_a_check_without_a_table(client: TestClient) -> None:
    answer = client.get("/v1/models/liveness")
    assert answer.status_code == 200
    assert answer.json() is None


def test_the_liveness_table(opening: Opening, settings: Settings) -> None:
    points = ((0.2, 0.01, 0.4), (0.5, 0.05, 0.1), (0.8, 0.2, 0.01))
    measured = LivenessTable(points, "people, 100", "attacks, 200")
    fused = Fused([FakeLooker("one")], FusionTable((Combination(("one",), (1.0,), 0.0, measured),)))
    with opening(fused) as client:
        (found,) = client.get("/v1/models/liveness").json()["combinations"]
    assert (found["checks"], found["bona_fide"], found["attacks"]) == (
        ["one"],
        "people, 100",
        "attacks, 200",
    )
    assert found["threshold"] == measured.threshold(settings.live) == 0.5
    assert [(p["threshold"], p["bpcer"], p["apcer"]) for p in found["points"]] == list(points)


def test_the_policy(client: TestClient, services: Services) -> None:
    found, policy = client.get("/v1/policy").json(), services.policy
    for name in ("fmr", "fpir", "threshold", "top_k", "face", "review", "liveness", "beyond"):
        assert found[name] == getattr(policy, name)
    assert found["limits"]["min_size"] == policy.limits.min_size
    assert found["live"] == {"bpcer": 0.05, "apcer": None, "threshold": None}
    assert (found["loosest_fmr"], found["loosest_fpir"]) == (0.01, 0.1)


@pytest.mark.parametrize("path", PATHS)
def test_any_valid_key_will_do(client: TestClient, services: Services, path: str) -> None:
    for scope in (Scope.DETECT, Scope.AUDIT):
        _, token = services.keys.create("k", [scope], collections=["other"])
        assert client.get(path, headers={"X-API-Key": token}).status_code == 200
    assert client.get(path).status_code == 401
    assert client.get(path, headers={"X-API-Key": "vv_x"}).status_code == 401
