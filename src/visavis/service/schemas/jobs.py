"""Jobs and what became of their photos."""

from datetime import datetime
from typing import Self

from pydantic import Field

from visavis.service.cursor import BadCursor, Cursors
from visavis.service.jobs.values import Item, Job, Outcome, State
from visavis.service.schemas.base import Message
from visavis.service.schemas.pages import PageQuery


class NumberedQuery(PageQuery):
    """Which page of a list whose entries have numbers."""

    def number(self, cursors: Cursors) -> int | None:
        """The number at which the page before ended; None for the first page. Raises BadCursor."""
        found = self.after(cursors)
        if found is None:
            return None
        if not found.isdecimal():
            raise BadCursor("expected a cursor of this list, got one of another")
        return int(found)

    def sealed(self, cursors: Cursors, number: int) -> str:
        """The cursor of the page after this number."""
        return cursors.seal(str(number))


class JobOut(Message):
    """How far a job is; `total`, `done`, `enrolled` and `refused` count photos."""

    id: str = Field(examples=["5b0c4d2e9f8a7b6c5d4e3f2a"])
    collection: str = Field(examples=["default"])
    state: State
    total: int = Field(examples=[120])
    done: int = Field(examples=[36])
    enrolled: int = Field(examples=[35])
    refused: int = Field(examples=[1])
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    error: str | None = Field(description="code of what made the job fail")

    @classmethod
    def of(cls, job: Job) -> Self:
        return cls(
            id=job.id,
            collection=job.collection,
            state=job.state,
            total=job.total,
            done=job.done,
            enrolled=job.enrolled,
            refused=job.refused,
            created_at=job.created_at,
            started_at=job.started_at,
            ended_at=job.ended_at,
            error=job.error,
        )


class JobsOut(Message):
    """A page of jobs, the newest first."""

    items: list[JobOut]
    next: str | None = Field(
        examples=[None], description="cursor of the next page, null at the end"
    )


class JobItemOut(Message):
    """One photo of a job; `template` is what was made of it, `code` and `reason` why nothing was.

    `subject` and `file` are null once the subject was forgotten.
    """

    number: int = Field(examples=[0])
    subject: str | None = Field(examples=["ada"])
    file: str | None = Field(examples=["1.jpg"])
    outcome: Outcome
    code: str | None = Field(examples=["no_face"])
    reason: str | None = Field(examples=["expected a face, found none"])
    template: str | None

    @classmethod
    def of(cls, item: Item) -> Self:
        result = item.result
        return cls(
            number=item.number,
            subject=item.subject,
            file=item.file,
            outcome=result.outcome,
            code=result.code,
            reason=result.reason,
            template=result.template,
        )


class JobItemsOut(Message):
    """A page of a job's photos, in order."""

    items: list[JobItemOut]
    next: str | None = Field(
        examples=[None], description="cursor of the next page, null at the end"
    )
