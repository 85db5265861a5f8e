"""Answers that go on for as long as somebody reads them: how many, and what ends them."""

import asyncio
from collections.abc import AsyncIterable, Callable
from contextlib import suppress
from typing import Any, Final, Self

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from visavis.errors import VisavisError
from visavis.service.admission import Overloaded

LIMIT: Final = "limit"
"""Where the guard leaves a request's `asyncio.Timeout`, in its state."""


class Stream:
    """One such answer. It ends when the service stops, or its reader may not call any more.

    A context manager that gives its seat back. Used on one event loop; `wake` from any thread.
    """

    def __init__(self, streams: "Streams", may: Callable[[], object]) -> None:
        self._streams = streams
        self._may = may
        self._loop = asyncio.get_running_loop()
        self._woken = asyncio.Event()

    @property
    def going(self) -> bool:
        """Whether it is to go on, asked anew."""
        if self._streams.ended:
            return False
        try:
            self._may()
        except VisavisError:
            return False
        return True

    def wake(self) -> None:
        """Ends a rest."""
        with suppress(RuntimeError):  # of a loop that is closed
            self._loop.call_soon_threadsafe(self._woken.set)

    async def rest(self, seconds: float) -> bool:
        """Waits to be woken, `seconds` at most; says whether it was."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        woken = self._woken.is_set()
        self._woken.clear()
        return woken

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._streams.leave(self)


class Streams:
    """At most `most` of them at a time. All on one event loop."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: set[Stream] = set()
        self.ended = False
        """Whether the service is stopping."""

    def __len__(self) -> int:
        return len(self._open)

    def open(self, may: Callable[[], object]) -> Stream:
        """A new one, for a `Lasting` answer. `may` raises VisavisError once its reader may not
        call any more. Raises Overloaded where all seats are taken, or the service is stopping.
        """
        if self.ended or len(self._open) >= self._most:
            raise Overloaded(f"expected at most {self._most} streams at a time, got one more")
        stream = Stream(self, may)
        self._open.add(stream)
        return stream

    def leave(self, stream: Stream) -> None:
        """Frees the seat of a stream that is over."""
        self._open.discard(stream)

    def end(self) -> None:
        """Has all of them end, and lets no other begin: the service is about to stop."""
        self.ended = True
        for stream in self._open:
            stream.wake()


class Lasting(StreamingResponse):
    """The answer of a stream: no limit holds for its time, and its seat is free afterwards."""

    def __init__(self, content: AsyncIterable[bytes], stream: Stream, **options: Any) -> None:
        super().__init__(content, **options)
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._stream:
            scope["state"][LIMIT].reschedule(None)
            await super().__call__(scope, receive, send)
