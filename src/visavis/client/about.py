"""What the service says of itself: its models, what was measured of them, its policy, its state."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from visavis.client.operation import Fields, Operation, path


@dataclass(frozen=True, slots=True)
class Model:
    """A model: what it does, where it comes from, where it ends. `licence` is that of the file
    alone; `training_data` are names of data sets with the terms of each.
    """

    id: str
    task: str
    family: str
    description: str
    licence: str
    training_data: tuple[tuple[str, str], ...]
    source: str
    limits: str
    sha256: str
    bytes: int
    dim: int | None

    @classmethod
    def of(cls, found: Fields) -> Self:
        return cls(
            id=str(found["id"]),
            task=str(found["task"]),
            family=str(found["family"]),
            description=str(found["description"]),
            licence=str(found["licence"]),
            training_data=tuple((str(s["name"]), str(s["terms"])) for s in found["training_data"]),
            source=str(found["source"]),
            limits=str(found["limits"]),
            sha256=str(found["sha256"]),
            bytes=int(found["bytes"]),
            dim=found["dim"],
        )


@dataclass(frozen=True, slots=True)
class Point:
    """The false-match rate at a score; another set of as many people shows one between `low` and
    `high` 95 times in 100.
    """

    fmr: float
    threshold: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Calibration:
    """Which score stands for which false-match rate, and on what data; rates below `measured` come
    from a fitted tail.
    """

    model: str
    dataset: str
    pairs: int
    identities: int
    measured: float | None
    points: tuple[Point, ...]

    @classmethod
    def of(cls, found: Fields) -> Self:
        return cls(
            model=str(found["model"]),
            dataset=str(found["dataset"]),
            pairs=int(found["pairs"]),
            identities=int(found["identities"]),
            measured=found["measured"],
            points=tuple(
                Point(float(p["fmr"]), float(p["threshold"]), p["low"], p["high"])
                for p in found["points"]
            ),
        )


@dataclass(frozen=True, slots=True)
class Policy:
    """How decisions are made unless a call asks otherwise, as `visavis.Policy`, and the highest
    rates that a call may ask for. `limits` are those of a face's quality, by name; `live` says
    where liveness draws the line.
    """

    fmr: float
    fpir: float
    threshold: float | None
    top_k: int
    margin: float
    face: str
    review: str
    liveness: str
    beyond: str
    live: Mapping[str, float | None]
    limits: Mapping[str, float]
    loosest_fmr: float
    loosest_fpir: float

    @classmethod
    def of(cls, found: Fields) -> Self:
        return cls(
            fmr=float(found["fmr"]),
            fpir=float(found["fpir"]),
            threshold=found["threshold"],
            top_k=int(found["top_k"]),
            margin=float(found["margin"]),
            face=str(found["face"]),
            review=str(found["review"]),
            liveness=str(found["liveness"]),
            beyond=str(found["beyond"]),
            live=dict(found["live"]),
            limits=dict(found["limits"]),
            loosest_fmr=float(found["loosest_fmr"]),
            loosest_fpir=float(found["loosest_fpir"]),
        )


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether all parts of the service work; `parts` says `ok` of each, or what is wrong."""

    ready: bool
    version: str
    parts: Mapping[str, str]

    @classmethod
    def of(cls, found: Fields) -> Self:
        return cls(bool(found["ready"]), str(found["version"]), dict(found["parts"]))


def models() -> Operation[tuple[Model, ...]]:
    """The models that the service has loaded."""
    return Operation("GET", path("models"), _models)


def calibration() -> Operation[Calibration]:
    """Which score of the embedder stands for which false-match rate."""
    return Operation("GET", path("models", "calibration"), Calibration.of)


def policy() -> Operation[Policy]:
    """The policy of calls that ask for no other."""
    return Operation("GET", path("policy"), Policy.of)


def ready() -> Operation[Readiness]:
    """Whether the service works. That it does not is an answer, and no error."""
    return Operation("GET", "/readyz", Readiness.of, answers=(503,))


def _models(found: Fields) -> tuple[Model, ...]:
    return tuple(map(Model.of, found["items"]))
