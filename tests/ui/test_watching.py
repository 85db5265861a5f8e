"""Cameras in a browser, where there is one: added, seen at work, followed, stopped, forgotten."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("scipy", reason="the video extra is not installed")

from service.cameras.conftest import Showing
from service.cameras.conftest import services as services
from service.conftest import LIMITS
from streams import Camera, camera
from ui.test_browser import CHROMIUM
from ui.test_browser import page as page
from ui.test_browser import url as url
from visavis.client import Client
from visavis.service.apikeys import Scope
from visavis.service.state import Services
from visavis.settings import Settings
from visavis.testing import fake_photo

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
LIT = """(canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.some((value, at) => at % 4 !== 3 && value > 40);
}"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Cameras may be on this machine."""
    service = {"ui": False, "camera_hosts": ["127.0.0.1"]}
    return Settings.load(gallery=tmp_path / "gallery", limits=LIMITS, service=service)


@pytest.fixture
def film() -> Iterator[Camera]:
    with camera(Showing("ada")) as found:
        yield found


def enter(page: Any, url: str, token: str) -> None:
    page.goto(f"{url}/ui/")
    page.fill("#key", token)
    page.click("button")
    page.locator('#tabs [role="tab"]:has-text("Cameras")').click()


def test_a_camera_from_its_address_to_whom_it_saw(
    url: str, page: Any, services: Services, film: Camera
) -> None:
    services.recognizers.of("default").enrol("ada", fake_photo("ada"), name="Ada Lovelace")
    token = services.keys.create("guard", [Scope.ADMIN])[1]
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    enter(page, url, token)
    page.click(".vv-new")
    page.fill("#cameras-add input >> nth=0", "door")
    page.fill("#cameras-source input", f"http://user:secret@{film.place}/1")
    page.click("#cameras-go")
    card = page.locator(".vv-camera")
    card.locator("canvas").wait_for()
    assert card.locator("canvas").evaluate(LIT)
    card.get_by_text("1 person in view").wait_for()
    assert "watching" in card.inner_text()
    assert page.input_value("#cameras-source input") == ""
    page.locator('.vv-sighting:has-text("Ada Lovelace")').wait_for()
    page.locator('.vv-sightings :text-is("following")').wait_for()
    card.locator('[data-do="stop"]').click()
    card.locator('[data-do="start"]').wait_for()
    card.locator("canvas").wait_for(state="hidden")
    page.locator('.vv-sighting:not(:has-text("still in view"))').wait_for()
    card.locator('[data-do="forget"]').click()
    assert card.locator('[data-do="forget"]').inner_text() == "Forget for good?"
    card.locator('[data-do="forget"]').click()
    card.wait_for(state="detached")
    assert page.locator(".vv-sighting").count() == 1
    told = page.content() + "".join(asked)
    assert token not in told
    assert "secret" not in told


def test_a_key_that_may_only_look(url: str, page: Any, services: Services, film: Camera) -> None:
    admin = services.keys.create("guard", [Scope.ADMIN])[1]
    token = services.keys.create("desk", [Scope.IDENTIFY])[1]
    add(url, admin, film)
    enter(page, url, token)
    page.locator(".vv-camera canvas").wait_for()
    page.locator(".vv-why").wait_for()
    assert "scope admin" in page.inner_text(".vv-why")
    assert page.locator(".vv-camera .vv-tools button:visible").count() == 0
    assert page.locator(".vv-new:visible").count() == 0


def test_a_key_without_the_scope_sees_why_alone(url: str, page: Any, services: Services) -> None:
    enter(page, url, services.keys.create("kiosk", [Scope.DETECT])[1])
    page.locator("#tab-cameras .vv-lacking").wait_for()
    page.locator("#cameras").wait_for(state="hidden")
    page.locator("#sightings").wait_for(state="hidden")
    assert "lacks the scope identify" in page.inner_text("#tab-cameras")


def add(url: str, token: str, film: Camera) -> None:
    with Client(url, token) as client:
        client.create_camera("door", f"http://{film.place}/1")
