"""Reads a source on a thread of its own, so that who looks at frames gets the newest ones."""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from threading import Condition, Thread
from typing import Final, Literal, TypeAlias

from visavis.errors import ConfigError, StreamFailed, VisavisError
from visavis.video.backoff import Backoff
from visavis.video.frames import Frame
from visavis.video.source import Source

State: TypeAlias = Literal["connecting", "running", "waiting", "ended", "failed", "closed"]

_AHEAD: Final = 2  # frames that a file is decoded ahead
_RECENT: Final = 64  # frames by which the rate is told
_PROMPT: Final = 0.9  # seconds that `close` waits for the thread
_ROUNDING: Final = 1e-6
_OVER: Final = ("ended", "failed", "closed")
_BACKOFF: Final = Backoff()


@dataclass(frozen=True, slots=True)
class ReaderStatus:
    """How reading goes. `waiting` is between two tries; `failed` is given up.

    `fps` counts the frames that came lately, looked at or not; `dropped` gave place to newer ones,
    here or in the source; `corrupt` could not be decoded. `last_error` is the code of the last
    error. `since` is when the state began, in seconds since 1970.
    """

    state: State
    fps: float
    frames: int
    dropped: int
    reconnects: int
    corrupt: int
    last_error: str | None
    since: float


class Reader:
    """Frames of a source, in order: of a live one the newest alone, of any other every one.

    A live source that fails is tried again, for ever or until `most` tries in a row have failed.
    With `every`, frames nearer than that to the last one handed out, in seconds of the stream, are
    passed over (and not counted as dropped). One thread, started at once and ended by `close`.
    """

    def __init__(
        self,
        source: Source,
        *,
        every: float = 0.0,
        backoff: Backoff = _BACKOFF,
        most: int | None = None,
    ) -> None:
        """Raises ConfigError for a negative `every` and fewer than one try."""
        if not every >= 0 or (most is not None and most < 1):
            raise ConfigError(f"expected every from 0 and 1 try or more, got {every:g} and {most}")
        self._source = source
        self._every = every
        self._backoff = backoff
        self._most = most
        self._changed = Condition()
        self._frames: deque[Frame] = deque()
        self._arrived: deque[float] = deque(maxlen=_RECENT)
        self._read = 0
        self._number = -1
        self._dropped = 0
        self._reconnects = 0
        self._due = 0.0
        self._error: VisavisError | None = None
        self._last_error: str | None = None
        self._state: State = "connecting"
        self._since = time.time()
        self._thread = Thread(target=self._run, name=f"visavis-video {source.name}", daemon=True)
        self._thread.start()

    def next(self, timeout: float | None = None) -> Frame | None:
        """The next frame, waited for as long as `timeout` says, in seconds, or without limit.

        None where none came in time, and where there are no more: then `ended` is true. Raises
        what a source failed with for good: StreamFailed, BadStream, ImageTooLarge.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._frames or self.ended, timeout)
            if self._frames:
                frame = self._frames.popleft()
                self._changed.notify_all()
                return frame
            if self._error is not None:
                raise self._error
            return None

    @property
    def waiting(self) -> bool:
        """Whether `next` would give a frame at once."""
        return bool(self._frames)

    @property
    def ended(self) -> bool:
        """Whether no more frames will come, but those that were read before."""
        return self._state in _OVER

    def status(self) -> ReaderStatus:
        """How it goes at this moment."""
        with self._changed:
            return ReaderStatus(
                state=self._state,
                fps=self._fps(),
                frames=self._read,
                dropped=self._dropped,
                reconnects=self._reconnects,
                corrupt=self._source.corrupt,
                last_error=self._last_error,
                since=self._since,
            )

    def close(self) -> None:
        """Ends reading, and drops what was not handed out; returns within a second.

        A thread that waits for a connection or a device then is left to itself: it ends when that
        wait does, and lets go of what it holds.
        """
        with self._changed:
            self._frames.clear()
            self._enter("closed")
        self._source.close()
        self._thread.join(_PROMPT)

    def __iter__(self) -> Iterator[Frame]:
        """All frames to the end."""
        while (frame := self.next()) is not None:
            yield frame

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> None:
        """Reads until the source ends or is given up; on the reader's thread."""
        failures = 0
        while self._error is None and not self.ended:
            before = self._read
            error = self._connect()
            if error is None:
                break
            failures = 1 if self._read > before else failures + 1
            self._fail(error, failures)
        else:
            self._to("failed")
            return
        self._to("ended")

    def _connect(self) -> VisavisError | None:
        """Reads one connection to its end; gives the error that it broke off with, if one."""
        try:
            with closing(self._source.frames()) as frames:
                for frame in frames:
                    if not self._put(frame):
                        return None
        except VisavisError as error:
            return error
        except Exception as error:  # no fault of a library may end the thread unseen
            return StreamFailed(f"{self._source.name} failed: {type(error).__name__}")
        return None

    def _fail(self, error: VisavisError, failures: int) -> None:
        """Waits before the next try, or gives up."""
        given_up = not self._source.live or (self._most is not None and failures >= self._most)
        with self._changed:
            if self.ended:
                return
            self._last_error = error.code
            if given_up:
                self._error = error
                return
            self._enter("waiting")
            self._changed.wait_for(lambda: self.ended, self._backoff.pause(failures))
            self._reconnects += not self.ended
            self._enter("connecting")

    def _put(self, frame: Frame) -> bool:
        """Takes a frame in; False when there is nobody left to take it."""
        with self._changed:
            self._read += 1
            if self._source.live:
                self._dropped += max(frame.number - self._number - 1, 0)
                self._number = frame.number
            self._arrived.append(frame.arrived)
            self._enter("running")
            if not self._is_due(frame.at):
                return not self.ended
            if self._source.live:
                self._dropped += len(self._frames)
                self._frames.clear()
            else:
                self._changed.wait_for(lambda: len(self._frames) < _AHEAD or self.ended)
            if not self.ended:
                self._frames.append(frame)
                self._changed.notify_all()
            return not self.ended

    def _is_due(self, at: float) -> bool:
        """Whether a frame is to be handed out; those that are keep a beat, as far as they can."""
        if at < self._due - _ROUNDING:
            return False
        late = at - self._due >= self._every
        self._due = (at if late else self._due) + self._every
        return True

    def _to(self, state: State) -> None:
        with self._changed:
            self._enter(state)

    def _enter(self, state: State) -> None:
        """Changes the state, unless it is over; the lock is held."""
        if state != self._state and not self.ended:
            self._state, self._since = state, time.time()
            self._changed.notify_all()

    def _fps(self) -> float:
        """Frames a second, down to now: it falls while none comes."""
        if len(self._arrived) < 2:
            return 0.0
        until = time.monotonic() if self._source.live else self._arrived[-1]
        took = until - self._arrived[0]
        return (len(self._arrived) - 1) / took if took > 0 else 0.0
