"""Subjects: list, add, rename, delete."""

from typing import Annotated, TypeAlias

from fastapi import APIRouter, Path

from visavis.errors import UnknownSubject
from visavis.service.compreface.access import Enrols, Reads, Visit
from visavis.service.compreface.examples import add_subject, forget_all
from visavis.service.compreface.schemas import (
    RESPONSES,
    DeletedOut,
    SubjectIn,
    SubjectNameOut,
    SubjectNamesOut,
    UpdatedOut,
)
from visavis.service.schemas.values import check_addressable

router = APIRouter(prefix="/api/v1/recognition", tags=["compreface"], responses=RESPONSES)

SubjectName: TypeAlias = Annotated[str, Path(min_length=1, max_length=200, examples=["ada"])]


@router.get("/subjects/", include_in_schema=False)
@router.get("/subjects", operation_id="compreface_list_subjects")
async def list_subjects(visit: Reads) -> SubjectNamesOut:
    """Names all subjects."""

    def work() -> list[str]:
        return [subject.id for subject in visit.recognizer.subjects()]

    return SubjectNamesOut(subjects=await visit.call.run(work))


@router.post("/subjects", status_code=201, operation_id="compreface_add_subject")
async def add(body: SubjectIn, visit: Enrols) -> SubjectNameOut:
    """Makes a subject without examples."""
    call = visit.call
    check_addressable(body.subject, "subject id")
    await call.run(lambda: add_subject(visit.recognizer.collection, body.subject, call.origin))
    return SubjectNameOut(subject=body.subject)


@router.put("/subjects/{subject}", operation_id="compreface_rename_subject")
async def rename(subject: SubjectName, body: SubjectIn, visit: Enrols) -> UpdatedOut:
    """Renames a subject; into one that exists its examples are moved."""
    if body.subject == subject:
        return UpdatedOut(updated=False)
    check_addressable(body.subject, "subject id")
    await visit.call.run(lambda: _rename(visit, subject, body.subject))
    return UpdatedOut(updated=True)


@router.delete("/subjects/{subject}", operation_id="compreface_delete_subject")
async def delete(subject: SubjectName, visit: Enrols) -> SubjectNameOut:
    """Destroys a subject's key and everything stored under it."""
    call = visit.call
    await call.run(lambda: visit.recognizer.forget(subject, details=call.origin))
    return SubjectNameOut(subject=subject)


@router.delete("/subjects", operation_id="compreface_delete_subjects")
async def delete_all(visit: Enrols) -> DeletedOut:
    """Destroys the keys of all subjects and everything stored under them."""
    call = visit.call
    people, _ = await call.run(lambda: forget_all(visit.recognizer.collection, call.origin))
    return DeletedOut(deleted=people)


def _rename(visit: Visit, subject: str, new: str) -> None:
    collection, origin = visit.recognizer.collection, visit.call.origin
    try:
        collection.subject(new)
    except UnknownSubject:
        collection.rename(subject, new, details=origin)
    else:
        collection.merge(subject, new, details=origin)
