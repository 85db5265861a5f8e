"""Faces and what was found out about them."""

from typing import Self

from pydantic import Field

from visavis.policy import QualityLimits
from visavis.service.schemas.base import Message
from visavis.types import Face, Liveness, Quality, Sample


class BoxOut(Message):
    """Pixels of the upright picture: left, top, right, bottom."""

    x1: float = Field(examples=[84.0])
    y1: float = Field(examples=[60.5])
    x2: float = Field(examples=[171.0])
    y2: float = Field(examples=[183.0])


class FaceOut(Message):
    """A face: its box, five landmarks (eyes, nose, corners of the mouth) and the detector's score.

    Left and right are the picture's.
    """

    box: BoxOut
    landmarks: list[tuple[float, float]] = Field(min_length=5, max_length=5)
    score: float = Field(ge=0, le=1, examples=[0.93])

    @classmethod
    def of(cls, face: Face) -> Self:
        x1, y1, x2, y2 = (round(float(value), 1) for value in face.box)
        points = [(round(float(x), 1), round(float(y), 1)) for x, y in face.landmarks]
        score = min(max(round(face.score, 4), 0.0), 1.0)
        return cls(box=BoxOut(x1=x1, y1=y1, x2=x2, y2=y2), landmarks=points, score=score)


class QualityOut(Message):
    """How fit a face is for a decision, 0..1, and by what; angles are degrees."""

    score: float = Field(examples=[0.71])
    size: float
    sharpness: float
    brightness: float
    contrast: float
    yaw: float
    pitch: float
    roll: float
    cut: float
    reasons: list[str] = Field(description="codes of the limits that it breaks")

    @classmethod
    def of(cls, quality: Quality, limits: QualityLimits) -> Self:
        measured = {
            name: round(float(getattr(quality, name)), 3) for name in Quality.__dataclass_fields__
        }
        return cls(**measured, reasons=[str(reason) for reason in limits.reasons(quality)])


class LivenessOut(Message):
    """Whether a face is a live person; `live` null where no check can tell."""

    live: bool | None
    score: float | None
    threshold: float
    species: str | None = Field(description="the attack that it looks like")
    reasons: list[str]

    @classmethod
    def of(cls, found: Liveness, digits: int) -> Self:
        return cls(
            live=None if found.score is None else found.live,
            score=None if found.score is None else round(found.score, digits),
            threshold=round(found.threshold, 4),
            species=found.species,
            reasons=list(found.reasons),
        )


class SampleOut(Message):
    """A face, its quality and, where that was asked for, its liveness."""

    face: FaceOut
    quality: QualityOut
    liveness: LivenessOut | None

    @classmethod
    def of(cls, sample: Sample, limits: QualityLimits, digits: int) -> Self:
        found = sample.liveness
        return cls(
            face=FaceOut.of(sample.face),
            quality=QualityOut.of(sample.quality, limits),
            liveness=None if found is None else LivenessOut.of(found, digits),
        )


class EmbeddedOut(Message):
    """A sample with its vector, of length 1."""

    sample: SampleOut
    embedding: list[float]

    @classmethod
    def of(cls, sample: Sample, limits: QualityLimits, digits: int) -> Self:
        vector = [round(float(value), 7) for value in sample.embedding.vector]
        return cls(sample=SampleOut.of(sample, limits, digits), embedding=vector)


class DetectedOut(Message):
    """The faces of a picture, best first."""

    faces: list[FaceOut]
    width: int
    height: int


class EmbeddingsOut(Message):
    """The faces of a picture with their vectors, and the model that made them."""

    faces: list[EmbeddedOut]
    model: str = Field(examples=["sface-2021dec-int8bq"])


class LivenessesOut(Message):
    """The faces of a picture and whether each is live."""

    faces: list[SampleOut]
