"""A mailbox with one slot: whoever empties it gets the newest thing alone."""

import asyncio
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """What is put in takes the place of what nobody has taken yet, so that who is slow gets what
    is new, and nothing piles up. All methods are called on one event loop.
    """

    def __init__(self) -> None:
        self._slot: deque[T] = deque(maxlen=1)
        self._full = asyncio.Event()
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """How many things gave place to newer ones."""
        return self._dropped

    def put(self, item: T) -> bool:
        """Puts a thing in, at once; true where another had to give place to it."""
        dropped = bool(self._slot)
        self._dropped += dropped
        self._slot.append(item)
        self._full.set()
        return dropped

    async def get(self) -> T:
        """Takes out what is there, or waits for it."""
        while not self._slot:
            self._full.clear()
            await self._full.wait()
        return self._slot.pop()
