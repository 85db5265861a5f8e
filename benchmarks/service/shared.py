"""What the service's benchmarks share: a real server on loopback, and photos to send it."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from common import arguments as arguments
from common import isolated as isolated
from common import verdict as verdict

from visavis.service.apikeys import ApiKeys, Scope
from visavis.service.database import ServiceDatabase, service_database_of
from visavis.settings import Settings

START_SECONDS = 60.0


class Server:
    """`visavis serve` as a process of its own, on a free port."""

    def __init__(self, settings: Settings, **service: object) -> None:
        self.settings = settings
        self._service = {"ui": False, "log_level": "warning", **service}
        self.port = 0
        self.key = ""
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, cores: Sequence[int] = ()) -> "Server":
        """Starts it, on these cores alone if any are named, and waits until it answers."""
        self.port = _free_port()
        values = {f"VISAVIS_SERVICE__{k.upper()}": _text(v) for k, v in self._service.items()}
        env = {
            **os.environ,
            **values,
            "VISAVIS_SERVICE__PORT": str(self.port),
            "VISAVIS_GALLERY": str(self.settings.gallery),
            "VISAVIS_MASTER_KEY_FILE": str(self.settings.master_key_file),
        }
        command = [sys.executable, "-m", "visavis", "serve"]
        if cores:
            command = ["taskset", "-c", ",".join(map(str, cores)), *command]
        log = self._log.open("wb")  # a pipe that nobody reads would stop the service
        self.process = subprocess.Popen(command, env=env, stderr=log)
        log.close()
        self._wait()
        return self

    def use_key(self) -> "Server":
        """Makes an API key for everything, and sends it from now on."""
        database = ServiceDatabase(service_database_of(self.settings.gallery))
        try:
            _, self.key = ApiKeys(database).create("benchmark", [Scope.ADMIN, Scope.AUDIT])
        finally:
            database.close()
        return self

    def enrol(self, subject: str, photo: bytes) -> None:
        """Enrols one photo in the default collection."""
        path = f"/v1/collections/default/subjects/{subject}/templates"
        status, found = self.call("POST", path, photo, Content_Type="image/jpeg")
        if status != 201:
            sys.exit(f"cannot enrol: {found}")

    def call(
        self, method: str, path: str, body: bytes = b"", **headers: str
    ) -> tuple[int, dict[str, object]]:
        """One request on a connection of its own; the answer's status and JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            found = {name.replace("_", "-"): value for name, value in headers.items()}
            if self.key:
                found["X-API-Key"] = self.key
            connection.request(method, path, body or None, found)
            answer = connection.getresponse()
            data = answer.read()
        finally:
            connection.close()
        with suppress(ValueError):
            return answer.status, dict(json.loads(data))
        return answer.status, {}

    @property
    def _log(self) -> Path:
        return self.settings.gallery.with_name("service.log")

    @property
    def cpu_seconds(self) -> float:
        """Processor time it has used, its own and the system's on its behalf."""
        assert self.process is not None
        stat = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def resident(self) -> float:
        """Its memory, MiB."""
        assert self.process is not None
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """Asks it to end; its exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(60)

    def _wait(self) -> None:
        assert self.process is not None
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.alive:
            with suppress(OSError):
                if self.call("GET", "/healthz")[0] == 200:
                    return
            time.sleep(0.1)
        self.process.kill()
        sys.exit(f"the service did not start: {self._log.read_text()[-2000:]}")


@contextmanager
def server(settings: Settings, cores: Sequence[int] = (), **service: object) -> Iterator[Server]:
    """A server that is ended with the block."""
    found = Server(settings, **service).start(cores)
    try:
        yield found
    finally:
        if found.alive:
            found.stop()


def photos(lfw: Path, count: int) -> list[tuple[str, bytes]]:
    """Names and files of `count` people of LFW, one photo each, spread over the set."""
    folders = sorted(path for path in (lfw / "images").iterdir() if path.is_dir())
    chosen = folders[:: max(len(folders) // count, 1)][:count]
    return [(folder.name, sorted(folder.iterdir())[0].read_bytes()) for folder in chosen]


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
