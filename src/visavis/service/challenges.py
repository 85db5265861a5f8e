"""Liveness challenges that are being answered, in memory: whoever answers never holds the token.

A challenge's token has all its steps in the clear. It stays here, under a random id, and a client
learns of a step when that step is asked: it cannot prepare for those that come.
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from visavis.audit import Detail
from visavis.errors import ChallengeRefused
from visavis.gallery.collection import Collection
from visavis.liveness.attempt import Attempt
from visavis.liveness.challenger import Challenger
from visavis.liveness.track import Observation
from visavis.liveness.verdict import Refusal, Verdict
from visavis.pipeline import Pipeline
from visavis.protocols import LivenessCheck
from visavis.quality import assess
from visavis.service.admission import Overloaded
from visavis.service.errors import NotHere
from visavis.service.seats import Seats
from visavis.targets import LiveTarget
from visavis.types import Embedding, Liveness

LINGER_SECONDS: Final = 15.0
"""Time to ask for the verdict after the last moment for a frame."""
_ID_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What one frame shows: its largest face, None without any, and what a check says of it."""

    observation: Observation | None = None
    liveness: Liveness | None = None


Observer: TypeAlias = Callable[[bytes, float], Glimpse]
"""Makes something of a picture that came at a time. Raises InputError."""
Run: TypeAlias = Callable[[Callable[[], Glimpse]], Awaitable[Glimpse]]


class LargestFace:
    """The observer that looks at pixels. Thread-safe."""

    def __init__(self, pipeline: Pipeline, check: LivenessCheck, target: LiveTarget) -> None:
        self._pipeline = pipeline
        self._check = check
        self._target = target

    def __call__(self, frame: bytes, at: float) -> Glimpse:
        image = self._pipeline.decode(frame)
        faces = self._pipeline.detector.detect(image)
        if not faces:
            return Glimpse()
        face = max(faces, key=lambda f: f.area)
        [embedding] = self._pipeline.embedder.embed(image, [face])
        seen = Observation(at, face, embedding=embedding, quality=assess(image, face))
        return Glimpse(seen, self._check.check(image, face, self._target))


@dataclass(frozen=True, slots=True)
class Claim:
    """Who the person is said to be, and the score by which that holds."""

    collection: Collection
    subject: str
    threshold: float


class Session:
    """One challenge and its answer so far. All on one event loop, but for `judge`."""

    def __init__(
        self,
        attempt: Attempt,
        observer: Observer,
        claim: Claim | None,
        origin: Mapping[str, Detail],
    ) -> None:
        """`origin` is what audit records say of the call that asked for the challenge."""
        self.id = secrets.token_hex(_ID_BYTES)
        self.attempt = attempt
        self.claim = claim
        self.origin = dict(origin)
        self.lock = asyncio.Lock()
        self.frames = 0
        self.seat = ExitStack()
        self.ended = False
        self._observer = observer
        self._said: list[Liveness] = []
        self._waiting = False
        self._watched = False

    @property
    def over(self) -> bool:
        """Whether further frames change nothing."""
        return self.attempt.progress.phase in ("done", "refused")

    async def see(self, frame: bytes, at: float, run: Run) -> bool | None:
        """Takes a frame that came at a time of the challenger's clock, worked on by `run`; says
        whether it showed a face, None where it is over and nobody looked. One frame after the
        other, and one may wait.

        Raises InputError for a frame that cannot be used, Overloaded where another waits already,
        ChallengeRefused for one that comes too late.
        """
        if self._waiting:
            raise Overloaded("expected one frame after the other, got several at once")
        self._waiting = True
        try:
            await self.lock.acquire()
        finally:
            self._waiting = False
        try:
            if self.ended:
                raise refused(Refusal.SPENT)
            if at > self.attempt.challenge.expires:
                raise refused(Refusal.EXPIRED)
            if self.over:
                return None
            return self._take(await run(lambda: self._observer(frame, at)))
        finally:
            self.lock.release()

    def watch(self) -> None:
        """Has one WebSocket alone follow it. Raises ChallengeRefused for a second one."""
        if self._watched:
            raise refused(Refusal.SPENT)
        self._watched = True

    def judge(self, templates: Sequence[Embedding] = ()) -> Verdict:
        """The verdict on what was seen, with the best template where somebody is claimed: without
        any, as of somebody who was forgotten meanwhile, there is no match.

        What the passive check says of the frames counts by the middle one of those of which it
        can tell: one frame in many may be misjudged, as its error rate says.
        """
        others = middle(self._said)
        if self.claim is None:
            return self.attempt.verdict(others=others)
        limit = self.claim.threshold
        found = [self.attempt.verdict(t, limit, others) for t in templates]
        if not found:
            plain = self.attempt.verdict(others=others)
            return replace(plain, reasons=(*plain.reasons, Refusal.NO_MATCH))
        return max(found, key=lambda verdict: -1.0 if verdict.match is None else verdict.match)

    def _take(self, glimpse: Glimpse) -> bool:
        self.frames += 1
        if glimpse.liveness is not None:
            self._said.append(glimpse.liveness)
        if glimpse.observation is None:
            return False
        self.attempt.see(glimpse.observation)
        return True


class Challenges:
    """The sessions that are open, each under a seat, and those that were. On one event loop."""

    def __init__(
        self,
        challenger: Challenger,
        observer: Observer,
        seats: Seats,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`clock` is the challenger's."""
        self.clock = clock
        self._challenger = challenger
        self._observer = observer
        self._seats = seats
        self._open: dict[str, Session] = {}
        self._spent: dict[str, tuple[str, float]] = {}  # the key's id, and when to forget it

    def start(
        self, origin: Mapping[str, Detail], claim: Claim | None = None, *, mirrored: bool = False
    ) -> Session:
        """A new challenge for the key that `origin` names. Raises Overloaded without a seat,
        ChallengeRefused without room.
        """
        with ExitStack() as stack:
            stack.enter_context(self._seats.take())
            token, _ = self._challenger.issue()
            attempt = self._challenger.start(token, mirrored=mirrored)
            session = Session(attempt, self._observer, claim, origin)
            session.seat = stack.pop_all()
        self._open[session.id] = session
        return session

    def get(self, ident: str, key_id: str) -> Session:
        """The open session of that key. Raises NotHere for another's and for none, and
        ChallengeRefused for one that has its verdict.
        """
        session = self._open.get(ident)
        if session is not None and session.origin["key"] == key_id:
            return session
        owner, _ = self._spent.get(ident, (None, 0.0))
        if owner == key_id:
            raise refused(Refusal.SPENT)
        raise NotHere("expected the id of a challenge that is open, got another one")

    def end(self, session: Session) -> None:
        """Ends a session: its seat is free, and nobody can ask for it again. Raises
        ChallengeRefused the second time.
        """
        if self._open.pop(session.id, None) is None:
            raise refused(Refusal.SPENT)
        session.ended = True
        session.seat.close()
        key_id, until = str(session.origin["key"]), self._until(session)
        self._spent[session.id] = key_id, until

    def overdue(self) -> list[Session]:
        """The sessions whose time is over and of which nobody asked a verdict. Forgets those that
        have theirs.
        """
        now = self.clock()
        self._spent = {k: v for k, v in self._spent.items() if v[1] > now}
        return [session for session in self._open.values() if self._until(session) <= now]

    def _until(self, session: Session) -> float:
        return session.attempt.challenge.expires + LINGER_SECONDS


def middle(said: Sequence[Liveness]) -> list[Liveness]:
    """The judgement of which as many are surer as are less sure, the less sure one of an even
    number; none where no check could tell.
    """
    told = [(one.score - one.threshold, one) for one in said if one.score is not None]
    told.sort(key=lambda pair: pair[0])
    return [told[(len(told) - 1) // 2][1]] if told else []


def refused(reason: Refusal) -> ChallengeRefused:
    """The error of a challenge that takes nothing more."""
    return ChallengeRefused(f"expected a challenge that is open, got one with {reason}", reason)
