"""What one picture shows: faces, their quality, their liveness, their vectors."""

from dataclasses import dataclass
from typing import Self, Unpack

from visavis.client.operation import Asked, Fields, Operation, path
from visavis.client.photos import Photo, photo_bytes


@dataclass(frozen=True, slots=True)
class Face:
    """A detected face. `box`: x1, y1, x2, y2 in pixels of the upright picture; `landmarks`: five
    points (eyes, nose, corners of the mouth), image-left first; `score`: the detector's, 0..1.
    """

    box: tuple[float, float, float, float]
    landmarks: tuple[tuple[float, float], ...]
    score: float

    @classmethod
    def of(cls, found: Fields) -> Self:
        box = found["box"]
        return cls(
            box=(float(box["x1"]), float(box["y1"]), float(box["x2"]), float(box["y2"])),
            landmarks=tuple((float(x), float(y)) for x, y in found["landmarks"]),
            score=float(found["score"]),
        )


@dataclass(frozen=True, slots=True)
class Quality:
    """How fit a face is for a decision, 0..1, and by what; see `visavis.Quality`. `reasons` are
    codes of the limits that it breaks.
    """

    score: float
    size: float
    sharpness: float
    brightness: float
    contrast: float
    yaw: float
    pitch: float
    roll: float
    cut: float
    reasons: tuple[str, ...]

    @classmethod
    def of(cls, found: Fields) -> Self:
        measured = {name: float(found[name]) for name in cls.__slots__ if name != "reasons"}
        return cls(**measured, reasons=tuple(found["reasons"]))


@dataclass(frozen=True, slots=True)
class Liveness:
    """Whether a face is a live person; `live` and `score` are None where no check can tell.

    `species` names the attack that it looks like; `reasons` are codes of what was seen.
    """

    live: bool | None
    score: float | None
    threshold: float
    species: str | None
    reasons: tuple[str, ...]

    @classmethod
    def of(cls, found: Fields) -> Self:
        return cls(
            live=found["live"],
            score=found["score"],
            threshold=float(found["threshold"]),
            species=found["species"],
            reasons=tuple(found["reasons"]),
        )


@dataclass(frozen=True, slots=True)
class Sample:
    """A face with its quality and, where that was asked for, its liveness."""

    face: Face
    quality: Quality
    liveness: Liveness | None

    @classmethod
    def of(cls, found: Fields) -> Self:
        checked = found["liveness"]
        return cls(
            face=Face.of(found["face"]),
            quality=Quality.of(found["quality"]),
            liveness=None if checked is None else Liveness.of(checked),
        )


@dataclass(frozen=True, slots=True)
class Detected:
    """The faces of a picture, best first, and its size in pixels."""

    faces: tuple[Face, ...]
    width: int
    height: int

    @classmethod
    def of(cls, found: Fields) -> Self:
        faces = tuple(map(Face.of, found["faces"]))
        return cls(faces=faces, width=int(found["width"]), height=int(found["height"]))


@dataclass(frozen=True, slots=True)
class Embedded:
    """A sample with its vector, of length 1, and the model that made it."""

    sample: Sample
    vector: tuple[float, ...]
    model: str


def detect(photo: Photo) -> Operation[Detected]:
    """All faces in a picture, best first."""
    return Operation("POST", path("detect"), Detected.of, body=photo_bytes(photo))


def embed(photo: Photo, **asked: Unpack[Asked]) -> Operation[tuple[Embedded, ...]]:
    """Every face of a picture as a vector. Needs the scope `scores`."""
    return Operation("POST", path("embed"), embedded, asked, photo_bytes(photo))


def liveness(photo: Photo, **asked: Unpack[Asked]) -> Operation[tuple[Sample, ...]]:
    """Every face of a picture, and whether it is a live person by this picture alone."""
    return Operation("POST", path("liveness"), _samples, asked, photo_bytes(photo))


def embedded(found: Fields) -> tuple[Embedded, ...]:
    """The faces of one picture."""
    model = str(found["model"])
    return tuple(
        Embedded(Sample.of(face["sample"]), tuple(map(float, face["embedding"])), model)
        for face in found["faces"]
    )


def _samples(found: Fields) -> tuple[Sample, ...]:
    return tuple(map(Sample.of, found["faces"]))
