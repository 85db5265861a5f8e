"""What a job is, and what became of its photos."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

from visavis.audit import Detail

State: TypeAlias = Literal["queued", "running", "done", "cancelled", "failed"]
Outcome: TypeAlias = Literal["waiting", "enrolled", "refused", "cancelled"]

UNFINISHED: Final[tuple[State, ...]] = ("queued", "running")


@dataclass(frozen=True, slots=True)
class Portion:
    """Photos of one subject that are enrolled together: how each is called, and how it is read."""

    subject: str
    files: tuple[str, ...]
    read: tuple[Callable[[], bytes], ...]


@dataclass(frozen=True, slots=True)
class Order:
    """What a job is to do: into which collection, by which departures from the service's policy.

    `origin` is who asked, for the audit records.
    """

    collection: str
    policy: Mapping[str, Any]
    origin: Mapping[str, Detail]


@dataclass(frozen=True, slots=True)
class Job:
    """How far a job is; all counts are photos. `error` is the code of what made it fail."""

    number: int
    id: str
    collection: str
    state: State
    total: int
    enrolled: int
    refused: int
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    error: str | None = None

    @property
    def done(self) -> int:
        return self.enrolled + self.refused


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one photo: the template made of it, or why there is none."""

    outcome: Outcome
    code: str | None = None
    reason: str | None = None
    template: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One photo of a job; `subject` is None once that subject was forgotten."""

    number: int
    subject: str | None
    file: str | None
    result: Result


@dataclass(frozen=True, slots=True)
class Place:
    """Where the sealed photos of a portion are in the job's file: one behind the other."""

    offset: int
    sizes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """A portion whose turn has come. `begun`: it was so before, and nobody knows how it ended;
    `dropped`: its job was cancelled since.
    """

    job: str
    number: int
    order: Order
    place: Place
    first: int
    sealed_key: bytes
    sealed_report: bytes
    begun: bool
    dropped: bool

    @property
    def mark(self) -> str:
        """What the audit record of its enrolment says under `job`."""
        return f"{self.job}:{self.number}"


@dataclass(frozen=True, slots=True)
class Contents:
    """A portion, unsealed."""

    subject: str
    photos: Sequence[bytes]
