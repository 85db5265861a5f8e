"""Many streams, few threads: who has had the least time goes first."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Condition, Thread
from typing import Final, Protocol

from visavis.errors import ConfigError

logger = logging.getLogger("visavis.video")

_POLL: Final = 0.02  # seconds until those that were not ready are asked again


class Job(Protocol):
    """Something that is worked at in small steps, by one thread at a time."""

    def ready(self) -> bool:
        """Whether a step has something to do; quick, and called often."""
        ...

    def step(self) -> bool:
        """Works a little; false where there will never be anything to do again."""
        ...


@dataclass(slots=True, eq=False)
class _Entry:
    job: Job
    spent: float
    busy: bool = False


class Rota:
    """Gives the jobs their steps on `workers` threads, so that each gets its share of the time.

    Of those that are ready, the one that has used the least time goes first: a stream with many
    faces does not slow down one with few. A newcomer starts level with the others, and one that
    had nothing to do for a while does not get the time it left back. A job whose step raises is
    dropped, and the log says so.
    """

    def __init__(self, workers: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Raises ConfigError for no workers."""
        if workers < 1:
            raise ConfigError(f"expected 1 worker or more, got {workers}")
        self._clock = clock
        self._changed = Condition()
        self._entries: list[_Entry] = []
        self._level = 0.0
        self._closed = False
        self._threads = [
            Thread(target=self._run, name=f"visavis-rota-{n}", daemon=True) for n in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    def add(self, job: Job) -> None:
        """Takes a job in. Raises ConfigError after `close`."""
        with self._changed:
            if self._closed:
                raise ConfigError("expected a rota that is open, got a closed one")
            self._entries.append(_Entry(job, self._level))
            self._changed.notify_all()

    def remove(self, job: Job) -> None:
        """Drops a job; when it returns, no step of it runs. Not to be called from a step."""
        with self._changed:
            gone = [entry for entry in self._entries if entry.job is job]
            self._entries = [entry for entry in self._entries if entry not in gone]
            self._changed.wait_for(lambda: not any(entry.busy for entry in gone))

    def __len__(self) -> int:
        """How many jobs there are."""
        return len(self._entries)

    def close(self) -> None:
        """Lets running steps end, and begins no other."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while (entry := self._next()) is not None:
            started = self._clock()
            going = False
            try:
                going = entry.job.step()
            except Exception:  # one stream's fault is not another's
                logger.exception("a stream broke")
            self._done(entry, self._clock() - started, going)

    def _next(self) -> _Entry | None:
        """The job whose turn it is, taken; None when all is over."""
        with self._changed:
            while not self._closed:
                free = sorted((e for e in self._entries if not e.busy), key=lambda e: e.spent)
                entry = next((e for e in free if e.job.ready()), None)
                if entry is not None:
                    entry.busy = True
                    self._level = max(self._level, entry.spent)
                    entry.spent = max(entry.spent, self._level)
                    return entry
                self._changed.wait(_POLL if self._entries else None)
            return None

    def _done(self, entry: _Entry, took: float, going: bool) -> None:
        with self._changed:
            entry.busy = False
            entry.spent += took
            if not going and entry in self._entries:
                self._entries.remove(entry)
            self._changed.notify_all()
