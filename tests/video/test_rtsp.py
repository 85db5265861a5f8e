"""RTSP end to end: GStreamer's server on loopback, paused, killed and started again."""

import os
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Literal

import pytest

from streams import LIMIT, RtspServer, access_units, needs_rtsp_server, number_of, picture
from visavis.errors import StreamFailed
from visavis.video.backoff import Backoff
from visavis.video.frames import Frame
from visavis.video.reader import Reader
from visavis.video.sources import SourceOptions, open_source

USER, PASSWORD = "admin", "s3cret@/%"
GROUP = 12  # frames from one key frame to the next
QUICK = Backoff(0.05, 0.2)


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    needs_rtsp_server()
    path = tmp_path_factory.mktemp("rtsp") / "units.h264"
    return access_units(path, [picture(i) for i in range(20)])


@pytest.fixture
def server(units: Path) -> Iterator[RtspServer]:
    found = RtspServer(units).start()
    yield found
    found.close()


def frame(reader: Reader) -> Frame:
    found = reader.next(LIMIT)
    assert found is not None
    return found


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_frames_come_in_order(server: RtspServer, transport: Literal["tcp", "udp"]) -> None:
    source = open_source(server.url, SourceOptions(transport=transport))
    with Reader(source) as reader:
        frames = [frame(reader) for _ in range(13)][1:]  # the first states no time
        assert reader.status().state == "running"
    assert not reader._thread.is_alive()
    for before, after in pairwise(frames):
        assert after.number > before.number
        assert after.at > before.at
        if transport == "tcp":  # a packet of UDP may be lost on a busy machine
            steps = after.number - before.number
            assert (number_of(after.image) - number_of(before.image) - steps) % 20 == 0
            assert after.at - before.at == pytest.approx(steps / 25, abs=0.01)


def test_killed_and_started_again_three_times(server: RtspServer) -> None:
    with Reader(open_source(server.url), backoff=QUICK) as reader:
        last = frame(reader)
        for _ in range(3):
            server.kill()
            with reader._changed:
                assert reader._changed.wait_for(lambda: reader._state == "waiting", LIMIT)
            assert reader.status().last_error == "stream_failed"
            server.start()
            reader.next(0)  # what was read before it was killed
            found = frame(reader)
            assert found.number > last.number
            assert found.at > last.at
            last = found
        status = reader.status()
    assert (status.state, status.reconnects >= 3) == ("running", True)


def test_a_pause_shorter_than_a_stall_is_sat_out(server: RtspServer) -> None:
    waited = threading.Event()
    source = open_source(server.url, SourceOptions(stall=LIMIT))
    packets = source._packets  # type: ignore[attr-defined]

    def noted(*args: object) -> Iterator[object]:
        for packet in packets(*args):
            if packet is None:
                waited.set()
            yield packet

    source._packets = noted  # type: ignore[attr-defined]
    with Reader(source) as reader:
        before = frame(reader)
        server.pause()
        assert waited.wait(LIMIT)
        server.resume()
        reader.next(0)
        assert frame(reader).number > before.number
        assert (reader.status().reconnects, reader.status().corrupt) == (0, 0)


def test_a_longer_pause_is_a_failure(server: RtspServer) -> None:
    with Reader(open_source(server.url, SourceOptions(stall=1.0)), most=1) as reader:
        frame(reader)
        server.pause()
        with pytest.raises(StreamFailed, match="no frame for 1 s"):
            while True:
                frame(reader)


def test_while_it_is_late_key_frames_alone_are_decoded(
    server: RtspServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("visavis.video.decoded._LATE", -1.0)
    source = open_source(server.url)
    frames = source.frames()
    found = [next(frames) for _ in range(5)]
    monkeypatch.setattr("visavis.video.decoded._LATE", LIMIT)
    found += [next(frames) for _ in range(5)]
    frames.close()
    assert [source.corrupt, *(f.image.shape for f in found)] == [0] + [(48, 64, 3)] * 10
    steps = [b.number - a.number for a, b in pairwise(found)]
    assert set(steps[1:4]) <= {GROUP, 20 % GROUP}  # the film begins anew with a key frame
    assert steps[5:] == [1] * 4
    pictures = [number_of(f.image) for f in found]
    assert len({(seen - f.number) % 20 for seen, f in zip(pictures, found, strict=True)}) == 1


def test_a_key_frame_is_not_waited_for_without_end(
    tmp_path: Path, units: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("visavis.video.decoded._LATE", -1.0)
    monkeypatch.setattr("visavis.video.decoded._KEYLESS", 0.3)
    images = [picture(i) for i in range(200)]
    server = RtspServer(access_units(tmp_path / "long.h264", images, group=1000)).start()
    try:
        source = open_source(server.url, SourceOptions(stall=0.2))
        for _ in range(2):
            frames = source.frames()
            next(frames)
            with pytest.raises(StreamFailed, match=r"no frame for 0\.3 s"):
                next(frames)
    finally:
        server.close()


def test_close_while_nothing_comes(server: RtspServer) -> None:
    reader = Reader(open_source(server.url, SourceOptions(stall=LIMIT * 10)))
    frame(reader)
    server.pause()
    reader.close()
    reader._thread.join(LIMIT / 2)
    assert not reader._thread.is_alive()


def test_passwords(units: Path, capfd: pytest.CaptureFixture[str]) -> None:
    server = RtspServer(units, user=USER, password=PASSWORD).start()
    try:
        bare = server.url.removeprefix("rtsp://")
        right = open_source(f"rtsp://{USER}:s3cret%40%2F%25@{bare}")
        with Reader(right, most=1) as reader:
            frame(reader)
        wrong = open_source(f"rtsp://{USER}:s3cret@{bare}")
        with Reader(wrong, most=1) as reader, pytest.raises(StreamFailed, match="401") as caught:
            reader.next(LIMIT)
        said = str(caught.value) + repr(reader.status()) + reader._thread.name
        assert "s3cret" not in said
        assert server.url in said
    finally:
        server.close()
    assert capfd.readouterr() == ("", "")


def test_many_connections_leave_nothing_behind(server: RtspServer) -> None:
    def held() -> tuple[int, int]:
        return len(os.listdir("/proc/self/task")), len(os.listdir("/proc/self/fd"))

    source = open_source(server.url)
    for number in range(12):
        frames = source.frames()
        next(frames)
        frames.close()
        if number == 1:
            before = held()
    assert held() == before
