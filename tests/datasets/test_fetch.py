import hashlib
import io
import tarfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from visavis.datasets.fetch import FetchLimits, fetch
from visavis.datasets.sources import RemoteFile
from visavis.errors import BadDataset, FetchFailed

BODY = bytes(range(256)) * 4000
HALF = len(BODY) // 2


@dataclass
class Server:
    """`answers` are used up one a request, the last one for ever; `ranges` are what was asked."""

    url: str
    answers: list[Callable[[BaseHTTPRequestHandler], None]]
    ranges: list[str | None] = field(default_factory=list)


@pytest.fixture
def server() -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.ranges.append(self.headers["Range"])
            answer = state.answers.pop(0) if len(state.answers) > 1 else state.answers[0]
            answer(self)

        def log_message(self, *_: object) -> None: ...

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state = Server(f"http://127.0.0.1:{http.server_port}/faces", [serve(BODY)])
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield state
    http.shutdown()
    thread.join()
    http.server_close()


def serve(body: bytes, *, ranges: bool = True, stop_after: int | None = None, shift: int = 0):
    """An answer that honours Range or does not, may break off, and may send other bytes."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        asked = handler.headers["Range"]
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and ranges else 0
        if start >= len(body):
            return handler.send_error(416)
        handler.send_response(206 if asked and ranges else 200)
        if asked and ranges:
            end = f"{len(body) - 1}/{len(body)}"
            handler.send_header("Content-Range", f"bytes {start + shift}-{end}")
        handler.send_header("Content-Length", str(len(body) - start))
        handler.end_headers()
        handler.wfile.write(body[start:][:stop_after])

    return answer


@pytest.fixture
def file(server: Server) -> RemoteFile:
    return RemoteFile("faces.bin", (server.url,), hashlib.sha256(BODY).hexdigest(), len(BODY))


ONCE = FetchLimits(tries=1)


def left_in(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_it_arrives_whole_and_alone(file, tmp_path) -> None:
    seen: list[tuple[int, int]] = []
    made = fetch(file, tmp_path / "to", progress=lambda done, of: seen.append((done, of)))
    assert made == (tmp_path / "to" / "faces.bin",)
    assert made[0].read_bytes() == BODY
    assert left_in(tmp_path / "to") == ["faces.bin"]
    assert seen == sorted(seen)
    assert seen[-1] == (len(BODY), len(BODY))


def test_what_is_there_is_not_fetched_again(file, server, tmp_path) -> None:
    assert fetch(file, tmp_path) == fetch(file, tmp_path)
    assert len(server.ranges) == 1


def test_another_file_of_the_name_is_left_alone(file, server, tmp_path) -> None:
    (tmp_path / "faces.bin").write_bytes(b"mine")
    with pytest.raises(FetchFailed, match="got another file"):
        fetch(file, tmp_path)
    assert (tmp_path / "faces.bin").read_bytes() == b"mine"
    assert server.ranges == []


def test_a_broken_transfer_is_taken_up_in_the_same_call(file, server, tmp_path) -> None:
    server.answers = [serve(BODY, stop_after=HALF), serve(BODY)]
    [made] = fetch(file, tmp_path)
    assert made.read_bytes() == BODY
    assert server.ranges == [None, f"bytes={HALF}-"]


def test_a_broken_transfer_is_taken_up_in_the_next_call(file, server, tmp_path) -> None:
    server.answers = [serve(BODY, stop_after=HALF)]
    with pytest.raises(FetchFailed, match=f"broke off: {HALF} of {len(BODY)} bytes"):
        fetch(file, tmp_path, ONCE)
    assert left_in(tmp_path) == ["faces.bin.part"]
    server.answers = [serve(BODY)]
    assert fetch(file, tmp_path)[0].read_bytes() == BODY
    assert server.ranges[-1] == f"bytes={HALF}-"
    assert left_in(tmp_path) == ["faces.bin"]


def test_a_server_without_ranges_sends_all_again(file, server, tmp_path) -> None:
    (tmp_path / "faces.bin.part").write_bytes(BODY[:HALF])
    server.answers = [serve(BODY, ranges=False)]
    assert fetch(file, tmp_path, ONCE)[0].read_bytes() == BODY
    assert server.ranges == [f"bytes={HALF}-"]


def test_a_server_that_gives_another_range_is_asked_for_all(file, server, tmp_path) -> None:
    (tmp_path / "faces.bin.part").write_bytes(BODY[:HALF])
    server.answers = [serve(BODY, shift=1), serve(BODY)]
    assert fetch(file, tmp_path)[0].read_bytes() == BODY
    assert server.ranges == [f"bytes={HALF}-", None]


def test_a_part_that_is_whole_needs_no_more_bytes(file, server, tmp_path) -> None:
    (tmp_path / "faces.bin.part").write_bytes(BODY)
    assert fetch(file, tmp_path, ONCE)[0].read_bytes() == BODY


@pytest.mark.parametrize("stale", [b"x" * 1000, b"x" * (len(BODY) + 5)], ids=["short", "long"])
def test_a_part_of_another_file_is_given_up_once(file, server, tmp_path, stale: bytes) -> None:
    (tmp_path / "faces.bin.part").write_bytes(stale)
    assert fetch(file, tmp_path)[0].read_bytes() == BODY
    assert server.ranges == [f"bytes={len(stale)}-", None]


def test_wrong_bytes_are_refused_and_leave_nothing(file, server, tmp_path) -> None:
    server.answers = [serve(b"x" + BODY[1:])]
    with pytest.raises(FetchFailed, match=r"SHA-256 [0-9a-f]{64}, expected"):
        fetch(file, tmp_path)
    assert left_in(tmp_path) == []
    assert len(server.ranges) == 1


@pytest.mark.parametrize("known", [True, False])
def test_more_bytes_than_there_may_be_are_cut_off(file, server, tmp_path, known: bool) -> None:
    server.answers = [serve(BODY * 20)]
    asked = file if known else replace(file, bytes=None)
    with pytest.raises(FetchFailed, match="more than"):
        fetch(asked, tmp_path, FetchLimits(max_bytes=len(BODY)))
    assert left_in(tmp_path) == []


def test_a_size_that_is_not_known_is_no_obstacle(file, tmp_path) -> None:
    assert fetch(replace(file, bytes=None), tmp_path)[0].read_bytes() == BODY


def test_one_address_after_the_other(file, server, tmp_path) -> None:
    urls = ("http://127.0.0.1:9/none", server.url)
    assert fetch(replace(file, urls=urls), tmp_path)[0].read_bytes() == BODY


def test_missing_pages_are_named_and_not_tried_again(file, server, tmp_path) -> None:
    server.answers = [lambda handler: handler.send_error(404)]
    with pytest.raises(FetchFailed, match=r"faces \(HTTP Error 404"):
        fetch(file, tmp_path)
    assert len(server.ranges) == 1


def test_a_server_that_hangs_is_given_up(file, server, tmp_path) -> None:
    over = threading.Event()
    server.answers = [lambda handler: over.wait(5) and None]
    with pytest.raises(FetchFailed, match="timed out"):
        fetch(file, tmp_path, FetchLimits(read_timeout=0.1, tries=1))
    over.set()


def test_a_slow_transfer_ends_at_the_deadline(file, tmp_path) -> None:
    with pytest.raises(FetchFailed, match="too slow"):
        fetch(file, tmp_path, FetchLimits(total_timeout=0))


def test_other_kinds_of_address_are_refused(file, tmp_path) -> None:
    with pytest.raises(FetchFailed, match="https or http"):
        fetch(replace(file, urls=("file:///etc/passwd",)), tmp_path)


def packed(server: Server, *names: str) -> RemoteFile:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for name in names:
            archive.addfile(tarfile.TarInfo(name))
    body = made.getvalue()
    server.answers = [serve(body)]
    digest = hashlib.sha256(body).hexdigest()
    return RemoteFile("lfw.tgz", (server.url,), digest, archive=True)


def test_an_archive_is_unpacked_once_and_not_kept(server, tmp_path) -> None:
    file = packed(server, "lfw/Ada/1.jpg", "readme.txt")
    assert fetch(file, tmp_path) == (tmp_path / "lfw", tmp_path / "readme.txt")
    assert fetch(file, tmp_path) == (tmp_path / "lfw", tmp_path / "readme.txt")
    assert len(server.ranges) == 1
    assert left_in(tmp_path) == [".lfw.tgz.unpacked", "lfw", "readme.txt"]
    (tmp_path / "readme.txt").unlink()
    with pytest.raises(BadDataset, match="move it away"):  # lfw is still there
        fetch(file, tmp_path)


def test_an_unsafe_archive_unpacks_nothing(server, tmp_path) -> None:
    with pytest.raises(BadDataset, match="inside the archive"):
        fetch(packed(server, "lfw/1.jpg", "../x"), tmp_path / "to")
    assert left_in(tmp_path / "to") == ["lfw.tgz"]
