"""Liveness challenges as messages."""

from typing import Literal, Self

from pydantic import ConfigDict, Field

from visavis.liveness.verdict import Verdict
from visavis.service.challenges import Session
from visavis.service.schemas.base import Message, Name, Request


class ChallengeAsked(Request):
    """Who is to be challenged: anybody, or the subject that they say they are."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"subject": "ada", "mirrored": False}]}
    )

    subject: Name | None = Field(
        default=None, description="whose templates the face must match too"
    )
    collection: Name | None = Field(
        default=None, description="of the subject; the service's by default"
    )
    mirrored: bool = Field(
        default=False, description="whether frames are mirror images, as selfies are"
    )


class ProgressOut(Message):
    """Where an answer stands. `settle`: look ahead and keep still; `do`: make the movement of
    `action`; `hold`: keep it for `hold_seconds`; `back`: look ahead again. No later step is told.
    """

    type: Literal["progress"] = "progress"
    phase: Literal["settle", "do", "hold", "back", "done", "refused"]
    action: Literal["left", "right", "closer", "up", "down"] | None = Field(
        description="left and right are the person's own"
    )
    hold_seconds: float | None
    done: int = Field(description="steps that are over", examples=[2])
    of: int = Field(examples=[5])
    reason: str | None = Field(description="why the answer is refused", examples=["wrong_step"])
    seconds_left: float = Field(description="for what is awaited now", examples=[7.2])
    face: bool | None = Field(default=None, description="whether the last frame showed a face")

    @classmethod
    def of_session(cls, session: Session, now: float, face: bool | None = None) -> Self:
        found = session.attempt.progress
        step = found.step if found.phase in ("do", "hold", "back") else None
        return cls(
            phase=found.phase,
            action=None if step is None else step.action.value,
            hold_seconds=None if step is None else step.hold,
            done=found.done,
            of=found.of,
            reason=None if found.reason is None else str(found.reason),
            seconds_left=0.0 if session.over else round(max(session.attempt.ends - now, 0.0), 1),
            face=face,
        )


class ChallengeOut(Message):
    """A challenge to answer. Its steps are told one by one, when they are asked: nobody can
    prepare for them.
    """

    id: str = Field(examples=["7d0f2b1c9a8e4f63b5d2a1c0e9f87654"])
    of: int = Field(description="how many steps there are", examples=[5])
    expires_in: float = Field(description="seconds until no frame counts", examples=[60.0])
    step_seconds: float = Field(description="for the first look ahead, and for each step")
    total_seconds: float = Field(description="from the first frame to the last")
    websocket: str = Field(description="where frames may be streamed to")
    progress: ProgressOut

    @classmethod
    def of_session(cls, session: Session, now: float) -> Self:
        asked = session.attempt.challenge
        return cls(
            id=session.id,
            of=len(asked.steps),
            expires_in=round(max(asked.expires - now, 0.0), 1),
            step_seconds=asked.step_seconds,
            total_seconds=asked.total_seconds,
            websocket=f"/v1/challenges/{session.id}/frames",
            progress=ProgressOut.of_session(session, now),
        )


class VerdictOut(Message):
    """What came of an answer: `live` where every step was done in time by one person before no
    picture, and where a subject was named, by that subject.
    """

    live: bool
    reasons: list[str] = Field(description="codes; none where it is live", examples=[[]])
    match: float | None = Field(description="the lowest score of a look ahead", examples=[0.71])
    steps_done: int = Field(examples=[5])
    steps: int = Field(examples=[5])
    seconds: float = Field(description="from the first frame to the last", examples=[14.8])

    @classmethod
    def of_session(cls, session: Session, found: Verdict, digits: int) -> Self:
        return cls(
            live=found.passed,
            reasons=[str(reason) for reason in found.reasons],
            match=None if found.match is None else round(found.match, digits),
            steps_done=found.done,
            steps=len(session.attempt.challenge.steps),
            seconds=round(found.seconds, 1),
        )


class VerdictMessage(Message):
    """The last message of a challenge's WebSocket."""

    type: Literal["verdict"] = "verdict"
    verdict: VerdictOut
