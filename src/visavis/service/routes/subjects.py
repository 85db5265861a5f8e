"""Subjects: list, show, change, rename, merge and forget them. Enrolment makes them."""

from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import APIRouter, Query

from visavis.gallery.collection import Collection
from visavis.service.deps import CollectionName, Enrolling, SubjectId
from visavis.service.openapi import ERRORS
from visavis.service.reading import Reading
from visavis.service.schemas.subjects import (
    MergeIn,
    ReceiptOut,
    RenameIn,
    SubjectOut,
    SubjectPatch,
    SubjectsOut,
    SubjectsQuery,
)
from visavis.service.schemas.values import check_future
from visavis.service.state import Call
from visavis.types import Receipt, Subject

router = APIRouter(prefix="/v1/collections/{collection}", tags=["subjects"], responses=ERRORS)

T = TypeVar("T")


@router.get("/subjects", operation_id="list_subjects")
async def list_subjects(
    collection: CollectionName, asked: Annotated[SubjectsQuery, Query()], call: Reading
) -> SubjectsOut:
    """Lists everybody enrolled, by id."""
    cursors = call.services.cursors
    after = asked.after(cursors)
    found = await _run(call, collection, lambda c: _page(c, after, asked.limit + 1, asked.search))
    page = found[: asked.limit]
    return SubjectsOut(
        items=[SubjectOut.of(subject) for subject in page],
        next=cursors.seal(page[-1].id) if len(found) > len(page) else None,
    )


@router.get("/subjects/{subject}", operation_id="show_subject")
async def show_subject(collection: CollectionName, subject: SubjectId, call: Reading) -> SubjectOut:
    """Shows a subject."""
    return SubjectOut.of(await _run(call, collection, lambda c: c.subject(subject)))


@router.patch("/subjects/{subject}", operation_id="change_subject")
async def change_subject(
    collection: CollectionName, subject: SubjectId, body: SubjectPatch, call: Enrolling
) -> SubjectOut:
    """Replaces what is said of a subject; null clears."""
    check_future(body.expires_at)

    def change(c: Collection) -> Subject:
        return c.update(subject, **body.given, clear=body.cleared, details=call.origin)

    return SubjectOut.of(await _run(call, collection, change))


@router.post("/subjects/{subject}/rename", operation_id="rename_subject")
async def rename_subject(
    collection: CollectionName, subject: SubjectId, body: RenameIn, call: Enrolling
) -> SubjectOut:
    """Gives a subject another id."""

    def rename(c: Collection) -> Subject:
        c.rename(subject, body.id, details=call.origin)
        return c.subject(body.id)

    return SubjectOut.of(await _run(call, collection, rename))


@router.post("/subjects/{subject}/merge", operation_id="merge_subjects")
async def merge_subjects(
    collection: CollectionName, subject: SubjectId, body: MergeIn, call: Enrolling
) -> SubjectOut:
    """Gives all templates of another subject to this one, and removes the other."""

    def merge(c: Collection) -> Subject:
        c.merge(body.source, subject, details=call.origin)
        return c.subject(subject)

    return SubjectOut.of(await _run(call, collection, merge))


@router.delete("/subjects/{subject}", operation_id="forget_subject")
async def forget_subject(
    collection: CollectionName, subject: SubjectId, call: Enrolling
) -> ReceiptOut:
    """Destroys a subject's key and everything stored under it; answers with the receipt."""

    def forget(c: Collection) -> Receipt:
        call.services.jobs.forget(collection, subject)  # photos that wait, before the key
        return c.forget(subject, details=call.origin)

    return ReceiptOut.of(await _run(call, collection, forget))


async def _run(call: Call, collection: str, work: Callable[[Collection], T]) -> T:
    """`work` on a worker thread, with a collection of whatever model."""
    return await call.run(lambda: work(call.services.gallery.open_collection(collection)))


def _page(c: Collection, after: str | None, limit: int, search: str | None) -> list[Subject]:
    """Up to `limit` subjects from behind the id `after`; fewer only at the end."""
    found = list(c.subjects(after, limit, search))
    while search is None and len(found) < limit:  # some may have been forgotten in that moment
        more = list(c.subjects(found[-1].id if found else after, limit - len(found)))
        if not more:
            break
        found += more
    return found
