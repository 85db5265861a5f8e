"""The audit log: who did what, and proof that nobody changed it."""

import heapq
import re
from collections.abc import Sequence
from itertools import islice
from typing import Annotated, Final

from fastapi import APIRouter, Query

from visavis.audit import AuditRecord
from visavis.errors import BrokenAudit, InputError, UnknownSubject
from visavis.service.apikeys import Scope
from visavis.service.deps import Auditing
from visavis.service.openapi import ERRORS
from visavis.service.schemas.audit import (
    AuditQuery,
    AuditRecordOut,
    AuditRecordsOut,
    AuditReportOut,
)
from visavis.service.state import Call

router = APIRouter(prefix="/v1", tags=["audit"], responses=ERRORS)

_PSEUDONYM: Final = re.compile(r"[0-9a-f]{32}")


@router.get("/audit", operation_id="list_audit_records")
async def list_audit_records(
    asked: Annotated[AuditQuery, Query()], call: Auditing
) -> AuditRecordsOut:
    """Lists audit records, the newest first; a key of some collections sees those of these."""
    if asked.collection is not None:
        call.caller.require(Scope.AUDIT, asked.collection)
    before = asked.number(call.services.cursors)
    found = await call.run(lambda: _page(call, asked, before))
    page = found[: asked.limit]
    return AuditRecordsOut(
        items=[AuditRecordOut.of(record) for record in page],
        next=asked.sealed(call.services.cursors, page[-1].seq) if len(found) > len(page) else None,
    )


@router.get("/audit/verify", operation_id="verify_audit")
async def verify_audit(call: Auditing) -> AuditReportOut:
    """Checks the whole log. One that was changed is an answer: `intact` is false."""
    try:
        return AuditReportOut.of(await call.run(call.services.gallery.audit_verify))
    except BrokenAudit as error:
        return AuditReportOut.broken(str(error))


def _page(call: Call, asked: AuditQuery, before: int | None) -> list[AuditRecord]:
    """One record more than the page, if there is one."""
    subject = None if asked.subject is None else _pseudonym(call, asked.collection, asked.subject)
    pages = (
        call.services.gallery.audit_page(
            before=before,
            limit=asked.limit + 1,
            action=asked.action,
            collection=collection,
            subject=subject,
            request=asked.request,
        )
        for collection in _collections(call, asked)
    )
    newest = heapq.merge(*pages, key=lambda record: -record.seq)
    return list(islice(newest, asked.limit + 1))


def _collections(call: Call, asked: AuditQuery) -> Sequence[str | None]:
    """Those to look in; None is everywhere, also where no collection is named."""
    if asked.collection is not None:
        return (asked.collection,)
    return (None,) if call.caller.collections is None else call.caller.collections


def _pseudonym(call: Call, collection: str | None, subject: str) -> str:
    """What the log calls a subject; one that was forgotten is known by its pseudonym alone."""
    given = _PSEUDONYM.fullmatch(subject) is not None
    if collection is None:
        if not given:
            raise InputError("expected `collection` with the id of a subject, got none")
        return subject
    try:
        return call.services.gallery.open_collection(collection).pseudonym(subject)
    except UnknownSubject:
        if not given:
            raise
        return subject
