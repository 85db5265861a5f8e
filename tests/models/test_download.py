import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from visavis.errors import ConfigError, CorruptWeights, MissingWeights
from visavis.models.download import download


@pytest.fixture
def fetch(toy_card, server, tmp_path):
    """Downloads from the server into an empty folder; returns the target's path."""
    target = tmp_path / "cache" / "toy.onnx"

    def run(urls=(server.url,), **options):
        download(replace(toy_card, urls=tuple(urls)), target, **options)
        return target

    run.folder = target.parent
    return run


def left_in(folder) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_it_arrives_whole_and_alone(fetch, weights_bytes) -> None:
    target = fetch()
    assert target.read_bytes() == weights_bytes
    assert left_in(target.parent) == ["toy.onnx"]


def test_progress_ends_at_the_expected_size(fetch, weights_bytes) -> None:
    seen = []
    fetch(progress=lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen)
    assert seen[-1] == (len(weights_bytes), len(weights_bytes))


def test_wrong_bytes_are_corrupt_and_leave_nothing(fetch, server, sending, weights_bytes) -> None:
    server.answer = sending(b"x" + weights_bytes[1:])
    with pytest.raises(CorruptWeights, match=r"toy: .*SHA-256 [0-9a-f]{64}, expected"):
        fetch()
    assert left_in(fetch.folder) == []


def test_wrong_bytes_are_not_retried_elsewhere(fetch, server, sending, weights_bytes) -> None:
    server.answer = sending(b"x" + weights_bytes[1:])
    with pytest.raises(CorruptWeights):
        fetch([server.url, server.url])
    assert server.requests == 1


@pytest.mark.parametrize("declared", ["honest", "lying"])
def test_a_short_body_is_corrupt(fetch, server, sending, weights_bytes, declared: str) -> None:
    length = len(weights_bytes) if declared == "lying" else None
    server.answer = sending(weights_bytes[:1000], length)
    with pytest.raises(CorruptWeights, match="sent 1000 bytes"):
        fetch()
    assert left_in(fetch.folder) == []


def test_an_oversized_body_is_cut_off(fetch, server, weights_bytes) -> None:
    sent = 0

    def flood(handler) -> None:
        nonlocal sent
        handler.send_response(200)
        handler.end_headers()
        try:
            for _ in range(10_000):
                handler.wfile.write(weights_bytes)
                sent += len(weights_bytes)
        except OSError:
            pass

    server.answer = flood
    with pytest.raises(CorruptWeights, match=f"more than the expected {len(weights_bytes)} bytes"):
        fetch()
    assert sent < 9_000 * len(weights_bytes)
    assert left_in(fetch.folder) == []


def test_a_missing_page_is_named(fetch, server) -> None:
    server.answer = lambda handler: handler.send_error(404)
    with pytest.raises(MissingWeights, match=r"toy\.onnx \(HTTP Error 404"):
        fetch()


def test_an_unreachable_address_leads_to_the_next(fetch, server, weights_bytes) -> None:
    assert fetch(["http://127.0.0.1:9/toy.onnx", server.url]).read_bytes() == weights_bytes


def test_a_server_that_hangs_is_given_up(fetch, server) -> None:
    over = threading.Event()
    server.answer = lambda handler: over.wait(20)
    try:
        with pytest.raises(MissingWeights, match="timed out"):
            fetch(read_timeout=0.2)
    finally:
        over.set()


def test_a_trickle_meets_the_total_timeout(fetch, server, weights_bytes) -> None:
    over = threading.Event()

    def trickle(handler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            while not over.is_set():
                handler.wfile.write(b"x")
                handler.wfile.flush()
                time.sleep(0.02)
        except OSError:
            pass

    server.answer = trickle
    try:
        with pytest.raises(MissingWeights, match="too slow"):
            fetch(read_timeout=5, total_timeout=0.3)
    finally:
        over.set()
    assert left_in(fetch.folder) == []


def test_only_http_is_fetched(fetch, tmp_path) -> None:
    with pytest.raises(ConfigError, match="https or http, got file:"):
        fetch([(tmp_path / "toy.onnx").as_uri()])


def test_without_addresses_it_says_nowhere(fetch) -> None:
    with pytest.raises(MissingWeights, match="nowhere"):
        fetch([])


def test_downloads_at_once_all_end_with_the_file(fetch, weights_bytes) -> None:
    with ThreadPoolExecutor(4) as pool:
        targets = list(pool.map(lambda _: fetch(), range(8)))
    assert {target.read_bytes() for target in targets} == {weights_bytes}
    assert left_in(fetch.folder) == ["toy.onnx"]


def test_a_folder_that_cannot_be_made_is_named(toy_card, server, tmp_path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(MissingWeights, match=r"exists: .*file"):
        download(replace(toy_card, urls=(server.url,)), tmp_path / "file" / "toy.onnx")


def test_progress_that_raises_leaves_nothing(fetch) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(progress=stop)
    assert left_in(fetch.folder) == []
