"""The service on fakes behind a real socket, and clients of it."""

import threading
import time
from collections.abc import Callable, Iterator

import httpx
import pytest
import uvicorn

from service.conftest import png as png
from service.conftest import services as services
from service.conftest import settings as settings
from visavis.client import Client, Retries
from visavis.service.app import create_app
from visavis.service.state import Services

Handler = Callable[[httpx.Request], httpx.Response]


@pytest.fixture
def url(services: Services) -> Iterator[str]:
    """The address of a service that runs on a thread."""
    config = uvicorn.Config(create_app(services), port=0, log_config=None)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.005)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    """A client of the running service."""
    with Client(url, retries=0) as found:
        yield found


class Mock:
    """A service that answers what it is told to, and what it was asked."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []
        self.answers: list[httpx.Response | Exception] = []
        self.pauses: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)


@pytest.fixture
def mock() -> Mock:
    return Mock()


@pytest.fixture
def mocked(mock: Mock) -> Iterator[Client]:
    """A client of the mock that never waits."""
    steady = Retries(draw=lambda: 1.0)
    transport = httpx.MockTransport(mock)
    with Client(retries=steady, transport=transport, sleep=mock.pauses.append) as found:
        yield found
