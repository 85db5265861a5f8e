"""Many pictures in one request: each with its own answer."""

import asyncio
import base64
import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from visavis.gallery.gallery import Gallery
from visavis.gallery.vault import Keyring
from visavis.service.apikeys import Scope
from visavis.service.app import create_app
from visavis.service.opening import assemble
from visavis.service.state import Services
from visavis.settings import Settings
from visavis.testing import FakeDetector, FakeEmbedder, FakeLiveness
from visavis.types import Face, Image

Png = Callable[..., bytes]
DETECT, EMBED = "/v1/batch/detect", "/v1/batch/embed"
IDENTIFY = "/v1/collections/default/batch/identify"


def form(*images: bytes) -> dict[str, Any]:
    return {"files": [("images", (f"{i}.png", image)) for i, image in enumerate(images)]}


def test_each_picture_has_its_answer(client: TestClient, png: Png) -> None:
    answer = client.post(DETECT, **form(png("ada", "ben"), b"no picture", png()))
    assert answer.status_code == 200
    items = answer.json()["items"]
    assert [item["index"] for item in items] == [0, 1, 2]
    assert [len(items[i]["result"]["faces"]) for i in (0, 2)] == [2, 0]
    assert items[0]["result"]["width"] == 192
    assert items[0]["error"] is None
    assert items[1]["result"] is None
    assert items[1]["error"]["code"] == "bad_image"
    single = client.post("/v1/detect", files={"image": ("1.png", png("ada", "ben"))}).json()
    assert items[0]["result"] == single


def test_json_does_as_well(client: TestClient, png: Png) -> None:
    texts = [base64.b64encode(png(name)).decode() for name in ("ada", "ben")]
    answer = client.post(DETECT, json={"images": texts})
    assert [len(i["result"]["faces"]) for i in answer.json()["items"]] == [1, 1]
    assert client.post(DETECT, json={"images": ["!"]}).status_code == 400


@pytest.mark.parametrize("path", [DETECT, EMBED, IDENTIFY])
def test_a_batch_needs_pictures(client: TestClient, path: str, png: Png) -> None:
    assert client.post(path, json={"images": []}).status_code == 400
    assert client.post(path, files={"image": ("1.png", png("ada"))}).status_code == 400
    too_many = client.post(path, json={"images": ["eA=="] * 65})
    assert (too_many.status_code, too_many.json()["error"]["code"]) == (413, "request_too_large")


def test_embed(client: TestClient, png: Png) -> None:
    items = client.post(EMBED, **form(png("ada"), png())).json()["items"]
    assert len(items[0]["result"]["faces"][0]["embedding"]) == 32
    assert items[1]["result"]["faces"] == []


def test_identify(client: TestClient, services: Services, png: Png) -> None:
    services.recognizers.of("default").enrol("ada", [png("ada")])
    items = client.post(IDENTIFY, **form(png("ada", "eve"), b"x")).json()["items"]
    faces = items[0]["result"]["faces"]
    assert [(f["decision"], f["subject"]) for f in faces] == [("match", "ada"), ("unknown", None)]
    assert items[1]["error"]["code"] == "bad_image"
    lost = client.post("/v1/collections/none/batch/identify", **form(png("ada")))
    assert lost.status_code == 404


def test_the_policy_of_the_request(client: TestClient, png: Png) -> None:
    assert client.post(IDENTIFY, params={"fpir": 0.5}, **form(png("ada"))).status_code == 400
    assert client.post(EMBED, params={"liveness": "x"}, **form(png("ada"))).status_code == 422
    items = client.post(EMBED, params={"liveness": "report"}, **form(png("ada"))).json()["items"]
    assert items[0]["result"]["faces"][0]["sample"]["liveness"]["live"] is True


def test_every_picture_is_recorded(client: TestClient, services: Services, png: Png) -> None:
    client.post(DETECT, headers={"X-Request-Id": "request-1"}, **form(png("ada"), png("ben")))
    client.post(IDENTIFY, headers={"X-Request-Id": "request-2"}, **form(png("ada", "ben")))
    detected = services.gallery.audit_page(request="request-1")
    assert {(r.action, r.details["faces"], r.details["item"]) for r in detected} == {
        ("detect", 1, 0),
        ("detect", 1, 1),
    }
    assert [r.action for r in services.gallery.audit_page(request="request-2")] == ["identify"] * 2


def test_an_error_inside_tells_nothing(
    client: TestClient, services: Services, png: Png, monkeypatch: pytest.MonkeyPatch
) -> None:
    from visavis.errors import CorruptWeights

    def broken(*_: Any) -> Any:
        raise CorruptWeights("/secret/path")

    monkeypatch.setattr(type(services.pipeline.detector), "detect", broken)
    items = client.post(DETECT, **form(png("ada"))).json()["items"]
    assert items[0]["error"]["code"] == "corrupt_weights"
    assert "secret" not in str(items)


def test_scopes(client: TestClient, services: Services, png: Png) -> None:
    def status(path: str, *scopes: Scope, collections: list[str] | None = None) -> int:
        _, token = services.keys.create("k", scopes, collections=collections)
        return client.post(path, headers={"X-API-Key": token}, **form(png("ada"))).status_code

    assert status(DETECT, Scope.DETECT) == 200
    assert status(DETECT, Scope.IDENTIFY) == 403
    assert status(EMBED, Scope.DETECT) == 403
    assert status(EMBED, Scope.DETECT, Scope.SCORES) == 200
    assert status(IDENTIFY, Scope.IDENTIFY) == 200
    assert status(IDENTIFY, Scope.IDENTIFY, collections=["other"]) == 403


class Gauge(FakeDetector):
    """Notes how many pictures are looked at at a time, and can hold them."""

    def __init__(self, together: int) -> None:
        self.most = self._now = 0
        self._lock = threading.Lock()
        self._meeting = threading.Barrier(together)

    def detect(self, image: Image) -> list[Face]:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        self._meeting.wait(5)
        with self._lock:
            self._now -= 1
        return super().detect(image)


def open_with(settings: Settings, detector: FakeDetector, **service: Any) -> Services:
    changed = settings.service.model_copy(update=service)
    gallery = Gallery(settings.gallery, Keyring([bytes(range(32))]))
    own = settings.model_copy(update={"service": changed})
    services = assemble(own, detector, FakeEmbedder(), FakeLiveness(), gallery)
    services.closing.callback(gallery.close)
    return services


def test_pictures_are_worked_on_side_by_side_and_none_waits_in_the_queue(
    settings: Settings, png: Png
) -> None:
    gauge = Gauge(together=2)
    services = open_with(settings, gauge, workers=2, waiting=0)
    with TestClient(create_app(services), base_url="http://127.0.0.1:8600") as client:
        items = client.post(DETECT, **form(*[png("ada")] * 6)).json()["items"]
    assert all(item["error"] is None for item in items)
    assert gauge.most == 2


def test_a_batch_that_gets_no_turn_is_told_to_wait(settings: Settings, png: Png) -> None:
    services = open_with(settings, FakeDetector(), workers=1, waiting=0)
    app = create_app(services)

    async def scene() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        release = threading.Event()
        taken = asyncio.create_task(services.workers.run(lambda: release.wait(5)))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            await asyncio.sleep(0)
            answer = await client.post(DETECT, **form(png("ada"), png("ben")))
        release.set()
        await taken
        return answer

    answer = asyncio.run(scene())
    services.close()
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) >= 1


def test_every_picture_counts_against_the_rate(settings: Settings, png: Png) -> None:
    services = open_with(settings, FakeDetector(), rate=0.001, burst=10)
    with TestClient(create_app(services), base_url="http://127.0.0.1:8600") as client:
        assert client.post(DETECT, **form(*[png()] * 8)).status_code == 200
        again = client.post(DETECT, **form(*[png()] * 8))
        assert (again.status_code, again.json()["error"]["code"]) == (429, "rate_limited")
