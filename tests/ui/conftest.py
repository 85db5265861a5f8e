"""The pages on a service of fakes, and a way to ask it as the pages do."""

import asyncio
from base64 import b64encode
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from starlette.testclient import TestClient

from service.conftest import LIMITS
from service.conftest import png as png
from service.conftest import services as services
from visavis.service.app import create_app
from visavis.service.state import Services
from visavis.settings import Settings
from visavis.ui.session import Sessions

T = TypeVar("T")
HOST = "127.0.0.1:8600"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Without the pages: tests that want them mount them."""
    return Settings.load(gallery=tmp_path / "gallery", limits=LIMITS, service={"ui": False})


@pytest.fixture
def run(services: Services) -> Callable[..., Any]:
    """`run(work, …)`: what `work(ask, …)` gives, with `ask` of one who has no key."""
    app = create_app(services)

    def call(work: Callable[..., Coroutine[Any, Any, T]], *values: Any) -> T:
        async def inner() -> T:
            sessions = Sessions(app, HOST)
            try:
                return await work(sessions.ask(None), *values)
            finally:
                await sessions.close()

        return asyncio.run(inner())

    return call


@pytest.fixture
def photo(png: Callable[..., bytes]) -> Callable[..., list[str]]:
    """`photo("ada")`: the value of a photo input that holds a fake photo."""

    def of(*people: str, **options: int) -> list[str]:
        return [f"data:image/png;base64,{b64encode(png(*people, **options)).decode()}"]

    return of


@pytest.fixture
def mounted(services: Services, tmp_path: Path) -> Iterator[TestClient]:
    """A client of a service with its pages, that follows no redirects."""
    pytest.importorskip("gradio")
    from visavis.ui.mount import mount

    reports = tmp_path / "reports"
    reports.mkdir()
    (reports / "model.html").write_text("<h1>report</h1>")
    app = create_app(services)
    mount(app, host=HOST, reports=reports)
    with TestClient(app, base_url=f"http://{HOST}", follow_redirects=False) as client:
        yield client
