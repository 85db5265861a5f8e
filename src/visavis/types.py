"""The values that pass between the parts of Visavis: frozen, checked once, at construction.

Images are `Image`: (H, W, 3) uint8 arrays in RGB order. Coordinates are pixels of the image as
seen after EXIF orientation, x to the right and y down. A higher score always means more alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from os import PathLike
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visavis.errors import InputError, ModelMismatch

Image: TypeAlias = NDArray[np.uint8]
ImageLike: TypeAlias = str | PathLike[str] | bytes | bytearray | memoryview | NDArray[Any]
Floats: TypeAlias = NDArray[np.float32]


def _floats(value: ArrayLike, shape: tuple[int, ...], what: str) -> Floats:
    """A read-only float32 copy of `value`; raises InputError on another shape or a NaN."""
    array = np.array(value, dtype=np.float32)
    if array.shape != shape:
        raise InputError(f"{what} must have shape {shape}, got {array.shape}")
    if not np.isfinite(array).all():
        raise InputError(f"{what} must be finite numbers, got {array.tolist()}")
    array.setflags(write=False)
    return array


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A detected face.

    `box` is (x1, y1, x2, y2); `landmarks` is (5, 2): left eye, right eye, nose, left mouth
    corner, right mouth corner, image-left first; `score` is the detector's, 0..1.
    """

    box: Floats
    landmarks: Floats
    score: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "box", _floats(self.box, (4,), "box"))
        object.__setattr__(self, "landmarks", _floats(self.landmarks, (5, 2), "landmarks"))
        if not (self.box[2] > self.box[0] and self.box[3] > self.box[1]):
            raise InputError(f"box must be (x1, y1, x2, y2) with x2 > x1, y2 > y1, got {self.box}")

    @property
    def width(self) -> float:
        return float(self.box[2] - self.box[0])

    @property
    def height(self) -> float:
        return float(self.box[3] - self.box[1])

    @property
    def area(self) -> float:
        return self.width * self.height


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """A unit vector and the model that made it. Vectors of two models never compare.

    `vector` is (dim,) float32 with L2 norm 1; `model` is a ModelCard id. Use `Embedding.of` to
    normalise a raw vector.
    """

    vector: Floats
    model: str

    def __post_init__(self) -> None:
        vector = np.asarray(self.vector)
        object.__setattr__(self, "vector", _floats(vector, (vector.size,), "vector"))
        norm = float(np.linalg.norm(self.vector))
        if abs(norm - 1.0) > 1e-3:
            raise InputError(f"vector must have L2 norm 1, got {norm:.4f}")

    @classmethod
    def of(cls, raw: ArrayLike, model: str) -> "Embedding":
        """The raw vector scaled to norm 1. Raises InputError for a zero vector."""
        vector = np.asarray(raw, dtype=np.float32).ravel()
        norm = float(np.linalg.norm(vector))
        if not 0 < norm < np.inf:
            raise InputError(f"cannot normalise a vector of norm {norm}")
        return cls(vector / norm, model)

    @property
    def dim(self) -> int:
        return int(self.vector.size)

    def similarity(self, other: "Embedding") -> float:
        """Cosine, -1..1. Raises ModelMismatch for another model's vector."""
        if self.model != other.model:
            raise ModelMismatch(f"cannot compare vectors of {self.model} and {other.model}")
        return float(np.clip(self.vector @ other.vector, -1.0, 1.0))


class Reason(StrEnum):
    """Why a face fails the quality limits: stable codes."""

    TOO_SMALL = "too_small"
    BLURRED = "blurred"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    LOW_CONTRAST = "low_contrast"
    TURNED = "turned"
    TILTED = "tilted"
    ROLLED = "rolled"
    CUT_OFF = "cut_off"
    LOW_SCORE = "low_score"


@dataclass(frozen=True, slots=True)
class Quality:
    """What was measured about a face, and one figure for it all.

    `score` 0..1, higher is better. `size`: pixels between the eyes, or from their middle to the
    mouth's, whichever is more: it holds when the head turns. `sharpness` 0..1. `brightness` and
    `contrast`: mean and standard deviation of luma over the face, 0..1. `yaw`, `pitch`, `roll`:
    degrees, rough estimates from five landmarks; positive yaw turns to image-right, positive
    pitch looks up, positive roll is clockwise. `cut`: share of the face outside the image, 0..1.
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


@dataclass(frozen=True, slots=True)
class Liveness:
    """How sure the checks are that the face is a live person: `score` 0..1, higher is more live.

    `score` is None where no check can tell: never live, but no attack either (a non-response in
    the terms of ISO/IEC 30107-3). `species` names the attack it looks like, if any; `reasons` are
    stable codes of what was seen or was missing; `checks` are single scores, None for no answer.
    """

    score: float | None
    threshold: float
    species: str | None = None
    reasons: tuple[str, ...] = ()
    checks: tuple[tuple[str, float | None], ...] = ()

    @property
    def live(self) -> bool:
        return self.score is not None and self.score >= self.threshold


@dataclass(frozen=True, slots=True)
class Sample:
    """A face with all that was found out about it: what a decision is made from."""

    face: Face
    embedding: Embedding
    quality: Quality
    liveness: Liveness | None = None


@dataclass(frozen=True, slots=True)
class Template:
    """One stored embedding of a subject. `id` is random and immutable."""

    id: str
    subject: str
    collection: str
    embedding: Embedding
    quality: float
    enrolled_at: datetime


@dataclass(frozen=True, slots=True)
class Subject:
    """A person enrolled in a collection, under an id that the client chose."""

    id: str
    name: str
    templates: int
    created_at: datetime
    metadata: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    consent_ref: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """A subject, the score of its best template, and that template's id."""

    subject: str
    score: float
    template: str


@dataclass(frozen=True, slots=True)
class Threshold:
    """A score limit and the error rate it stands for.

    `rate` is None when the caller gave the limit itself. `extrapolated` is true where no
    measurement reaches that rate and a fitted tail was used. `interval` is where the rate
    lies, 95 times in 100, in another set of as many people as the calibration's, of their kind.
    """

    score: float
    rate: float | None = None
    extrapolated: bool = False
    interval: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Verification:
    """A 1:1 decision with its evidence: score, threshold, the FMR that the threshold stands for,
    the probe (and, for `compare`, the reference) and the model.
    """

    score: float
    threshold: Threshold
    samples: tuple[Sample, ...]
    model: str
    subject: str | None = None
    require_live: bool = False

    @property
    def live(self) -> bool:
        return all(s.liveness is not None and s.liveness.live for s in self.samples)

    @property
    def accepted(self) -> bool:
        return self.score >= self.threshold.score and (self.live or not self.require_live)


Decision: TypeAlias = Literal["match", "unknown", "ambiguous", "low_quality", "not_live"]


@dataclass(frozen=True, slots=True)
class Identification:
    """A 1:N decision for one face: the best candidates, and who it is, if anybody.

    `candidates` are one per subject, best first, whether or not they reach the threshold.
    `reasons` are the quality limits the face broke: such a face is never named.
    """

    sample: Sample
    candidates: tuple[Match, ...]
    threshold: Threshold
    margin_needed: float = 0.0
    reasons: tuple[Reason, ...] = ()
    require_live: bool = False

    @property
    def margin(self) -> float | None:
        """The lead of the best candidate over the runner-up; None with fewer than two."""
        if len(self.candidates) < 2:
            return None
        return self.candidates[0].score - self.candidates[1].score

    @property
    def decision(self) -> Decision:
        """`ambiguous`: two subjects reach the threshold and are too close to call."""
        reaching = [c.score for c in self.candidates[:2] if c.score >= self.threshold.score]
        if self.reasons:
            return "low_quality"
        if not reaching:
            return "unknown"
        if self.require_live and not (self.sample.liveness and self.sample.liveness.live):
            return "not_live"
        if len(reaching) == 2 and reaching[0] - reaching[1] < self.margin_needed:
            return "ambiguous"
        return "match"

    @property
    def subject(self) -> str | None:
        """The identified subject's id, or None: unknown is an answer."""
        return self.candidates[0].subject if self.decision == "match" else None


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof of a deletion: what was destroyed, what it cannot reach, and its audit record.

    `subject` is the audit log's pseudonym, computed before the key was destroyed.
    """

    subject: str
    collection: str
    templates: int
    keys_destroyed: int
    audit_seq: int
    at: datetime
    beyond_reach: Sequence[str] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """An image and the (x1, y1, x2, y2) box of the one face that is meant in it."""

    image: ImageLike
    box: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "box", _floats(self.box, (4,), "box"))


Photo: TypeAlias = ImageLike | Region
