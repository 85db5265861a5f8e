"""The lane: works while there is work, gives way, and goes on after errors."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from visavis.service.jobs import lane as module
from visavis.service.jobs.alone import Alone
from visavis.service.jobs.lane import Lane


@pytest.fixture
def alone(tmp_path: Path) -> Alone:
    return Alone(tmp_path / "jobs" / "lock")


def stepping(left: list[int], done: threading.Event) -> Callable[[], bool]:
    def step() -> bool:
        if not left:
            done.set()
            return False
        left.pop()
        return True

    return step


def test_it_works_until_nothing_is_left_and_wakes_again(alone: Alone) -> None:
    left, done = [1, 2, 3], threading.Event()
    lane = Lane(stepping(left, done), lambda: False, alone)
    lane.start()
    assert done.wait(5)
    assert not left
    done.clear()
    left.append(4)
    lane.wake()
    assert done.wait(5)
    lane.stop()
    assert not left
    lane.stop()


def test_it_goes_on_after_an_error(
    alone: Alone, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "POLL", 0.01)
    tried, done = [], threading.Event()

    def step() -> bool:
        tried.append(1)
        if len(tried) < 3:
            raise OSError("disk full")
        done.set()
        return False

    lane = Lane(step, lambda: False, alone)
    lane.start()
    assert done.wait(5)
    lane.stop()
    assert "jobs cannot go on" in caplog.text


def test_it_rests_nine_times_as_long_as_it_worked_while_others_wait(
    alone: Alone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK", 0.0)
    now, looks = [0.0], []

    def step() -> bool:
        now[0] += 2.0
        return True

    def busy() -> bool:
        looks.append(now[0])
        now[0] += 0.5
        return True

    lane = Lane(step, busy, alone, clock=lambda: now[0])
    lane._turn()
    assert now[0] == pytest.approx(2 + 9 * 2, abs=0.5)
    assert looks[0] == 2.0


def test_it_does_not_rest_where_nobody_waits(alone: Alone) -> None:
    now = [0.0]

    def step() -> bool:
        now[0] += 2.0
        return True

    Lane(step, lambda: False, alone, clock=lambda: now[0])._turn()
    assert now[0] == 2.0


def test_one_lane_at_a_time(alone: Alone, tmp_path: Path) -> None:
    left, done = [1], threading.Event()
    other = Alone(tmp_path / "jobs" / "lock")
    assert other.take()
    assert other.take()
    lane = Lane(stepping(left, done), lambda: False, alone)
    lane.start()
    lane.wake()
    assert not done.wait(0.03)
    other.release()
    lane.wake()
    assert done.wait(5)
    lane.stop()
    assert other.take()
    other.release()
