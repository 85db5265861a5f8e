"""Bulk enrolment: photos of many people in one request, enrolled one person after the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Final, Self, TypeAlias, Unpack
from zipfile import ZipFile, ZipInfo

from visavis.client.bodies import File, Form
from visavis.client.operation import DEFAULT, Asked, Fields, Listing, Operation, once, path
from visavis.client.photos import Photo, photo_bytes, several
from visavis.client.reading import maybe, moment, nothing
from visavis.errors import InputError

People: TypeAlias = Mapping[str, Photo | Sequence[Photo]]
"""Photos by the id of their subject."""
_ENDED: Final = ("done", "cancelled", "failed")
_LEFT_OUT: Final = (".", "__MACOSX")


@dataclass(frozen=True, slots=True)
class Job:
    """How far a job is. `state`: `queued`, `running`, `done`, `cancelled` or `failed`, then with
    an `error` code; `total`, `done`, `enrolled` and `refused` count photos.
    """

    id: str
    collection: str
    state: str
    total: int
    done: int
    enrolled: int
    refused: int
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    error: str | None

    @classmethod
    def of(cls, found: Fields) -> Self:
        return cls(
            id=str(found["id"]),
            collection=str(found["collection"]),
            state=str(found["state"]),
            total=int(found["total"]),
            done=int(found["done"]),
            enrolled=int(found["enrolled"]),
            refused=int(found["refused"]),
            created_at=moment(found["created_at"]),
            started_at=maybe(moment, found["started_at"]),
            ended_at=maybe(moment, found["ended_at"]),
            error=found["error"],
        )

    @property
    def ended(self) -> bool:
        """Whether no photo of it is waiting any more."""
        return self.state in _ENDED


@dataclass(frozen=True, slots=True)
class JobItem:
    """One photo of a job. `outcome`: `waiting`, `enrolled` as `template`, `refused` with `code`
    and `reason`, or `cancelled`. `subject` and `file` are None once the subject was forgotten.
    """

    number: int
    subject: str | None
    file: str | None
    outcome: str
    code: str | None
    reason: str | None
    template: str | None

    @classmethod
    def of(cls, found: Fields) -> Self:
        return cls(
            number=int(found["number"]),
            subject=found["subject"],
            file=found["file"],
            outcome=str(found["outcome"]),
            code=found["code"],
            reason=found["reason"],
            template=found["template"],
        )


def start_job(
    people: People | Photo,
    *,
    collection: str = DEFAULT,
    idempotency_key: str | None = None,
    **asked: Unpack[Asked],
) -> Operation[Job]:
    """Enrols photos of many people, while others are served.

    `people`: photos by subject, called 0, 1, … in the job's items; or a zip file with one folder a
    subject. The same photos with the same `idempotency_key` are one job; without one, the call
    makes its own. Raises InputError for an id that no folder of a zip file can have.
    """
    data = _packed(people) if isinstance(people, Mapping) else photo_bytes(people)
    form = Form([File("archive", data, "people.zip")])
    return Operation("POST", _jobs(collection), Job.of, asked, form, once(idempotency_key))


def jobs(*, collection: str = DEFAULT) -> Listing[Job]:
    """The jobs of a collection, the newest first."""
    return Listing(_jobs(collection), Job.of)


def job(job: str, *, collection: str = DEFAULT) -> Operation[Job]:
    """How far a job is."""
    return Operation("GET", _jobs(collection, job), Job.of)


def job_items(job: str, *, collection: str = DEFAULT) -> Listing[JobItem]:
    """The photos of a job, with what became of each."""
    return Listing(_jobs(collection, job, "items"), JobItem.of)


def cancel_job(job: str, *, collection: str = DEFAULT) -> Operation[Job]:
    """Ends a job: the subject under way is still finished, and what was enrolled stays."""
    return Operation("POST", _jobs(collection, job, "cancel"), Job.of)


def delete_job(job: str, *, collection: str = DEFAULT) -> Operation[None]:
    """Ends a job and removes what is stored of it; what was enrolled stays."""
    return Operation("DELETE", _jobs(collection, job), nothing, again=False)


def _jobs(collection: str, *more: str) -> str:
    return path("collections", collection, "jobs", *more)


def _packed(people: People) -> bytes:
    """A zip file with one folder a subject, not compressed: photos are already."""
    file = BytesIO()
    with ZipFile(file, "w") as archive:
        for subject, photos in people.items():
            if subject.startswith(_LEFT_OUT) or "\\" in subject or "/" in subject:
                raise InputError(f"expected the name of a folder, not hidden, got {subject!r}")
            for number, photo in enumerate(several(photos)):
                archive.writestr(ZipInfo(f"{subject}/{number}"), photo_bytes(photo))
    return file.getvalue()
