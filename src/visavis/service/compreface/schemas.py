"""What goes over the wire, with CompreFace's field names."""

from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field

from visavis.service.schemas.base import Message
from visavis.types import Face, Quality

_ID: Final = "6b135f5b-a365-4452-8100-000000000000"

Vector = Annotated[list[float], Field(min_length=1, max_length=4096)]


class Failure(Message):
    """The answer to every request that fails."""

    message: str = Field(examples=["expected a face, found none"])
    code: int = Field(examples=[28], description="CompreFace's number, 0 where it has none")


class Body(BaseModel):
    """A body that a client sends; CompreFace's clients send fields that nobody needs."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class SubjectIn(Body):
    """The name of a subject."""

    subject: str = Field(min_length=1, max_length=200, examples=["ada"])


class VectorsIn(Body):
    """Embeddings made by this service's model."""

    embeddings: list[Vector] = Field(min_length=1, max_length=100, examples=[[[0.1, -0.2]]])


class PairsIn(Body):
    """An embedding and those to compare it with."""

    source: Vector = Field(examples=[[0.1, -0.2]])
    targets: list[Vector] = Field(min_length=1, max_length=100, examples=[[[0.1, -0.2]]])


class SubjectNameOut(Message):
    subject: str = Field(examples=["ada"])


class SubjectNamesOut(Message):
    subjects: list[str] = Field(examples=[["ada", "ben"]])


class UpdatedOut(Message):
    updated: bool = Field(examples=[True])


class DeletedOut(Message):
    deleted: int = Field(examples=[2])


class ExampleOut(Message):
    """A template: one photo of a subject."""

    image_id: str = Field(examples=[_ID])
    subject: str = Field(examples=["ada"])


class ExamplesOut(Message):
    """A page of examples."""

    faces: list[ExampleOut]
    page_number: int = Field(examples=[0])
    page_size: int = Field(examples=[20])
    total_pages: int = Field(examples=[1])
    total_elements: int = Field(examples=[1])


class FaceBoxOut(Message):
    """Whole pixels of the upright picture, and the detector's score."""

    probability: float = Field(ge=0, le=1, examples=[0.93])
    x_max: int = Field(examples=[171])
    y_max: int = Field(examples=[183])
    x_min: int = Field(examples=[84])
    y_min: int = Field(examples=[60])

    @classmethod
    def of(cls, face: Face) -> Self:
        x1, y1, x2, y2 = (round(float(value)) for value in face.box)
        score = round(min(max(face.score, 0.0), 1.0), 5)
        return cls(probability=score, x_max=x2, y_max=y2, x_min=x1, y_min=y1)


class PoseOut(Message):
    """Degrees: positive yaw turns to image-right, pitch looks up, roll is clockwise."""

    pitch: float = Field(examples=[-4.2])
    roll: float = Field(examples=[1.5])
    yaw: float = Field(examples=[12.0])

    @classmethod
    def of(cls, found: Quality) -> Self:
        return cls(pitch=round(found.pitch, 2), roll=round(found.roll, 2), yaw=round(found.yaw, 2))


class FoundFaceOut(Message):
    """A face, with what the plugins that were asked for say of it."""

    box: FaceBoxOut
    landmarks: list[tuple[int, int]] | None = None
    pose: PoseOut | None = None
    embedding: list[float] | None = None
    execution_time: dict[str, float] | None = Field(
        None, description="milliseconds", examples=[{"detector": 12.0, "calculator": 25.0}]
    )


class SimilarityOut(Message):
    """A subject; a similarity of 0.5 or more is the service's own yes."""

    subject: str = Field(examples=["ada"])
    similarity: float = Field(examples=[0.98312])


class RecognisedOut(FoundFaceOut):
    """A face and the subjects most like it, best first."""

    subjects: list[SimilarityOut]


class MatchedOut(FoundFaceOut):
    """A face and how like it is to the one in question."""

    similarity: float = Field(examples=[0.98312])


class ComparedOut(MatchedOut):
    """The same, with whose face that is."""

    subject: str = Field(examples=["ada"])


class _Answer(Message):
    plugins_versions: dict[str, str] | None = Field(
        None, examples=[{"detector": "yunet-2023mar-int8bq", "calculator": "sface-2021dec-int8bq"}]
    )


class DetectionOut(_Answer):
    result: list[FoundFaceOut]


class RecognitionOut(_Answer):
    result: list[RecognisedOut]


class ExampleVerificationOut(_Answer):
    result: list[ComparedOut]


class PairOut(_Answer):
    """The face of the source picture, and all of the target picture."""

    source_image_face: FoundFaceOut
    face_matches: list[MatchedOut]


class PairsOut(Message):
    result: list[PairOut]


class RecognisedVectorOut(Message):
    embedding: list[float] = Field(examples=[[0.1, -0.2]])
    similarities: list[SimilarityOut]


class VectorRecognitionOut(Message):
    result: list[RecognisedVectorOut]


class MatchedVectorOut(Message):
    embedding: list[float] = Field(examples=[[0.1, -0.2]])
    similarity: float = Field(examples=[0.98312])


class VectorVerificationOut(Message):
    """Best first."""

    result: list[MatchedVectorOut]


RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    status: {"model": Failure, "description": text}
    for status, text in (
        (400, "The request or its picture does not do"),
        (401, "No key, or none that is known"),
        (403, "The key lacks the scope or the collection"),
        (404, "No such subject or image"),
        (408, "The request took too long"),
        (409, "It contradicts what is stored"),
        (413, "Too many bytes, pixels or pictures"),
        (415, "A content type that this does not take"),
        (429, "Too many requests: wait as Retry-After says"),
        (503, "Not now"),
    )
}
"""For `responses=` of every router."""
