"""The audit log."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from visavis.client.operation import Fields, Listing, Operation, path
from visavis.client.reading import maybe, moment


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One record: its number, from 1, and what was done. `subject` is a pseudonym; `mac` stands
    for this record and all before it.
    """

    seq: int
    at: datetime
    action: str
    collection: str | None
    subject: str | None
    details: Mapping[str, Any]
    mac: str

    @classmethod
    def of(cls, found: Fields) -> Self:
        return cls(
            seq=int(found["seq"]),
            at=moment(found["at"]),
            action=str(found["action"]),
            collection=found["collection"],
            subject=found["subject"],
            details=dict(found["details"]),
            mac=str(found["mac"]),
        )


@dataclass(frozen=True, slots=True)
class AuditReport:
    """Whether the whole log is as it was written, and if not, the `problem`. `head`: number and
    mac of the last record; `anchored`: a head that is kept elsewhere confirms the log's end.
    """

    intact: bool
    records: int | None
    head: tuple[int, str] | None
    anchored: bool | None
    problem: str | None

    @classmethod
    def of(cls, found: Fields) -> Self:
        return cls(
            intact=bool(found["intact"]),
            records=found["records"],
            head=maybe(lambda head: (int(head["seq"]), str(head["mac"])), found["head"]),
            anchored=found["anchored"],
            problem=found["problem"],
        )


def audit(
    *,
    collection: str | None = None,
    action: str | None = None,
    subject: str | None = None,
    request: str | None = None,
) -> Listing[AuditRecord]:
    """Audit records, the newest first: all that the key may see, or those of a collection, an
    action, a subject (its id, with the collection, or its pseudonym), the id of a request.
    """
    query = {"collection": collection, "action": action, "subject": subject, "request": request}
    return Listing(path("audit"), AuditRecord.of, query)


def verify_audit() -> Operation[AuditReport]:
    """Whether nobody changed the log. One that was changed is an answer, and no error."""
    return Operation("GET", path("audit", "verify"), AuditReport.of)
