"""The audit log as its readers see it."""

from datetime import datetime
from typing import Any, Self

from pydantic import Field

from visavis.audit import Action, AuditRecord, AuditReport
from visavis.service.schemas.base import Message
from visavis.service.schemas.jobs import NumberedQuery


class AuditQuery(NumberedQuery):
    """Which records: all that the key may see, or those that say this."""

    collection: str | None = Field(
        None, min_length=1, max_length=200, description="in this collection"
    )
    action: Action | None = Field(None, description="of this kind")
    subject: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        description="of this subject: its id, with `collection`, or its pseudonym",
    )
    request: str | None = Field(
        None, min_length=1, max_length=64, description="of the request with this id"
    )


class AuditRecordOut(Message):
    """One record; `subject` is a pseudonym, `details` depend on the action."""

    seq: int = Field(examples=[1204], description="its number, from 1")
    at: datetime
    action: str = Field(examples=["identify"])
    collection: str | None = Field(examples=["default"])
    subject: str | None = Field(examples=["9c1185a5c5e9fc54612808977ee8f548"])
    details: dict[str, Any] = Field(examples=[{"decision": "match", "request": "5f0c6d3e9a1b"}])
    mac: str = Field(examples=["3b1f" * 16], description="of this record and all before it")

    @classmethod
    def of(cls, record: AuditRecord) -> Self:
        return cls(
            seq=record.seq,
            at=datetime.fromisoformat(record.at),
            action=record.action,
            collection=record.collection,
            subject=record.subject,
            details=dict(record.details),
            mac=record.mac,
        )


class AuditRecordsOut(Message):
    """A page of records, the newest first."""

    items: list[AuditRecordOut]
    next: str | None = Field(
        examples=[None], description="cursor of the next page, null at the end"
    )


class HeadOut(Message):
    """The last record: keep it elsewhere, and a tail that is cut off later shows."""

    seq: int = Field(examples=[1204])
    mac: str = Field(examples=["3b1f" * 16])


class AuditReportOut(Message):
    """Whether the whole log is as it was written; `problem` says what is not. `anchored`: a head
    that is kept beside the keys confirms the log's end.
    """

    intact: bool
    records: int | None = Field(examples=[1204])
    head: HeadOut | None
    anchored: bool | None
    problem: str | None = Field(examples=[None])

    @classmethod
    def of(cls, report: AuditReport) -> Self:
        seq, mac = report.head
        return cls(
            intact=True,
            records=report.records,
            head=HeadOut(seq=seq, mac=mac),
            anchored=report.anchored,
            problem=None,
        )

    @classmethod
    def broken(cls, problem: str) -> Self:
        return cls(intact=False, records=None, head=None, anchored=None, problem=problem)
