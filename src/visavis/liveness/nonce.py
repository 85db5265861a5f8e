"""Random numbers that may be used once: who remembers which were."""

import heapq
import threading
from typing import Protocol

from visavis.errors import ChallengeRefused


class SpentNonces(Protocol):
    """Remembers used nonces until they expire anyway. Thread-safe; shared by all processes that
    share a key, since each nonce is accepted once in all of them.
    """

    def spend(self, nonce: str, expires: float, now: float) -> bool:
        """True the first time, False ever after; times are of the challenger's clock.

        Raises ChallengeRefused where there is no room to remember another.
        """
        ...


class MemoryNonces:
    """The nonces of one process, at most `room` that have not expired.

    A full store refuses: forgetting one to make room would let it be used again. A restart
    forgets all, and then a token that was answered can be answered again until it expires, unless
    the key is new too: make the key when the process starts (`secrets.token_bytes(32)`), and a
    restart voids every open challenge.
    """

    def __init__(self, room: int = 100_000) -> None:
        self._room = room
        self._spent: set[str] = set()
        self._expiries: list[tuple[float, str]] = []
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._spent)

    def spend(self, nonce: str, expires: float, now: float) -> bool:
        """True the first time. Raises ChallengeRefused when full."""
        with self._lock:
            while self._expiries and self._expiries[0][0] < now:
                self._spent.discard(heapq.heappop(self._expiries)[1])
            if nonce in self._spent:
                return False
            if len(self._spent) >= self._room:
                raise ChallengeRefused(
                    "expected room for another nonce, got a full store", "store_full"
                )
            self._spent.add(nonce)
            heapq.heappush(self._expiries, (expires, nonce))
            return True
