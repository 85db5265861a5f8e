"""Decisions with their evidence: compare, verify, identify."""

from dataclasses import dataclass
from typing import Self, Unpack

from visavis.client.bodies import File, Form
from visavis.client.faces import Sample
from visavis.client.operation import DEFAULT, Asked, Fields, Operation, path
from visavis.client.photos import Photo, photo_bytes


@dataclass(frozen=True, slots=True)
class Threshold:
    """The score to reach and the error rate that it stands for, None where the score was given.

    `extrapolated`: the rate is lower than was measured.
    """

    score: float
    rate: float | None
    extrapolated: bool

    @classmethod
    def of(cls, found: Fields) -> Self:
        return cls(float(found["score"]), found["rate"], bool(found["extrapolated"]))


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether a photo shows who it is said to show: the decision, and what it was made from."""

    accepted: bool
    score: float
    threshold: Threshold
    samples: tuple[Sample, ...]
    model: str
    subject: str | None

    @classmethod
    def of(cls, found: Fields) -> Self:
        return cls(
            accepted=bool(found["accepted"]),
            score=float(found["score"]),
            threshold=Threshold.of(found["threshold"]),
            samples=tuple(map(Sample.of, found["samples"])),
            model=str(found["model"]),
            subject=found["subject"],
        )


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody enrolled, and the score of that subject's best template."""

    subject: str
    score: float


@dataclass(frozen=True, slots=True)
class Identification:
    """Who a face is. `decision`: `match`, `unknown`, `ambiguous`, `low_quality` or `not_live`;
    `subject` is None unless it is `match`. `margin`: the lead over the runner-up, if there is one.
    """

    sample: Sample
    decision: str
    subject: str | None
    candidates: tuple[Candidate, ...]
    threshold: Threshold
    margin: float | None

    @classmethod
    def of(cls, found: Fields) -> Self:
        return cls(
            sample=Sample.of(found["sample"]),
            decision=str(found["decision"]),
            subject=found["subject"],
            candidates=tuple(
                Candidate(str(one["subject"]), float(one["score"])) for one in found["candidates"]
            ),
            threshold=Threshold.of(found["threshold"]),
            margin=found["margin"],
        )


@dataclass(frozen=True, slots=True)
class Identified:
    """Who each face of a picture is, and among how many templates it was sought."""

    faces: tuple[Identification, ...]
    templates: int
    model: str

    @classmethod
    def of(cls, found: Fields) -> Self:
        faces = tuple(map(Identification.of, found["faces"]))
        return cls(faces, templates=int(found["templates"]), model=str(found["model"]))


def compare(a: Photo, b: Photo, **asked: Unpack[Asked]) -> Operation[Verification]:
    """Whether two photos show one person."""
    form = Form((File("a", photo_bytes(a)), File("b", photo_bytes(b))))
    return Operation("POST", path("compare"), Verification.of, asked, form)


def verify(
    subject: str,
    photo: Photo,
    *,
    collection: str = DEFAULT,
    **asked: Unpack[Asked],
) -> Operation[Verification]:
    """Whether a photo shows a subject. After failures the service makes a key wait."""
    address = path("collections", collection, "subjects", subject, "verify")
    return Operation("POST", address, Verification.of, asked, photo_bytes(photo))


def identify(
    photo: Photo, *, collection: str = DEFAULT, **asked: Unpack[Asked]
) -> Operation[Identified]:
    """Who each face of a picture is; unknown is an answer, and no face is no error."""
    address = path("collections", collection, "identify")
    return Operation("POST", address, Identified.of, asked, photo_bytes(photo))
