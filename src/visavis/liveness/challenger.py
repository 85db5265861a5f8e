"""Issues challenges under tokens that work once, and judges the answers."""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from typing import Final

from visavis.errors import ChallengeRefused, ConfigError
from visavis.liveness.attempt import Attempt
from visavis.liveness.challenge import Action, Challenge, Step
from visavis.liveness.movement import Rules
from visavis.liveness.nonce import MemoryNonces, SpentNonces
from visavis.liveness.track import Observation
from visavis.liveness.verdict import Refusal, Verdict
from visavis.types import Embedding, Liveness

_NONCE_BYTES: Final = 16
_KEY_BYTES: Final = 32
_PURPOSE: Final = b"visavis-challenge-1:"
_TURNS: Final = frozenset({Action.LEFT, Action.RIGHT})


class Challenger:
    """Asks for movements that a recording cannot foresee. Thread-safe.

    A challenge is one of all sequences of `lengths` (least, most) steps out of `actions` that turn
    to both sides, each as likely: 180 + 602 = 782 (9.6 bits) by default, so that a recording of
    one earlier answer, played from any of its steps on, fits at most 3 of 782 (`odds`, 0.38 %).
    Each step is held for one of `holds` seconds, drawn for itself, which no shorter hold answers.
    Who owns many recordings, or steers a picture as the steps are asked, has better odds: see
    docs/concepts/liveness.md.

    The token is the challenge in the clear with an HMAC-SHA-256 under `key`; the server keeps
    spent nonces alone. `clock` gives seconds: `time.monotonic` in one process, `time.time` where
    several share key and `nonces`. Raises ConfigError for a key under 32 bytes and for times,
    lengths or actions that make no challenge.
    """

    def __init__(
        self,
        key: bytes,
        clock: Callable[[], float],
        *,
        nonces: SpentNonces | None = None,
        actions: Sequence[Action] = (Action.LEFT, Action.RIGHT, Action.CLOSER),
        lengths: tuple[int, int] = (5, 6),
        holds: Sequence[float] = (0.3, 0.6, 0.9, 1.2),
        step_seconds: float = 8.0,
        total_seconds: float = 45.0,
        expire_seconds: float = 60.0,
        rules: Rules | None = None,
    ) -> None:
        if len(key) < _KEY_BYTES:
            raise ConfigError(f"expected a key of {_KEY_BYTES} bytes or more, got {len(key)}")
        if not 2 <= lengths[0] <= lengths[1]:
            raise ConfigError(f"expected lengths (least, most) from 2, got {lengths}")
        if not set(actions) >= _TURNS or len(set(actions)) < len(actions) or not holds:
            raise ConfigError(
                f"expected both turns, no action twice, holds, got {actions}, {holds}"
            )
        if not max(holds) < step_seconds <= total_seconds <= expire_seconds:
            raise ConfigError("expected holds < step_seconds <= total_seconds <= expire_seconds")
        self._key = key
        self._clock = clock
        self._nonces = nonces if nonces is not None else MemoryNonces()
        self._actions = tuple(actions)
        self._lengths = lengths
        self._holds = tuple(holds)
        self._seconds = step_seconds, total_seconds, expire_seconds
        self._rules = rules

    @property
    def sequences(self) -> int:
        """How many orders of steps there are."""
        (least, most), k = self._lengths, len(self._actions)
        return sum(k**n - 2 * (k - 1) ** n + (k - 2) ** n for n in range(least, most + 1))

    @property
    def odds(self) -> float:
        """The most a recording of one answer fits the order of a new challenge, wherever in it
        playing starts; holds left aside.
        """
        least, most = self._lengths
        return sum(most - n + 1 for n in range(least, most + 1)) / self.sequences

    def issue(self) -> tuple[str, Challenge]:
        """A token for the client and what it asks for."""
        step_seconds, total_seconds, expire_seconds = self._seconds
        now = self._clock()
        challenge = Challenge(
            secrets.token_hex(_NONCE_BYTES),
            tuple(Step(action, secrets.choice(self._holds)) for action in self._order()),
            now,
            now + expire_seconds,
            step_seconds,
            total_seconds,
        )
        return self._seal(challenge), challenge

    def start(self, token: str, *, mirrored: bool = False) -> Attempt:
        """The one attempt at a token's challenge, for frames as they come; spends the token.

        Raises ChallengeRefused, whose `reason` is `token_altered`, `expired`, `already_answered`
        or `store_full`.
        """
        challenge = self._open(token)
        now = self._clock()
        if now > challenge.expires:
            raise _refused(Refusal.EXPIRED)
        if not self._nonces.spend(challenge.nonce, challenge.expires, now):
            raise _refused(Refusal.SPENT)
        return Attempt(challenge, self._rules, mirrored=mirrored)

    def judge(
        self,
        token: str,
        observations: Iterable[Observation],
        *,
        template: Embedding | None = None,
        match_threshold: float = 1.0,
        others: Sequence[Liveness] = (),
        mirrored: bool = False,
    ) -> Verdict:
        """The verdict on all frames at once, see `Attempt.verdict`; spends the token, whatever
        comes of it.
        """
        try:
            attempt = self.start(token, mirrored=mirrored)
        except ChallengeRefused as error:
            return Verdict((error.reason,))
        attempt.see_all(observations)
        return attempt.verdict(template, match_threshold, others)

    def _order(self) -> list[Action]:
        """A sequence drawn evenly from all that turn to both sides, longer ones being more."""
        lengths = range(self._lengths[0], self._lengths[1] + 1)
        sizes = [len(self._actions) ** n for n in lengths]
        while True:
            rest = secrets.randbelow(sum(sizes))
            length = next(
                n for n, end in zip(lengths, accumulate(sizes), strict=True) if rest < end
            )
            order = [secrets.choice(self._actions) for _ in range(length)]
            if set(order) >= _TURNS:
                return order

    def _seal(self, challenge: Challenge) -> str:
        c = challenge
        steps = [(step.action.value, step.hold) for step in c.steps]
        fields = [c.nonce, steps, c.issued, c.expires, c.step_seconds, c.total_seconds]
        body = base64.urlsafe_b64encode(json.dumps(fields).encode()).decode()
        return f"{body}.{self._tag(body)}"

    def _open(self, token: str) -> Challenge:
        """The challenge of a token; compares the text itself, which has one spelling alone."""
        body, _, tag = token.rpartition(".")
        if not hmac.compare_digest(self._tag(body).encode(), tag.encode("utf-8", "replace")):
            raise _refused(Refusal.ALTERED)
        nonce, steps, *times = json.loads(base64.urlsafe_b64decode(body))
        return Challenge(nonce, tuple(Step(Action(a), hold) for a, hold in steps), *times)

    def _tag(self, body: str) -> str:
        text = _PURPOSE + body.encode("utf-8", "replace")
        return hmac.new(self._key, text, hashlib.sha256).hexdigest()


def _refused(reason: Refusal) -> ChallengeRefused:
    return ChallengeRefused(
        f"expected an open challenge, got one that is refused: {reason}", reason
    )
