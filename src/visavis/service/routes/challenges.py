"""Liveness challenges: a person does what nobody could foresee, frame by frame."""

import asyncio
from contextlib import suppress
from typing import Annotated, Final, TypeAlias

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.websockets import WebSocket

from visavis.audit import Action, AuditEntry, Detail
from visavis.errors import ChallengeRefused, UnknownSubject
from visavis.liveness.verdict import Refusal, Verdict
from visavis.service.apikeys import Scope
from visavis.service.challenges import Claim, Session
from visavis.service.deps import Detecting
from visavis.service.images import RAW, read_upload
from visavis.service.openapi import ERRORS, pictures
from visavis.service.schemas.challenges import (
    ChallengeAsked,
    ChallengeOut,
    ProgressOut,
    VerdictMessage,
    VerdictOut,
)
from visavis.service.schemas.live import Hello
from visavis.service.sockets import Frame, Line, converse
from visavis.service.state import Call, Services
from visavis.types import Embedding

router = APIRouter(prefix="/v1/challenges", tags=["challenges"], responses=ERRORS)

ChallengeId: TypeAlias = Annotated[
    str, Path(max_length=64, description="as it was made", examples=["7d0f2b1c9a8e4f63b5d2a1c0"])
]
_ANYBODY: Final = ChallengeAsked()


@router.post("", operation_id="start_challenge", status_code=201)
async def start(call: Detecting, asked: ChallengeAsked = _ANYBODY) -> ChallengeOut:
    """Asks for movements before a camera: turns of the head, coming closer.

    Send frames to its WebSocket, or one by one; each answer says what is to be done now. The steps
    that come stay with the service. With a subject it also needs the scope `identify` in the
    collection, and the face must match. Only the key that made a challenge can answer it, once.
    """
    challenges = call.services.challenges
    for session in challenges.overdue():
        with suppress(ChallengeRefused):  # somebody was quicker
            await _conclude(call.services, session, session.origin)
    claim = None if asked.subject is None else await _claim(call, asked.subject, asked.collection)
    session = challenges.start(call.origin, claim, mirrored=asked.mirrored)
    return ChallengeOut.of_session(session, challenges.clock())


@router.get("/{challenge}", operation_id="show_challenge")
async def show(challenge: ChallengeId, call: Detecting) -> ChallengeOut:
    """Says where the answer to a challenge stands."""
    found = call.services.challenges.get(challenge, call.caller.key_id)
    return ChallengeOut.of_session(found, call.services.challenges.clock())


@router.post(
    "/{challenge}/frames", operation_id="answer_challenge", openapi_extra=pictures("image")
)
async def answer(request: Request, challenge: ChallengeId, call: Detecting) -> ProgressOut:
    """Takes one frame, timed by when it is here, and says what is to be done now.

    Send one after the other, four a second at least: a face that is not seen for 0.7 s is lost.
    """
    challenges = call.services.challenges
    challenges.get(challenge, call.caller.key_id)
    frame = (await read_upload(request, call.services.limits)).one(RAW)
    at = challenges.clock()
    session = challenges.get(challenge, call.caller.key_id)
    face = await session.see(frame, at, call.run)
    return ProgressOut.of_session(session, challenges.clock(), face)


@router.post("/{challenge}/verdict", operation_id="judge_challenge")
async def verdict(challenge: ChallengeId, call: Detecting) -> VerdictOut:
    """Judges what was seen, and ends the challenge; asked again it answers 409."""
    session = call.services.challenges.get(challenge, call.caller.key_id)
    found = await _conclude(call.services, session, call.origin)
    return VerdictOut.of_session(session, found, call.digits)


@router.websocket("/{challenge}/frames")
async def frames(socket: WebSocket, challenge: str) -> None:
    """Takes frames as binary messages, timed by when they arrive, and answers each that is looked
    at by a ProgressOut; at the end comes a VerdictMessage, and it is closed.

    The first message is a Hello as text; with the key in a header a frame may come first. While a
    frame is looked at only the newest waits. Who leaves before the end has ended the challenge.
    """
    await converse(socket, Hello, lambda line: _talk(line, challenge))


async def _talk(line: Line[Hello], challenge: str) -> None:
    line.call.caller.require(Scope.DETECT)
    challenges = line.call.services.challenges
    session = challenges.get(challenge, line.call.caller.key_id)
    session.watch()
    try:
        await line.say(ProgressOut.of_session(session, challenges.clock()))
        with suppress(TimeoutError):
            async with asyncio.timeout(session.attempt.challenge.expires - challenges.clock()):
                await _follow(line, session)
    finally:
        found = await _conclude(line.call.services, session, line.call.origin)
    judged = VerdictOut.of_session(session, found, line.call.digits)
    await line.say(VerdictMessage(verdict=judged))


async def _follow(line: Line[Hello], session: Session) -> None:
    clock = line.call.services.challenges.clock

    async def take(frame: Frame) -> bool:
        try:
            face = await session.see(frame.picture, frame.at, line.call.run)
        except ChallengeRefused:  # it was ended elsewhere, or its time is over
            return True
        await line.say(ProgressOut.of_session(session, clock(), face))
        return session.over

    await line.follow(take, clock)


async def _claim(call: Call, subject: str, name: str | None) -> Claim:
    """Raises Forbidden, UnknownSubject, BackedOff."""
    services, name = call.services, name or call.services.settings.collection
    call.caller.require(Scope.IDENTIFY, name)
    services.backoff.check(call.caller.key_id, name, subject)

    def work() -> Claim:
        collection = services.recognizers.of(name).collection
        collection.templates(subject)
        calibration = services.pipeline.embedder.calibration
        return Claim(collection, subject, services.policy.verification(calibration).score)

    return await call.run(work)


async def _conclude(services: Services, session: Session, origin: dict[str, Detail]) -> Verdict:
    """Ends a session and records its verdict. Raises ChallengeRefused where that was done.

    Not on a worker: a verdict costs next to nothing, and must not be lost for want of one.
    """
    services.challenges.end(session)

    async def judged() -> Verdict:
        async with session.lock:
            return await asyncio.to_thread(_judge, services, session, origin)

    return await asyncio.shield(
        judged()
    )  # who leaves may cancel this, and is on record all the same


def _judge(services: Services, session: Session, origin: dict[str, Detail]) -> Verdict:
    found = session.judge(_templates(session.claim))
    details: dict[str, Detail] = {
        "live": found.passed,
        "reasons": ", ".join(found.reasons),
        "steps": found.done,
        "frames": session.frames,
        **origin,
    }
    services.metrics.challenge(found)
    if session.claim is None:
        services.gallery.record(AuditEntry(Action.CHALLENGE, details=details))
    else:
        session.claim.collection.record(Action.CHALLENGE, session.claim.subject, details)
        _count(services, session.claim, found, origin)
    return found


def _templates(claim: Claim | None) -> list[Embedding]:
    """Those of the subject as they are now; none of one who was forgotten meanwhile."""
    if claim is None:
        return []
    with suppress(UnknownSubject):
        return [template.embedding for template in claim.collection.templates(claim.subject)]
    return []


def _count(services: Services, claim: Claim, found: Verdict, origin: dict[str, Detail]) -> None:
    """Tells the back-off, as of a verification: who guesses has to wait here too."""
    key, name = str(origin["key"]), claim.collection.name
    if found.passed:
        services.backoff.succeeded(key, name, claim.subject)
    elif Refusal.NO_MATCH in found.reasons and found.match is not None:
        alert = services.backoff.failed(key, name, claim.subject)
        if alert is not None:
            services.alarm(alert, origin)
