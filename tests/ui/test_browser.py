"""The pages in a browser, where there is one: signing in, and a photo from file to verdict."""

import shutil
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvicorn

from visavis.client import Client
from visavis.service.apikeys import Scope
from visavis.service.app import create_app
from visavis.service.state import Services

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")


@pytest.fixture
def url(services: Services) -> Iterator[str]:
    pytest.importorskip("gradio")
    from visavis.ui.mount import mount

    app = create_app(services)
    mount(app)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = server.force_exit = True
        thread.join()


@pytest.fixture
def page() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser.new_page()
        browser.close()


PASTE = """(text) => {
  const data = new DataTransfer();
  const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
  data.items.add(new File([bytes], "pasted.png", { type: "image/png" }));
  document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
}"""


def test_from_sign_in_to_a_verdict(
    url: str, page: Any, services: Services, png: Callable[..., bytes]
) -> None:
    token = services.keys.create("desk", [Scope.IDENTIFY])[1]
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{url}/ui/")
    page.fill("#key", "wrong")
    page.click("button")
    page.locator(".trouble").wait_for()
    page.fill("#key", token)
    page.click("button")
    page.locator(".vv-me button").wait_for()
    for place in ("compare-a", "compare-b"):
        photo = {"name": "a.png", "mimeType": "image/png", "buffer": png("ada")}
        page.set_input_files(f"#{place} input[type=file]", [photo])
    page.click("#compare-go")
    page.locator("#compare-result .vv-title").wait_for()
    assert "Same person" in page.inner_text("#compare-result")
    kept = page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])"
    )
    assert token not in kept + page.content() + "".join(asked)
    hosts = {urlsplit(one).netloc for one in asked if not one.startswith(("data:", "blob:"))}
    assert hosts == {urlsplit(url).netloc}
    page.click(".vv-me button")
    page.locator("#key").wait_for()


def test_a_photo_is_pasted_and_somebody_found_by_keys_alone(
    url: str, page: Any, png: Callable[..., bytes]
) -> None:
    with Client(url) as client:
        client.enrol("ada", [png("ada")], name="Ada Lovelace")
    page.goto(f"{url}/ui/")
    page.locator('#tabs [role="tab"]:has-text("Identify")').click()
    page.locator("#identify-photo").wait_for()
    page.evaluate(PASTE, b64encode(png("ada")).decode())
    page.locator("#identify-photo .vv-shot img").wait_for()
    page.focus("#identify-go")
    page.keyboard.press("Enter")
    page.locator("#identify-result .vv-card").wait_for()
    assert "Ada Lovelace" in page.inner_text("#identify-result")
    page.locator('#tabs [role="tab"]:has-text("People")').click()
    page.locator("#people-list [data-id=ada]").focus()
    page.keyboard.press("Space")
    page.locator("#people-details h3").wait_for()
    assert page.get_attribute("#people-list [data-id=ada]", "aria-current") == "true"


def test_a_page_that_the_key_is_not_good_for_says_so_alone(
    url: str, page: Any, services: Services
) -> None:
    token = services.keys.create("desk", [Scope.IDENTIFY])[1]
    page.goto(f"{url}/ui/")
    page.fill("#key", token)
    page.click("button")
    page.locator('#tabs [role="tab"]:has-text("Enrol")').click()
    page.locator("#tab-enrol .vv-lacking").wait_for()
    page.locator("#enrol-go").wait_for(state="hidden")
    assert "lacks the scope enrol" in page.inner_text("#tab-enrol")
