"""Two people whose sightings can be noted, and a receiver that does as it is told."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import NamedTuple

import numpy as np
import pytest

from service.conftest import client as client
from service.conftest import png as png
from service.conftest import services as services
from service.conftest import settings as settings
from visavis.gallery.collection import Collection
from visavis.gallery.gallery import Gallery
from visavis.gallery.vault import Keyring
from visavis.types import Embedding


def enrol(collection: Collection, *people: str) -> None:
    """Enrols people who differ, with one vector each."""
    for number, name in enumerate(people):
        vector = np.zeros(collection.dim, np.float32)
        vector[number] = 1
        collection.enrol(name, [Embedding(vector, collection.model)], qualities=[1.0])


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[Gallery]:
    with Gallery(tmp_path / "own", Keyring([bytes(range(32))])) as found:
        yield found


@pytest.fixture
def collection(gallery: Gallery) -> Collection:
    found = gallery.collection("default", model="m", dim=8)
    enrol(found, "ada", "ben")
    return found


class Came(NamedTuple):
    path: str
    headers: dict[str, str]
    body: bytes


class Server:
    """A receiver on loopback: `came` are the requests, `answers` the statuses that it gives, 200
    once there are no more.
    """

    def __init__(self) -> None:
        self.came: Queue[Came] = Queue()
        self.answers: list[tuple[int, dict[str, str]]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.came.put(Came(self.path, dict(self.headers), body))
                status, headers = outer.answers.pop(0) if outer.answers else (200, {})
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.http.block_on_close = False
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        self._thread = Thread(target=self.http.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()
    yield found
    found.close()
