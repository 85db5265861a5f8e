"""Enrolment: pictures of a subject become templates."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from visavis.service.deps import CollectionName, Enrolling, SubjectId
from visavis.service.enrolling import Order, enrol, enrol_once
from visavis.service.errors import BadRequest
from visavis.service.images import RAW, Upload, read_upload
from visavis.service.openapi import ERRORS, pictures
from visavis.service.schemas.enrolment import EnrolFields, EnrolledOut, EnrolQuery
from visavis.service.schemas.values import check_addressable

router = APIRouter(prefix="/v1", tags=["subjects"], responses=ERRORS)

SEVERAL: Final = "images"
REPLAYED: Final = "Idempotent-Replay"


def _document() -> dict[str, Any]:
    """The body: several pictures with fields, or one picture as it is."""
    found = pictures(several=(SEVERAL,), fields=EnrolFields.model_json_schema()["properties"])
    file = {"schema": {"type": "string", "format": "binary"}}
    found["requestBody"]["content"] |= {"image/jpeg": file, "image/png": file}
    return found


@router.post(
    "/collections/{collection}/subjects/{subject}/templates",
    operation_id="enrol",
    status_code=201,
    openapi_extra=_document(),
)
async def enrol_pictures(
    request: Request,
    response: Response,
    collection: CollectionName,
    subject: SubjectId,
    asked: Annotated[EnrolQuery, Query()],
    call: Enrolling,
    idempotency_key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            description="the same request with the same key is done once",
            examples=["7d3c6a1e-enrol-ada"],
        ),
    ] = None,
) -> EnrolledOut:
    """Adds templates to a subject, who is made if new; says which pictures were refused."""
    check_addressable(subject, "subject id")
    upload = await read_upload(request, call.services.limits, (SEVERAL, RAW))
    policy = asked.applied(call.services.policy, call.services.limits, call.caller)
    order = Order(collection, subject, _pictures(upload), _fields(upload), asked, policy)
    if idempotency_key is None:
        return await call.run(lambda: enrol(call, order))
    answer = await call.run(lambda: enrol_once(call, order, idempotency_key))
    if answer.replayed:
        response.headers[REPLAYED] = "true"
    return answer.enrolled


@router.post("/collections/{collection}/subjects/{subject:path}/templates", include_in_schema=False)
async def refuse(subject: str, call: Enrolling) -> None:
    """Says why nobody can be enrolled under an id that is more than one part of a path."""
    check_addressable(subject, "subject id")


def _pictures(upload: Upload) -> tuple[bytes, ...]:
    """All pictures, in order. Raises BadRequest for none, and for other files."""
    strange = sorted(upload.files.keys() - {SEVERAL, RAW})
    if strange:
        raise BadRequest(f"expected pictures as {SEVERAL!r}, got {strange[0][:80]!r}")
    found = (*upload.files.get(SEVERAL, ()), *upload.files.get(RAW, ()))
    return found or upload.many(SEVERAL)


def _fields(upload: Upload) -> EnrolFields:
    try:
        return EnrolFields.model_validate(dict(upload.fields))
    except ValidationError as error:
        problems = [{**one, "loc": ("body", *one["loc"])} for one in error.errors()]
        raise RequestValidationError(problems) from None
