"""The pages in a browser, where there is one: signing in, and a photo from file to verdict."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvicorn

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
