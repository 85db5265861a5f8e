"""An end by SIGTERM that cleans up as one by Ctrl-C does."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def cleaning_up() -> Iterator[None]:
    """Within, SIGTERM raises SystemExit: uvicorn drains first, then sends itself the signal again,
    which by default would end the process with its temporary folders left behind.

    Does nothing in a thread that is not the main one, which gets no signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _end(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)
