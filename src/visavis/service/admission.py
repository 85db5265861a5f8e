"""A bounded pool for CPU work behind asyncio: who is let in, who waits, who is sent away at once.

A queue without a limit answers nobody in time. Here a call is refused when it comes, in
microseconds, unless it can be expected to start soon; and one that was let in either starts within
`longest_wait` or is refused then.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeAlias, TypeVar

from visavis.errors import ConfigError, VisavisError

Result = TypeVar("Result")
Turn: TypeAlias = "asyncio.Future[bool]"  # True: a slot is yours; False: you are refused

NEWEST = 0.1  # weight of the newest service time in the moving mean
SOONEST = 1.0  # nobody is asked back sooner, in seconds


class Overloaded(VisavisError):
    """Raised when a call is not let in; `retry_after`: seconds until it may be, at least 1."""

    code = "overloaded"

    def __init__(self, message: str, retry_after: float = SOONEST) -> None:
        super().__init__(message)
        self.retry_after = max(retry_after, SOONEST)


class TooSlow(Overloaded):
    """Raised when a call was let in and did not start in time; its work was never run."""

    code = "too_slow"


class Workers:
    """`count` threads for CPU work, and at most `waiting` calls that wait for one, first come
    first served, none longer than `longest_wait` seconds.

    All methods are called on one event loop. `clock` measures how long the work takes, in seconds.
    """

    def __init__(
        self,
        count: int,
        *,
        waiting: int,
        longest_wait: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises ConfigError for no threads, a negative queue or no time to wait."""
        if count < 1 or waiting < 0 or not longest_wait > 0:
            raise ConfigError(
                "expected 1 worker or more, 0 waiting calls or more and a wait above 0 s, "
                f"got {count}, {waiting} and {longest_wait:g}"
            )
        self._count = count
        self._room = waiting
        self._longest_wait = longest_wait
        self._clock = clock
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="visavis-worker")
        self._queue: deque[Turn] = deque()
        self._running = 0
        self._served = 0
        self._mean = 0.0
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = False

    @property
    def waiting(self) -> int:
        """How many calls wait for a thread."""
        return len(self._queue)

    @property
    def running(self) -> int:
        """How many threads are taken, by calls that were cancelled since too."""
        return self._running

    @property
    def expected_wait(self) -> float:
        """Seconds in which those that wait now will have started, by recent service times."""
        return len(self._queue) * self._mean / self._count

    async def run(self, work: Callable[[], Result]) -> Result:
        """What `work` returns or raises, run on one of the threads.

        Cancelled before it starts, it never runs; cancelled later, it goes on, keeps its thread
        until it ends, and its result is dropped. Raises Overloaded and TooSlow.
        """
        await self._turn()
        ended = asyncio.get_running_loop().create_future()
        started = self._clock()
        try:
            job = self._pool.submit(work)
        except RuntimeError as error:
            self._release()
            raise Overloaded(f"expected a worker thread, got: {error}") from error
        job.add_done_callback(lambda _: self._report(ended, started))
        try:
            await ended
            return job.result()
        finally:
            job.cancel()
            del job  # through it the traceback of an error would keep itself, and the images

    async def drain(self, timeout: float) -> bool:
        """Lets no more calls in, and waits for those that are; False if some are left by then."""
        self._closed = True
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._idle.wait()
        return not self._running

    def close(self) -> None:
        """Refuses new calls and those that wait; what runs goes on to its end."""
        self._closed = True
        while self._queue:
            self._queue.popleft().set_result(False)
        self._pool.shutdown(wait=False)

    async def _turn(self) -> None:
        """Returns with a slot taken, or raises."""
        self._admit()
        if self._running < self._count:
            self._running += 1
            self._idle.clear()
            return
        loop = asyncio.get_running_loop()
        turn: Turn = loop.create_future()
        self._queue.append(turn)
        timer = loop.call_later(self._longest_wait, self._late, turn)
        try:
            mine = await turn
        except asyncio.CancelledError:
            self._give_up(turn)
            raise
        finally:
            timer.cancel()
        if not mine:
            raise self._refusal()

    def _admit(self) -> None:
        if self._closed:
            raise self._refusal()
        if self._running < self._count:
            return
        if len(self._queue) >= self._room:
            raise Overloaded(
                f"expected fewer than {self._room} waiting calls, got {len(self._queue)}",
                self._mean / self._count,
            )
        excess = self.expected_wait - self._longest_wait
        if excess > 0:
            raise Overloaded(
                f"expected a wait of at most {self._longest_wait:g} s, "
                f"got about {self.expected_wait:.1f} s",
                excess,
            )

    def _refusal(self) -> Overloaded:
        if self._closed:
            return Overloaded("expected workers that take calls, got ones that are closing")
        return TooSlow(
            f"expected to start within {self._longest_wait:g} s, and no worker came free",
            self.expected_wait,
        )

    def _late(self, turn: Turn) -> None:
        if not turn.done():
            self._queue.remove(turn)
            turn.set_result(False)

    def _give_up(self, turn: Turn) -> None:
        """The task that waited was cancelled: before its turn came, or in that very moment."""
        if turn.cancelled():
            self._queue.remove(turn)
        elif turn.result():
            self._release()

    def _release(self) -> None:
        """A slot is free: it goes to the first that waits."""
        if self._queue:
            self._queue.popleft().set_result(True)
            return
        self._running -= 1
        if not self._running:
            self._idle.set()

    def _report(self, ended: "asyncio.Future[None]", started: float) -> None:
        """Tells the loop that work is over; called on the worker's thread."""
        took = self._clock() - started
        with suppress(RuntimeError):  # a closed loop: nobody waits any more
            ended.get_loop().call_soon_threadsafe(self._ended, ended, took)

    def _ended(self, ended: "asyncio.Future[None]", took: float) -> None:
        self._served += 1
        self._mean += (took - self._mean) * max(NEWEST, 1 / self._served)
        if not ended.done():
            ended.set_result(None)
        self._release()
