import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Barrier, Event, Lock

import pytest

from visavis.errors import ConfigError
from visavis.video.rota import Rota

LONG = 20.0


class Job:
    """Always ready until it was worked at `steps` times."""

    def __init__(self, work: Callable[[], None] = lambda: None, steps: int = 1) -> None:
        self.work = work
        self.left = steps
        self.over = Event()
        self.allowed = True

    def ready(self) -> bool:
        return self.allowed

    def step(self) -> bool:
        self.work()
        self.left -= 1
        if self.left <= 0:
            self.over.set()
        return self.left > 0


@contextmanager
def rota(workers: int = 1, **given: object) -> Iterator[Rota]:
    made = Rota(workers, **given)  # type: ignore[arg-type]
    try:
        yield made
    finally:
        made.close()


def test_a_job_is_worked_at_until_it_is_over_and_then_dropped() -> None:
    with rota() as found:
        job = Job(steps=3)
        found.add(job)
        assert job.over.wait(LONG)
        found.remove(job)
        assert job.left == 0
        assert len(found) == 0


def test_no_job_is_worked_at_by_two_threads() -> None:
    within, worst, lock = Counter[str](), Counter[str](), Lock()

    def work() -> None:
        with lock:
            within["now"] += 1
            worst["most"] = max(worst["most"], within["now"])
        with lock:
            within["now"] -= 1

    with rota(4) as found:
        job = Job(work, steps=500)
        found.add(job)
        assert job.over.wait(LONG)
    assert worst["most"] == 1


def test_jobs_run_side_by_side() -> None:
    meeting = Barrier(2, timeout=LONG)
    with rota(2) as found:
        jobs = [Job(meeting.wait) for _ in range(2)]  # type: ignore[arg-type]
        for job in jobs:
            found.add(job)
        assert all(job.over.wait(LONG) for job in jobs)


def test_time_is_shared_evenly_whatever_a_step_takes() -> None:
    now, order, gate = [0.0], list[str](), Event()

    def takes(name: str, seconds: float) -> Callable[[], None]:
        def work() -> None:
            now[0] += seconds
            order.append(name)

        return work

    with rota(clock=lambda: now[0]) as found:
        first = Job(lambda: gate.wait(LONG) and None)  # type: ignore[func-returns-value]
        found.add(first)  # holds the only thread until both others are there
        slow, quick = Job(takes("slow", 4.0), steps=100), Job(takes("quick", 1.0), steps=400)
        found.add(slow)
        found.add(quick)
        gate.set()
        assert slow.over.wait(LONG)
        assert quick.over.wait(LONG)
    part = Counter(order[:100])
    assert 75 <= part["quick"] <= 85  # four steps of 1 s for each of 4 s


def test_idle_time_is_not_saved_up() -> None:
    now, order, half, paused = [0.0], list[str](), Event(), Event()

    def busy() -> None:
        now[0] += 1.0
        order.append("busy")
        if len(order) == 50:
            half.set()
            paused.wait(LONG)

    def idler() -> None:
        now[0] += 1.0
        order.append("idler")

    with rota(clock=lambda: now[0]) as found:
        late, always = Job(idler, steps=40), Job(busy, steps=90)
        late.allowed = False
        found.add(late)
        found.add(always)
        assert half.wait(LONG)
        late.allowed = True
        paused.set()
        assert late.over.wait(LONG)
        assert always.over.wait(LONG)
    after = Counter(order[50:70])
    assert 8 <= after["idler"] <= 12


def test_a_job_that_is_not_ready_is_asked_again() -> None:
    with rota() as found:
        job = Job()
        job.allowed = False
        found.add(job)
        job.allowed = True
        assert job.over.wait(LONG)


def test_a_job_that_breaks_is_dropped_and_others_go_on(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> None:
        raise RuntimeError("no")

    with rota() as found, caplog.at_level(logging.ERROR, logger="visavis.video"):
        bad, good = Job(broken, steps=5), Job(steps=20)
        found.add(bad)
        found.add(good)
        assert good.over.wait(LONG)
        found.remove(good)
        assert len(found) == 0
    assert bad.left == 5
    assert "a stream broke" in caplog.text


def test_when_remove_returns_no_step_runs() -> None:
    running, go, done = Event(), Event(), list[str]()

    def work() -> None:
        running.set()
        go.wait(LONG)
        done.append("step")

    with rota() as found:
        job = Job(work, steps=1000)
        found.add(job)
        assert running.wait(LONG)
        go.set()
        found.remove(job)
        counted = len(done)
        assert counted >= 1
        assert len(found) == 0
    assert len(done) == counted


def test_a_rota_needs_workers_and_is_not_used_after_its_end() -> None:
    with pytest.raises(ConfigError, match="1 worker"):
        Rota(0)
    made = Rota(1)
    made.close()
    with pytest.raises(ConfigError, match="open"):
        made.add(Job())
