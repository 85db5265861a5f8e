"""Things that the service tells as they come, as server-sent events."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from visavis.client.errors import ServiceError, Unreachable, reading
from visavis.client.operation import Operation, Query
from visavis.client.reading import nothing
from visavis.client.retries import Retries
from visavis.errors import InputError

T = TypeVar("T")

SILENCE: Final = 45.0
"""Seconds without a sign of life, after which a line is taken to be dead: three heartbeats."""


@dataclass(frozen=True, slots=True)
class Feed(Generic[T]):
    """What is to be followed, and how each event is read. Raises InputError for a negative number
    in `after`.
    """

    path: str
    read: Callable[[Any], T]
    query: Query = field(default_factory=dict)
    after: int | None = None

    def __post_init__(self) -> None:
        if self.after is not None and self.after < 0:
            raise InputError(f"expected the number of an event, 0 or more, got {self.after}")


class Reader(Generic[T]):
    """Makes events of the lines that come, and knows where to go on. One feed, one thread."""

    def __init__(self, feed: Feed[T], retries: Retries) -> None:
        self._feed = feed
        self._retries = retries
        self._last = "" if feed.after is None else str(feed.after)
        self._id = self._last
        self._data: list[str] = []
        self._failures = 0
        self._answered = False

    @property
    def operation(self) -> Operation[None]:
        """The request that goes on where the last line ended."""
        headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
        if self._last:
            headers["Last-Event-ID"] = self._last
        return Operation("GET", self._feed.path, nothing, self._feed.query, headers=headers)

    def opened(self) -> None:
        """Notes that the service has answered: from now on it is waited for."""
        self._answered = True
        self._id, self._data = self._last, []

    def take(self, line: str) -> list[T]:
        """The event that a line completes, or nothing. Raises ServiceError for one that cannot be
        read.
        """
        self._failures = 0
        if line:
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "id" and value.isdecimal():
                self._id = value
            elif name == "data":
                self._data.append(value)
            return []
        data, self._data = "\n".join(self._data), []
        if not data:
            self._last = self._id
            return []
        with reading("an event of a stream"):
            found = self._feed.read(json.loads(data))
        self._last = self._id
        return [found]

    def pause(self, error: ServiceError | None) -> float:
        """Seconds until the next try, after an error or the end of a line; raises the error if
        there is none.
        """
        lost = error or Unreachable("the service ended a stream")
        done, self._failures = self._failures, self._failures + 1
        if not self._answered:
            return self._retries.pause(self.operation, done, lost)
        return self._retries.patient(self.operation, done, lost)
