"""Admission: order, limits, cancelling and closing, all driven by events."""

import asyncio
import gc
import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from visavis.errors import ConfigError, InputError
from visavis.service.admission import Overloaded, TooSlow, Workers


class Job:
    """Work that starts, notes its name, and ends when it is let go."""

    def __init__(self, name: str = "", log: list[str] | None = None) -> None:
        self.name = name
        self.log = [] if log is None else log
        self.gate = threading.Event()

    def __call__(self) -> str:
        self.log.append(self.name)
        assert self.gate.wait(10)
        return self.name


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += seconds


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.001)


def workers(count: int = 1, waiting: int = 8, longest_wait: float = 60.0) -> Workers:
    return Workers(count, waiting=waiting, longest_wait=longest_wait)


@pytest.mark.parametrize(("count", "waiting", "longest"), [(0, 1, 1), (1, -1, 1), (1, 1, 0)])
def test_sizes_are_checked(count: int, waiting: int, longest: float) -> None:
    with pytest.raises(ConfigError, match="expected 1 worker or more"):
        Workers(count, waiting=waiting, longest_wait=longest)


def test_results_come_from_a_named_thread_and_errors_unchanged() -> None:
    error = InputError("no")

    def fail() -> None:
        raise error

    async def scenario() -> None:
        pool = workers()
        name = await pool.run(lambda: threading.current_thread().name)
        assert name.startswith("visavis-worker")
        with pytest.raises(InputError) as raised:
            await pool.run(fail)
        assert raised.value is error
        assert await pool.run(lambda: 7) == 7
        assert (pool.running, pool.waiting) == (0, 0)
        pool.close()

    asyncio.run(scenario())


def test_first_come_first_served_on_as_many_threads_as_there_are() -> None:
    async def scenario() -> None:
        pool, log = workers(count=2), list[str]()
        jobs = [Job(name, log) for name in "abcde"]
        tasks = [asyncio.create_task(pool.run(job)) for job in jobs]
        await until(lambda: len(log) == 2)
        assert (pool.running, pool.waiting) == (2, 3)
        for following, job in zip("cde", jobs, strict=False):
            job.gate.set()
            await until(partial(log.__contains__, following))
            assert pool.running == 2
        for job in jobs:
            job.gate.set()
        assert await asyncio.gather(*tasks) == list("abcde")
        assert sorted(log[:2]) == ["a", "b"]
        assert log[2:] == ["c", "d", "e"]
        pool.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("room", [0, 2])
def test_a_full_queue_refuses_at_once(room: int) -> None:
    async def scenario() -> None:
        pool, job = workers(waiting=room), Job()
        tasks = [asyncio.create_task(pool.run(job)) for _ in range(1 + room)]
        await until(lambda: pool.running == 1 and pool.waiting == room)
        with pytest.raises(Overloaded, match=f"fewer than {room} waiting") as raised:
            await pool.run(job)
        assert raised.value.code == "overloaded"
        assert raised.value.retry_after == 1.0
        job.gate.set()
        await asyncio.gather(*tasks)
        assert await pool.run(lambda: "again") == "again"
        pool.close()

    asyncio.run(scenario())


def test_a_full_queue_says_when_a_place_comes_free() -> None:
    async def scenario() -> None:
        clock, job = Clock(), Job()
        pool = Workers(2, waiting=1, longest_wait=60, clock=clock)
        await pool.run(lambda: clock.pass_(8))
        tasks = [asyncio.create_task(pool.run(job)) for _ in range(3)]
        await until(lambda: pool.waiting == 1)
        with pytest.raises(Overloaded) as raised:
            await pool.run(job)
        assert raised.value.retry_after == 8 / 2
        job.gate.set()
        await asyncio.gather(*tasks)
        pool.close()

    asyncio.run(scenario())


def test_an_expected_wait_that_is_too_long_refuses_at_once() -> None:
    async def scenario() -> None:
        clock, job = Clock(), Job()
        pool = Workers(2, waiting=100, longest_wait=9.0, clock=clock)
        await pool.run(lambda: clock.pass_(8))
        assert pool.expected_wait == 0
        tasks = [asyncio.create_task(pool.run(job)) for _ in range(5)]
        await until(lambda: pool.waiting == 3)
        assert pool.expected_wait == 3 * 8 / 2
        with pytest.raises(Overloaded, match=r"at most 9 s, got about 12\.0 s") as raised:
            await pool.run(job)
        assert raised.value.retry_after == 12 - 9
        job.gate.set()
        await asyncio.gather(*tasks)
        pool.close()

    asyncio.run(scenario())


def test_the_mean_follows_recent_service_times() -> None:
    async def scenario() -> None:
        clock, job = Clock(), Job()
        pool = Workers(1, waiting=100, longest_wait=1000, clock=clock)
        for _ in range(100):
            await pool.run(lambda: clock.pass_(50))
        for _ in range(50):
            await pool.run(lambda: clock.pass_(2))
        tasks = [asyncio.create_task(pool.run(job)) for _ in range(2)]
        await until(lambda: pool.waiting == 1)
        assert 2 < pool.expected_wait < 3
        job.gate.set()
        await asyncio.gather(*tasks)
        pool.close()

    asyncio.run(scenario())


def test_who_waited_too_long_is_refused_and_never_run() -> None:
    async def scenario() -> None:
        pool, log = workers(longest_wait=0.02), list[str]()
        running = asyncio.create_task(pool.run(first := Job("first", log)))
        await until(lambda: log == ["first"])
        with pytest.raises(TooSlow, match=r"within 0\.02 s") as raised:
            await pool.run(Job("late", log))
        assert raised.value.code == "too_slow"
        assert raised.value.retry_after >= 1
        assert (pool.running, pool.waiting) == (1, 0)
        first.gate.set()
        assert await running == "first"
        assert await pool.run(lambda: "next") == "next"
        assert log == ["first"]
        pool.close()

    asyncio.run(scenario())


def test_who_is_cancelled_while_waiting_is_never_run() -> None:
    async def scenario() -> None:
        pool, log = workers(), list[str]()
        jobs = [Job(name, log) for name in ("first", "gone", "last")]
        tasks = [asyncio.create_task(pool.run(job)) for job in jobs]
        await until(lambda: pool.waiting == 2)
        tasks[1].cancel()
        await until(lambda: pool.waiting == 1)
        for job in jobs:
            job.gate.set()
        assert await tasks[2] == "last"
        assert log == ["first", "last"]
        assert tasks[1].cancelled()
        pool.close()

    asyncio.run(scenario())


def test_who_is_cancelled_when_the_turn_comes_hands_it_on() -> None:
    async def scenario() -> None:
        pool, log = workers(), list[str]()
        first, gone, last = Job("first", log), Job("gone", log), Job("last", log)

        async def cancels() -> None:
            await pool.run(first)
            waiting.cancel()  # its turn has come, and it has not yet run on

        canceller = asyncio.create_task(cancels())
        waiting = asyncio.create_task(pool.run(gone))
        following = asyncio.create_task(pool.run(last))
        await until(lambda: pool.waiting == 2)
        for job in (first, gone, last):
            job.gate.set()
        assert await asyncio.wait_for(following, 10) == "last"
        await canceller
        assert waiting.cancelled()
        assert log == ["first", "last"]
        assert pool.running == 0
        pool.close()

    asyncio.run(scenario())


def test_cancelled_work_keeps_its_thread_until_it_ends() -> None:
    async def scenario() -> None:
        pool, log = workers(), list[str]()
        first, last = Job("first", log), Job("last", log)
        cancelled = asyncio.create_task(pool.run(first))
        await until(lambda: log == ["first"])
        following = asyncio.create_task(pool.run(last))
        cancelled.cancel()
        await asyncio.wait([cancelled])
        await asyncio.sleep(0.01)
        assert (pool.running, pool.waiting, log) == (1, 1, ["first"])
        last.gate.set()
        first.gate.set()
        assert await following == "last"
        pool.close()

    asyncio.run(scenario())


def test_draining_serves_what_was_let_in_and_nobody_else() -> None:
    async def scenario() -> None:
        pool, job = workers(), Job("done")
        tasks = [asyncio.create_task(pool.run(job)) for _ in range(2)]
        await until(lambda: pool.waiting == 1)
        assert not await pool.drain(0.01)
        with pytest.raises(Overloaded, match="closing"):
            await pool.run(job)
        job.gate.set()
        assert await pool.drain(10)
        assert [task.done() for task in tasks] == [True, True]
        assert await asyncio.gather(*tasks) == ["done", "done"]
        pool.close()

    asyncio.run(scenario())


def test_closing_refuses_those_that_wait() -> None:
    async def scenario() -> None:
        pool, log = workers(), list[str]()
        first, second = Job("first", log), Job("second", log)
        tasks = [asyncio.create_task(pool.run(job)) for job in (first, second)]
        await until(lambda: log == ["first"] and pool.waiting == 1)
        pool.close()
        with pytest.raises(Overloaded, match="closing"):
            await tasks[1]
        first.gate.set()
        assert await tasks[0] == "first"
        assert log == ["first"]

    asyncio.run(scenario())


def test_a_turn_that_comes_while_the_pool_closes_is_refused() -> None:
    async def scenario() -> None:
        pool, first = workers(), Job()

        async def closes() -> None:
            await pool.run(first)
            pool.close()

        closer = asyncio.create_task(closes())
        waiting = asyncio.create_task(pool.run(Job()))
        await until(lambda: pool.waiting == 1)
        first.gate.set()
        await closer
        with pytest.raises(Overloaded, match="expected a worker thread"):
            await waiting
        assert pool.running == 0

    asyncio.run(scenario())


def test_work_that_outlives_the_loop_ends_quietly(caplog: pytest.LogCaptureFixture) -> None:
    job, threads = Job(), list[threading.Thread]()

    async def scenario() -> None:
        pool, log = workers(), job.log
        before = set(threading.enumerate())
        task = asyncio.create_task(pool.run(job))
        await until(lambda: bool(log))
        threads.extend(set(threading.enumerate()) - before)
        task.cancel()
        pool.close()

    asyncio.run(scenario())
    job.gate.set()
    for thread in threads:
        thread.join(10)
    assert len(threads) == 1
    assert not caplog.records


def test_whoever_is_cancelled_the_limits_hold_and_no_thread_is_lost(
    rng: np.random.Generator,
) -> None:
    running, most, ran = Counter[str](), list[int](), list[int]()
    lock = threading.Lock()

    def work(number: int) -> None:
        with lock:
            running["now"] += 1
            most.append(running["now"])
            ran.append(number)
        time.sleep(0.0005)
        with lock:
            running["now"] -= 1

    async def scenario() -> None:
        pool = workers(count=3, waiting=1000)
        tasks = [asyncio.create_task(pool.run(partial(work, i))) for i in range(200)]
        for chosen in rng.permutation(200)[:120]:
            tasks[chosen].cancel()
            await asyncio.sleep(0)
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert await pool.drain(10)
        assert (pool.running, pool.waiting) == (0, 0)
        served = {i for i, result in enumerate(ended) if result is None}
        assert len(served) >= 80
        assert served <= set(ran)
        pool.close()

    asyncio.run(scenario())
    assert max(most) <= 3
    assert len(ran) == len(set(ran))


class Photo:
    """Stands for what work holds in memory."""


@pytest.mark.parametrize("fails", [False, True])
def test_nothing_keeps_the_photo_once_the_answer_is_there(fails: bool) -> None:
    def call() -> tuple[Callable[[], None], "weakref.ref[Photo]"]:
        photo = Photo()

        def work() -> None:
            assert photo
            if fails:
                raise InputError("no")

        return work, weakref.ref(photo)

    async def scenario() -> None:
        pool = workers()
        work, photo = call()
        task = asyncio.create_task(pool.run(work))
        del work
        await asyncio.wait([task])
        assert isinstance(task.exception(), InputError) == fails
        del task
        await asyncio.sleep(0)
        await pool.run(lambda: None)  # the thread has let go of the work before
        assert photo() is None
        pool.close()

    gc.disable()
    try:
        asyncio.run(scenario())
    finally:
        gc.enable()
