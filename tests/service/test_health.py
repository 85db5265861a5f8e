"""Is it alive, is it ready, what has it done."""

from collections.abc import Callable
from dataclasses import replace

from starlette.testclient import TestClient

from visavis import __version__
from visavis.service.app import create_app
from visavis.service.database import DatabaseUnusable
from visavis.service.metrics import CONTENT_TYPE
from visavis.service.state import Services
from visavis.service.watching import Finding, Probe, Readiness

HOME = "http://127.0.0.1:8600"


def with_parts(services: Services, **probes: Probe) -> TestClient:
    return TestClient(create_app(replace(services, readiness=Readiness(probes))), base_url=HOME)


def test_alive(client: TestClient) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok")


def test_ready(services: Services) -> None:
    client = with_parts(services, gallery=lambda: True, disk=lambda: Finding(True, "9 MB left"))
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True,
        "version": __version__,
        "parts": {"gallery": "ok", "disk": "ok"},
    }


def test_the_parts_of_the_service(client: TestClient) -> None:
    found = client.get("/readyz").json()
    assert set(found["parts"]) >= {"gallery", "keys", "disk", "workers"}


def test_a_part_that_does_not_work(services: Services) -> None:
    def broken() -> None:
        raise RuntimeError("/var/lib/secret")

    def locked() -> None:
        raise DatabaseUnusable("/var/lib/secret")

    client = with_parts(
        services,
        gallery=lambda: True,
        disk=lambda: Finding(False, "3 MB left"),
        keys=locked,
        models=broken,
    )
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["ready"] is False
    assert answer.json()["parts"] == {
        "gallery": "ok",
        "disk": "3 MB left",
        "keys": "database",
        "models": "internal",
    }
    assert "secret" not in answer.text
    assert client.get("/healthz").status_code == 200


def test_ready_again(services: Services) -> None:
    state = {"ok": False}
    client = with_parts(services, gallery=lambda: state["ok"])
    assert client.get("/readyz").status_code == 503
    state["ok"] = True
    assert client.get("/readyz").status_code == 200


def test_figures(client: TestClient, png: Callable[..., bytes]) -> None:
    headers = {"Content-Type": "image/png"}
    assert client.post("/v1/detect", content=png("ada"), headers=headers).status_code == 200
    client.get("/v1/collections/nobody-knows-this")
    client.get("/nobody-knows-this-either")
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == CONTENT_TYPE
    assert any("/v1/detect" in line and 'status="200"' in line for line in answer.text.splitlines())
    assert "/v1/collections/{collection}" in answer.text
    assert "unmatched" in answer.text
    assert "nobody-knows" not in answer.text


def test_metrics_count_jobs_by_state(client: TestClient, png: Callable[..., bytes]) -> None:
    assert "visavis_jobs{" not in client.get("/metrics").text
    made = client.post(
        "/v1/collections/default/jobs", files=[("images", ("ada/1.png", png("ada"), "image/png"))]
    )
    assert made.status_code == 202
    assert "visavis_jobs{state=" in client.get("/metrics").text
