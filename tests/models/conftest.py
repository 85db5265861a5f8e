"""A made-up model of a few bytes, and a local HTTP server that serves it well or badly."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from visavis.models.catalogue import ModelCard, TrainingSet

WEIGHTS = bytes(range(256)) * 300


@pytest.fixture
def weights_bytes() -> bytes:
    return WEIGHTS


@pytest.fixture
def toy_card() -> ModelCard:
    """A card of `weights_bytes` that no place holds."""
    return ModelCard(
        id="toy",
        task="detect",
        family="yunet",
        file="toy.onnx",
        sha256=hashlib.sha256(WEIGHTS).hexdigest(),
        bytes=len(WEIGHTS),
        licence="MIT",
        training_data=(TrainingSet("noise", "CC0"),),
        source="made up",
        description="made up",
        limits="made up",
    )


@dataclass
class Server:
    """`answer(handler)` writes the reply to any GET; `requests` counts them."""

    url: str
    answer: Callable[[BaseHTTPRequestHandler], None]
    requests: int = 0


@pytest.fixture
def server() -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.requests += 1
            state.answer(self)

        def log_message(self, *_: object) -> None: ...

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state = Server(f"http://127.0.0.1:{http.server_port}/toy.onnx", send(WEIGHTS))
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield state
    http.shutdown()
    thread.join()
    http.server_close()


def send(body: bytes, length: int | None = None) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@pytest.fixture
def sending() -> Callable[..., Callable[[BaseHTTPRequestHandler], None]]:
    """Makes an answer of a body and, if it is to lie, a Content-Length."""
    return send
