"""The reader: what is handed out, dropped, tried again and let go of."""

import os
import socket
import threading
from collections.abc import Callable, Generator, Sequence

import pytest

from streams import LIMIT, Camera, camera, jpeg, picture
from visavis.errors import BadStream, ConfigError, StreamFailed
from visavis.video.backoff import Backoff
from visavis.video.frames import Frame
from visavis.video.pushed import Pushed
from visavis.video.reader import Reader
from visavis.video.sources import SourceOptions, open_source

AT_ONCE = Backoff(0.0, 0.0)
Step = float | Exception | threading.Event | Callable[[], None]


class Scripted:
    """A source that goes through steps, one list a connection: gives a frame at a time, raises an
    error, waits for an event, calls a function.
    """

    def __init__(self, *connections: Sequence[Step], live: bool = True) -> None:
        self.name = "scripted"
        self.live = live
        self.corrupt = 0
        self.connections = list(connections)
        self.closed = threading.Event()
        self.left = 0
        self._number = 0

    def frames(self) -> Generator[Frame, None, None]:
        if self.closed.is_set():
            return
        steps = self.connections.pop(0)
        try:
            for step in steps:
                if isinstance(step, Exception):
                    raise step
                if isinstance(step, threading.Event):
                    assert step.wait(LIMIT)
                elif callable(step):
                    step()
                else:
                    yield Frame.of(picture(self._number), self._number, float(step))
                    self._number += 1
        finally:
            self.left += 1

    def close(self) -> None:
        self.closed.set()


def until(reader: Reader, state: str) -> None:
    """Waits for a state."""
    with reader._changed:
        assert reader._changed.wait_for(lambda: reader._state == state, LIMIT)


def test_a_file_is_read_whole_and_in_order() -> None:
    source = Scripted([i / 10 for i in range(50)], live=False)
    with Reader(source) as reader:
        assert [f.number for f in reader] == list(range(50))
        assert reader.ended
        assert reader.next() is None
        status = reader.status()
    assert (status.state, status.frames, status.dropped) == ("ended", 50, 0)
    assert (status.reconnects, status.last_error) == (0, None)


def test_a_file_waits_for_who_reads_it() -> None:
    behind, release = threading.Event(), threading.Event()
    source = Scripted([0.0, 1.0, 2.0, behind.set, 3.0, release], live=False)
    with Reader(source) as reader:
        assert not behind.wait(0.05)  # two are ready, the third waits for room
        first = reader.next(LIMIT)
        assert behind.wait(LIMIT)
        release.set()
        assert first is not None
        assert [f.number for f in (first, *reader)] == [0, 1, 2, 3]


def test_frames_of_a_file_by_time() -> None:
    source = Scripted([i / 25 for i in range(51)], live=False)
    with Reader(source, every=0.5) as reader:
        assert [f.at for f in reader] == [0.0, 0.52, 1.0, 1.52, 2.0]
        assert reader.status().dropped == 0


def test_frames_by_time_where_they_are_rare() -> None:
    source = Scripted([0.0, 3.0, 3.1, 3.6, 9.0], live=False)
    with Reader(source, every=0.5) as reader:
        assert [f.at for f in reader] == [0.0, 3.0, 3.6, 9.0]


def test_the_newest_frame_of_a_live_source_alone() -> None:
    hold, ready = threading.Event(), threading.Event()
    source = Scripted([0.0, 0.1, 0.2, 0.3, ready.set, hold, 0.4])
    with Reader(source) as reader:
        assert ready.wait(LIMIT)
        newest = reader.next(0)
        assert newest is not None
        assert newest.number == 3
        assert reader.next(0) is None
        assert not reader.ended
        assert reader.status().dropped == 3
        hold.set()
        last = reader.next(LIMIT)
        assert last is not None
        assert last.number == 4


def test_a_live_source_that_fails_is_tried_again() -> None:
    hold = threading.Event()
    broken = StreamFailed("gone")
    source = Scripted([0.0, broken], [broken], [broken], [1.0, hold])
    with Reader(source, backoff=AT_ONCE) as reader:
        found = [reader.next(LIMIT)]
        while found[-1] is None or found[-1].at < 1.0:
            found.append(reader.next(LIMIT))
        status = reader.status()
        hold.set()
    assert (status.state, status.reconnects, status.last_error) == ("running", 3, "stream_failed")
    assert source.left == 4


def test_pauses_grow_until_a_frame_comes() -> None:
    asked: list[float] = []

    class Noted(Backoff):
        def pause(self, failures: int) -> float:
            asked.append(failures)
            return 0.0

    broken = StreamFailed("gone")
    source = Scripted([broken], [broken], [0.0, broken], [broken], [1.0])
    with Reader(source, backoff=Noted()) as reader:
        until(reader, "ended")
    assert asked == [1, 2, 1, 2]


def test_tries_in_a_row_can_be_limited() -> None:
    broken = StreamFailed("gone")
    source = Scripted([broken], [0.0, broken], [broken])
    with Reader(source, backoff=AT_ONCE, most=2) as reader:
        until(reader, "failed")
        assert reader.next() is not None
        for _ in range(2):
            with pytest.raises(StreamFailed, match="gone"):
                reader.next()
        assert reader.ended
        status = reader.status()
    assert (status.state, status.reconnects) == ("failed", 2)
    assert reader.status().state == "failed"


def test_a_file_that_fails_gives_what_it_had_and_its_error() -> None:
    source = Scripted([0.0, 1.0, BadStream("broken")], live=False)
    with Reader(source) as reader:
        numbers: list[int] = []
        with pytest.raises(BadStream, match="broken"):
            numbers.extend(f.number for f in reader)
        assert numbers == [0, 1]
        assert reader.status().last_error == "bad_stream"


def test_a_fault_of_a_library_is_an_error_without_its_text() -> None:
    source = Scripted([RuntimeError("rtsp://admin:s3cret@camera")], live=False)
    with (
        Reader(source) as reader,
        pytest.raises(StreamFailed, match="scripted failed: RuntimeError") as caught,
    ):
        reader.next(LIMIT)
    assert "s3cret" not in repr(caught.value) + repr(caught.value.__context__)


def test_close_ends_the_pause_before_a_try() -> None:
    source = Scripted([StreamFailed("gone")])
    reader = Reader(source, backoff=Backoff(LIMIT * 10, LIMIT * 10))
    until(reader, "waiting")
    reader.close()
    assert not reader._thread.is_alive()
    assert reader.status().state == "closed"
    assert reader.next() is None


def test_close_ends_who_waits_for_a_frame() -> None:
    source = Pushed("door")
    reader = Reader(source)
    found: list[object] = []
    waiting = threading.Thread(target=lambda: found.append(reader.next()))
    waiting.start()
    reader.close()
    waiting.join(LIMIT)
    assert found == [None]
    assert not reader._thread.is_alive()
    assert not source.push(picture(0))


def test_close_ends_a_file_that_waits_for_room() -> None:
    source = Scripted([float(i) for i in range(9)], live=False)
    reader = Reader(source)
    assert reader.next(LIMIT) is not None
    reader.close()
    reader._thread.join(LIMIT)
    assert not reader._thread.is_alive()
    assert reader.next() is None
    assert source.left == 1


def test_close_leaves_a_source_that_does_not_answer_to_itself() -> None:
    hold = threading.Event()
    reader = Reader(Scripted([hold, 0.0]))
    reader.close()
    assert reader._thread.is_alive()
    assert reader.status().state == "closed"
    hold.set()
    reader._thread.join(LIMIT)
    assert not reader._thread.is_alive()
    assert reader.next() is None


@pytest.mark.parametrize("scheme", ["rtsp", "http"])
def test_close_while_a_camera_does_not_answer(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"{scheme}://127.0.0.1:{silent.getsockname()[1]}/x"
        reader = Reader(open_source(address, SourceOptions(connect=1.5)))
        connection, _ = silent.accept()
        with connection:
            assert connection.recv(1)
            reader.close()
            assert reader.next() is None
            reader._thread.join(LIMIT)
            assert not reader._thread.is_alive()
    assert reader.status().state == "closed"


def test_frames_that_are_pushed() -> None:
    source = Pushed("door")
    with Reader(source) as reader:
        for number in range(5):
            assert source.push(picture(number))
            frame = reader.next(LIMIT)
            assert frame is not None
            assert frame.number == number
        until(reader, "running")
        assert reader.status().fps > 0


def test_frames_that_a_source_left_out_are_dropped_too() -> None:
    source = Pushed("door")
    for number in range(3):
        source.push(picture(number))
    with Reader(source) as reader:
        newest = reader.next(LIMIT)
        assert newest is not None
        assert newest.number == 2
        assert reader.status().dropped == 2


@pytest.mark.parametrize("wrong", [{"every": -1.0}, {"every": float("nan")}, {"most": 0}])
def test_numbers_are_checked(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="every from 0"):
        Reader(Scripted([]), **wrong)  # type: ignore[arg-type]


def test_many_breaks_leave_nothing_behind() -> None:
    """Two hundred connections that break off: no thread and no open file stays."""

    def script(answer: Camera.Answer) -> None:
        answer.begin()
        answer.part(jpeg(picture(0)))

    def held() -> tuple[set[int], int]:
        ours = {t.ident or 0 for t in threading.enumerate() if "visavis" in t.name}
        return ours, len(os.listdir("/proc/self/fd"))

    before, _ = held()  # of other tests, which may still be ending
    with (
        camera(script) as found,
        Reader(open_source(f"http://{found.place}/"), backoff=AT_ONCE) as reader,
    ):
        passed(reader, 20)
        _, files = held()
        passed(reader, 200)
        after = held()
        assert after[0] - before == {reader._thread.ident}
        assert after[1] <= files + 3  # of the camera, which runs in this process too
    reader._thread.join(LIMIT)
    assert not reader._thread.is_alive()


def passed(reader: Reader, breaks: int) -> None:
    """Waits until so many connections have broken off."""
    with reader._changed:
        assert reader._changed.wait_for(lambda: reader._reconnects >= breaks, LIMIT)
