"""The thread on which jobs run: beside the workers, giving way to those who wait for an answer."""

import logging
import time
from collections.abc import Callable
from threading import Event, Thread
from typing import Final

from visavis.service.jobs.alone import Alone
from visavis.service.logs import log

logger = logging.getLogger("visavis.service")

POLL: Final = 5.0
"""Seconds until work is looked for that another process took in, or tried again."""
LOOK: Final = 0.02
YIELDING: Final = 9.0
"""While the workers are all taken, it rests so many times as long as its last step took."""
LONGEST_REST: Final = 30.0


class Lane:
    """Takes one step after another while there is work.

    It takes no slot of the workers, and no more than a tenth of the time while `busy`.
    """

    def __init__(
        self,
        step: Callable[[], bool],
        busy: Callable[[], bool],
        alone: Alone,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`step` does a bit of work and says whether there was any."""
        self._step = step
        self._busy = busy
        self._alone = alone
        self._clock = clock
        self._wake = Event()
        self._stopping = Event()
        self._took = 0.0
        self._thread: Thread | None = None

    def start(self) -> None:
        self._stopping.clear()
        self._thread = Thread(target=self._run, name="visavis-jobs", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Tells that there is work."""
        self._wake.set()

    def stop(self) -> None:
        """Returns when the step that runs has ended, and the lock is free."""
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
        self._thread = None

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._turn()
        finally:
            self._alone.release()

    def _turn(self) -> None:
        try:
            worked = self._alone.take() and self._timed()
        except Exception as error:  # whatever it was, it is tried again
            log(logger, logging.ERROR, "jobs cannot go on", exc_info=error)
            self._stopping.wait(POLL)
            return
        if worked:
            self._give_way()
        else:
            self._wake.wait(POLL)
            self._wake.clear()

    def _timed(self) -> bool:
        start = self._clock()
        worked = self._step()
        self._took = self._clock() - start
        return worked

    def _give_way(self) -> None:
        end = self._clock() + min(self._took * YIELDING, LONGEST_REST)
        while self._busy() and self._clock() < end and not self._stopping.wait(LOOK):
            pass
