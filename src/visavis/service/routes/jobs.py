"""Bulk enrolment: many people in one request, enrolled while others are served."""

from typing import Annotated, Any, Final, TypeAlias

from fastapi import APIRouter, Header, Path, Query
from starlette.requests import Request

from visavis.audit import Action, AuditEntry
from visavis.service.deps import Asked, CollectionName, Enrolling
from visavis.service.jobs.form import ARCHIVE, IMAGES, JobForm, read_form
from visavis.service.jobs.once import submit_once
from visavis.service.jobs.values import Job, Order
from visavis.service.openapi import ERRORS
from visavis.service.schemas.jobs import JobItemOut, JobItemsOut, JobOut, JobsOut, NumberedQuery
from visavis.service.state import Call

router = APIRouter(prefix="/v1/collections/{collection}/jobs", tags=["jobs"], responses=ERRORS)

JobId: TypeAlias = Annotated[
    str,
    Path(
        min_length=1,
        max_length=64,
        description="id of a job",
        examples=["5b0c4d2e9f8a7b6c5d4e3f2a"],
    ),
]
Numbered: TypeAlias = Annotated[NumberedQuery, Query()]

_FILE: Final = {"type": "string", "format": "binary"}
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "oneOf": [
                        {
                            "type": "object",
                            "required": [ARCHIVE],
                            "properties": {
                                ARCHIVE: _FILE
                                | {"description": "a zip file with one folder a subject"}
                            },
                        },
                        {
                            "type": "object",
                            "required": [IMAGES],
                            "properties": {
                                IMAGES: {
                                    "type": "array",
                                    "minItems": 1,
                                    "items": _FILE,
                                    "description": "photos, each with the file name SUBJECT/PHOTO",
                                }
                            },
                        },
                    ]
                },
                "example": {ARCHIVE: "people.zip"},
            }
        },
    }
}


@router.post("", operation_id="create_job", status_code=202, openapi_extra=_BODY)
async def create_job(
    request: Request,
    collection: CollectionName,
    asked: Asked,
    call: Enrolling,
    idempotency_key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            description="the same request with the same key is one job",
            examples=["7d3c6a1e-staff-2025"],
        ),
    ] = None,
) -> JobOut:
    """Takes photos of many people, to enrol one person after the other."""
    asked.applied(call.services.policy, call.services.limits, call.caller)
    form = await read_form(request, call.services.limits.max_request, call.services.jobs.limits)
    order = Order(collection, asked.model_dump(exclude_none=True), call.origin)
    return JobOut.of(await call.run(lambda: _submit(call, order, form, idempotency_key)))


@router.get("", operation_id="list_jobs")
async def list_jobs(collection: CollectionName, asked: Numbered, call: Enrolling) -> JobsOut:
    """Lists the jobs of a collection, the newest first; ended ones are kept for 30 days."""
    jobs, cursors = call.services.jobs, call.services.cursors
    before = asked.number(cursors)
    found = await call.run(lambda: jobs.page(collection, before, asked.limit + 1))
    page = found[: asked.limit]
    return JobsOut(
        items=[JobOut.of(job) for job in page],
        next=asked.sealed(cursors, page[-1].number) if len(found) > len(page) else None,
    )


@router.get("/{job}", operation_id="get_job")
async def get_job(collection: CollectionName, job: JobId, call: Enrolling) -> JobOut:
    """Says how far a job is."""
    return JobOut.of(await call.run(lambda: call.services.jobs.get(collection, job)))


@router.get("/{job}/items", operation_id="list_job_items")
async def list_job_items(
    collection: CollectionName, job: JobId, asked: Numbered, call: Enrolling
) -> JobItemsOut:
    """Lists the photos of a job with what became of each."""
    jobs, cursors = call.services.jobs, call.services.cursors
    start = asked.number(cursors) or 0
    found = await call.run(lambda: jobs.items(collection, job, start, asked.limit + 1))
    page = found[: asked.limit]
    return JobItemsOut(
        items=[JobItemOut.of(item) for item in page],
        next=asked.sealed(cursors, found[-1].number) if len(found) > len(page) else None,
    )


@router.post("/{job}/cancel", operation_id="cancel_job")
async def cancel_job(collection: CollectionName, job: JobId, call: Enrolling) -> JobOut:
    """Ends a job: the subject under way is still finished, and what was enrolled stays."""
    found = await call.run(lambda: call.services.jobs.cancel(collection, job))
    _record(call, found)
    return JobOut.of(found)


@router.delete("/{job}", operation_id="delete_job", status_code=204)
async def delete_job(collection: CollectionName, job: JobId, call: Enrolling) -> None:
    """Ends a job and removes all that is stored of it; what was enrolled stays."""
    found = await call.run(lambda: call.services.jobs.delete(collection, job))
    _record(call, found, "deleted")


def _submit(call: Call, order: Order, form: JobForm, key: str | None) -> Job:
    services = call.services
    if key is None:
        job = services.jobs.submit(order, form.portions(services.jobs.limits))
    else:
        secret = services.gallery.derive("visavis/service/idempotency")
        job = submit_once(services.jobs, services.idempotency, secret, order, form, key)
    _record(call, job)
    return job


def _record(call: Call, job: Job, state: str | None = None) -> None:
    told = {**call.origin, "job": job.id, "state": state or job.state, "photos": job.total}
    call.services.gallery.record(AuditEntry(Action.JOB, job.collection, details=told))
