"""The models at work, what was measured of them, and the policy they are used by."""

from dataclasses import asdict
from typing import Literal, Self

from pydantic import Field

from visavis.errors import NotMeasured
from visavis.models.catalogue import ModelCard, Task
from visavis.policy import Calibration, Policy, QualityLimits
from visavis.service.schemas.base import Message
from visavis.serving import ServiceSettings
from visavis.targets import Combination, FusionTable, LiveTarget


class TrainingSetOut(Message):
    """Pictures a model was trained on, and the terms they were published under."""

    name: str = Field(examples=["WIDER FACE"])
    terms: str


class ModelOut(Message):
    """A model: what it does, whence it comes, on what terms, and where it ends.

    `licence` is that of the file alone; the training data have terms of their own.
    """

    id: str = Field(examples=["sface-2021dec-int8bq"])
    task: Task
    family: str = Field(examples=["sface"])
    description: str
    licence: str = Field(examples=["Apache-2.0"])
    training_data: list[TrainingSetOut]
    source: str
    limits: str
    sha256: str = Field(examples=["fb14" * 16], description="of its file")
    bytes: int = Field(examples=[10667852])
    dim: int | None = Field(examples=[128], description="length of an embedder's vectors")

    @classmethod
    def of(cls, card: ModelCard) -> Self:
        return cls(
            id=card.id,
            task=card.task,
            family=card.family,
            description=card.description,
            licence=card.licence,
            training_data=[TrainingSetOut(name=s.name, terms=s.terms) for s in card.training_data],
            source=card.source,
            limits=card.limits,
            sha256=card.sha256,
            bytes=card.bytes,
            dim=card.dim,
        )


class ModelsOut(Message):
    """All models that the service has loaded."""

    items: list[ModelOut]


class PointOut(Message):
    """The false-match rate at a score; another set of as many people shows one between `low` and
    `high` 95 times in 100.
    """

    fmr: float = Field(examples=[0.0001])
    threshold: float = Field(examples=[0.363])
    low: float | None
    high: float | None


class TailOut(Message):
    """What was fitted to the highest impostor scores: rates below `measured` come from it."""

    kind: Literal["pareto", "quadratic"]
    start: float
    rate: float
    scale: float
    shape: float


class CalibrationOut(Message):
    """How scores of the embedder stand for false-match rates, and on what data."""

    model: str = Field(examples=["sface-2021dec-int8bq"])
    dataset: str = Field(examples=["LFW"])
    pairs: int
    identities: int
    measured: float | None = Field(description="the lowest rate that the data can show")
    points: list[PointOut]
    tail: TailOut | None

    @classmethod
    def of(cls, model: str, found: Calibration) -> Self:
        rows = [(*point, None, None)[:4] for point in found.points]
        return cls(
            model=model,
            dataset=found.dataset,
            pairs=found.pairs,
            identities=found.identities,
            measured=found.measured,
            points=[PointOut(fmr=f, threshold=t, low=lo, high=hi) for f, t, lo, hi in rows],
            tail=None if found.tail is None else TailOut(**asdict(found.tail)),
        )


class LivePointOut(Message):
    """At a threshold: the share of live people who are refused (`bpcer`), and of attacks of the
    worst species that pass (`apcer`).
    """

    threshold: float
    bpcer: float
    apcer: float


class CombinationOut(Message):
    """Checks that answer together, what was measured of them and on what; `threshold` is that of
    the service's policy, null where its rate was not measured.
    """

    checks: list[str] = Field(examples=[["visavis-pad-1"]])
    threshold: float | None
    bona_fide: str
    attacks: str
    points: list[LivePointOut]

    @classmethod
    def of(cls, found: Combination, target: LiveTarget) -> Self:
        table = found.table
        try:
            threshold = table.threshold(target)
        except NotMeasured:
            threshold = None
        return cls(
            checks=list(found.checks),
            threshold=threshold,
            bona_fide=table.bona_fide,
            attacks=table.attacks,
            points=[LivePointOut(threshold=t, bpcer=b, apcer=a) for t, b, a in table.points],
        )


class LivenessTableOut(Message):
    """The liveness checks by which of them can tell; `:face` is one that saw the face alone."""

    combinations: list[CombinationOut]

    @classmethod
    def of(cls, table: FusionTable, target: LiveTarget) -> Self:
        return cls(combinations=[CombinationOut.of(one, target) for one in table.combinations])


class LiveTargetOut(Message):
    """Where liveness draws the line: one of these is set."""

    bpcer: float | None
    apcer: float | None
    threshold: float | None


class QualityLimitsOut(Message):
    """The least a face must reach; angles are degrees."""

    min_score: float
    min_size: float
    min_sharpness: float
    min_brightness: float
    max_brightness: float
    min_contrast: float
    max_yaw: float
    max_pitch: float
    max_roll: float
    max_cut: float

    @classmethod
    def of(cls, limits: QualityLimits) -> Self:
        return cls(**asdict(limits))


class PolicyOut(Message):
    """How decisions are made unless a request asks otherwise, and how far it may go."""

    fmr: float = Field(examples=[0.0001])
    fpir: float = Field(examples=[0.01])
    threshold: float | None = Field(examples=[None])
    top_k: int = Field(examples=[5])
    margin: float = Field(examples=[0.03])
    face: Literal["only", "dominant", "largest", "central"]
    review: Literal["off", "standard", "strict"]
    liveness: Literal["off", "report", "require"]
    live: LiveTargetOut
    beyond: Literal["warn", "refuse"]
    limits: QualityLimitsOut
    loosest_fmr: float = Field(examples=[0.01], description="the highest that may be asked for")
    loosest_fpir: float = Field(examples=[0.1])

    @classmethod
    def of(cls, policy: Policy, service: ServiceSettings) -> Self:
        return cls(
            fmr=policy.fmr,
            fpir=policy.fpir,
            threshold=policy.threshold,
            top_k=policy.top_k,
            margin=policy.margin,
            face=policy.face,
            review=policy.review,
            liveness=policy.liveness,
            live=LiveTargetOut(**asdict(policy.live)),
            beyond=policy.beyond,
            limits=QualityLimitsOut.of(policy.limits),
            loosest_fmr=service.loosest_fmr,
            loosest_fpir=service.loosest_fpir,
        )
