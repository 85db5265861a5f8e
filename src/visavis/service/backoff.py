"""Guessing made slow: after failed verifications a key has to wait, and longer each time.

The wait is of one key for one subject: nobody can lock a subject out with a key of his own. What
many keys try on one subject is seen by the alert, which blocks nobody.
"""

import hashlib
import secrets
import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from visavis.errors import ConfigError, VisavisError
from visavis.gallery.vault import length_prefixed


class BackedOff(VisavisError):
    """Raised while a key has to wait with a subject; `retry_after`: seconds that are left."""

    code = "backed_off"

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Alert:
    """Many failures on one subject within the window, over all `keys` (their ids, sorted).

    `subject` is its id: a log takes its pseudonym instead.
    """

    collection: str
    subject: str
    failures: int
    keys: tuple[str, ...]


class Backoff:
    """Counts failed verifications, in memory: a restart forgets them. Thread-safe. Times in
    seconds.

    From failure `free` in a row on, key and subject wait 1, 2, 4 ... `most`; a success or `forget`
    without failure ends the row. Ask `check` right before a comparison and report right after it,
    on the worker's thread: between the two as many guesses fit as there are workers.

    Subjects are held as BLAKE2b digests under a key of the process. At most `room` rows of
    failures and `room` failures within `window` are held; the oldest go first.
    """

    def __init__(
        self,
        *,
        free: int = 5,
        most: float = 60.0,
        forget: float = 900.0,
        window: float = 600.0,
        alert_after: int = 20,
        room: int = 100_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises ConfigError for numbers below 1, or waits that outlast the memory of them."""
        if min(free, most, window, alert_after, room) < 1 or forget < most:
            raise ConfigError(
                "expected numbers of 1 or more, and forget no less than most, got "
                f"{free=}, {most=}, {forget=}, {window=}, {alert_after=}, {room=}"
            )
        self._free = free
        self._most = most
        self._forget = forget
        self._room = room
        self._clock = clock
        self._secret = secrets.token_bytes(32)
        self._rows: OrderedDict[bytes, _Row] = OrderedDict()  # the longest silent one first
        self._watch = _Watch(window, alert_after, room)
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._rows)

    def check(self, key: str, collection: str, subject: str) -> None:
        """Raises BackedOff while the key has to wait before it may verify this subject again."""
        with self._lock:
            now = self._clock()
            self._expire(now)
            row = self._rows.get(self._digest(key, collection, subject))
        if row is None:
            return
        wait = self._wait(row.failures)
        left = row.last + wait - now
        if left > 0:
            raise BackedOff(
                f"expected a wait of {wait:g} s after {row.failures} failed verifications in a "
                f"row, got one {left:.1f} s too short",
                left,
            )

    def failed(self, key: str, collection: str, subject: str) -> Alert | None:
        """Counts a failure. An alert, once a window, when all keys' failures reach the number."""
        name = self._digest(key, collection, subject)
        with self._lock:
            now = self._clock()
            self._expire(now)
            row = self._rows.pop(name, None)
            self._rows[name] = _Row(1 if row is None else row.failures + 1, now)
            if len(self._rows) > self._room:
                self._rows.popitem(last=False)
            seen = self._watch.failed(self._digest(collection, subject), key, now)
        if seen is None:
            return None
        return Alert(collection, subject, seen.total(), tuple(sorted(seen)))

    def succeeded(self, key: str, collection: str, subject: str) -> None:
        """Ends the row of failures of this key; the other keys' remain."""
        with self._lock:
            self._rows.pop(self._digest(key, collection, subject), None)

    def _wait(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row."""
        beyond = failures - self._free
        return min(2.0 ** min(beyond, 60), self._most) if beyond >= 0 else 0.0

    def _expire(self, now: float) -> None:
        while self._rows and now - next(iter(self._rows.values())).last >= self._forget:
            self._rows.popitem(last=False)

    def _digest(self, *parts: str) -> bytes:
        return hashlib.blake2b(length_prefixed(parts), key=self._secret, digest_size=16).digest()


@dataclass(frozen=True, slots=True)
class _Row:
    failures: int
    last: float


@dataclass(slots=True)
class _Seen:
    """The failures on one subject that are within the window, by key."""

    keys: Counter[str] = field(default_factory=Counter)
    alerted: float | None = None


class _Watch:
    """The failures of the last `window` seconds, `room` at most, counted by subject and key."""

    def __init__(self, window: float, alert_after: int, room: int) -> None:
        self._window = window
        self._alert_after = alert_after
        self._room = room
        self._failures: deque[tuple[float, bytes, str]] = deque()
        self._subjects: dict[bytes, _Seen] = {}

    def failed(self, subject: bytes, key: str, now: float) -> Counter[str] | None:
        """The failures by key when they reach the number, once a window."""
        self._failures.append((now, subject, key))
        seen = self._subjects.setdefault(subject, _Seen())
        seen.keys[key] += 1
        while now - self._failures[0][0] >= self._window or len(self._failures) > self._room:
            self._drop()
        quiet = seen.alerted is not None and now - seen.alerted < self._window
        if quiet or seen.keys.total() < self._alert_after:
            return None
        seen.alerted = now
        return seen.keys.copy()

    def _drop(self) -> None:
        _, subject, key = self._failures.popleft()
        seen = self._subjects[subject]
        seen.keys[key] -= 1
        if not seen.keys[key]:
            del seen.keys[key]
        if not seen.keys:
            del self._subjects[subject]
