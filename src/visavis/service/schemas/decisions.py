"""Decisions with their evidence."""

from typing import Literal, Self

from pydantic import Field

from visavis.policy import Policy
from visavis.service.schemas.base import Message
from visavis.service.schemas.faces import SampleOut
from visavis.types import Identification, Threshold, Verification


class ThresholdOut(Message):
    """The score to reach and the error rate that it stands for."""

    score: float = Field(examples=[0.363])
    rate: float | None = Field(examples=[0.0001], description="null where the score was given")
    extrapolated: bool = Field(description="whether the rate is lower than was measured")

    @classmethod
    def of(cls, threshold: Threshold) -> Self:
        return cls(
            score=round(threshold.score, 4),
            rate=threshold.rate,
            extrapolated=threshold.extrapolated,
        )


class VerificationOut(Message):
    """Whether a photo shows who it is said to show; a higher score is more alike."""

    accepted: bool
    score: float = Field(ge=-1, le=1, examples=[0.72])
    threshold: ThresholdOut
    samples: list[SampleOut]
    model: str
    subject: str | None

    @classmethod
    def of(cls, found: Verification, policy: Policy, digits: int) -> Self:
        return cls(
            accepted=found.accepted,
            score=round(found.score, digits),
            threshold=ThresholdOut.of(found.threshold),
            samples=[SampleOut.of(s, policy.limits, digits) for s in found.samples],
            model=found.model,
            subject=found.subject,
        )


class CandidateOut(Message):
    """Somebody enrolled and the score of that subject's best template."""

    subject: str
    score: float


class IdentificationOut(Message):
    """Who a face is; `subject` is null unless the decision is `match`."""

    sample: SampleOut
    decision: Literal["match", "unknown", "ambiguous", "low_quality", "not_live"]
    subject: str | None
    candidates: list[CandidateOut]
    threshold: ThresholdOut
    margin: float | None = Field(description="the lead over the runner-up")

    @classmethod
    def of(cls, found: Identification, policy: Policy, digits: int) -> Self:
        return cls(
            sample=SampleOut.of(found.sample, policy.limits, digits),
            decision=found.decision,
            subject=found.subject,
            candidates=[
                CandidateOut(subject=c.subject, score=round(c.score, digits))
                for c in found.candidates
            ],
            threshold=ThresholdOut.of(found.threshold),
            margin=None if found.margin is None else round(found.margin, digits),
        )


class IdentifiedOut(Message):
    """Who each face of a picture is, and among how many templates it was sought."""

    faces: list[IdentificationOut]
    templates: int
    model: str
