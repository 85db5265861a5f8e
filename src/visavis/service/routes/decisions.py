"""Decisions: compare two photos, verify a subject, identify the faces of a picture."""

from fastapi import APIRouter
from starlette.requests import Request

from visavis.audit import Action
from visavis.errors import NotLive
from visavis.policy import Policy
from visavis.service.deps import Asked, CollectionName, Identifying, SubjectId
from visavis.service.images import RAW, read_upload
from visavis.service.openapi import ERRORS, pictures
from visavis.service.schemas.decisions import IdentificationOut, IdentifiedOut, VerificationOut
from visavis.service.state import Call
from visavis.types import Verification

router = APIRouter(prefix="/v1", tags=["decisions"], responses=ERRORS)


@router.post("/compare", operation_id="compare", openapi_extra=pictures("a", "b"))
async def compare(request: Request, asked: Asked, call: Identifying) -> VerificationOut:
    """Says whether two photos show one person."""
    upload = await read_upload(request, call.services.limits, ("a", "b"))
    a, b = upload.one("a"), upload.one("b")
    policy = asked.applied(call.services.policy, call.services.limits, call.caller)
    recognizer = call.services.recognizers.without
    found = await call.run(lambda: recognizer.compare(a, b, policy))
    call.record(Action.COMPARE, {"accepted": found.accepted})
    call.services.metrics.observe_verification("compare", found)
    return VerificationOut.of(found, policy, call.digits)


@router.post(
    "/collections/{collection}/subjects/{subject}/verify",
    operation_id="verify",
    openapi_extra=pictures("image"),
)
async def verify(
    request: Request,
    collection: CollectionName,
    subject: SubjectId,
    asked: Asked,
    call: Identifying,
) -> VerificationOut:
    """Says whether a photo shows a subject. After failures a key has to wait, see Retry-After."""
    photo = (await read_upload(request, call.services.limits)).one(RAW)
    policy = asked.applied(call.services.policy, call.services.limits, call.caller)
    found = await call.run(lambda: _verify(call, collection, subject, photo, policy))
    call.services.metrics.observe_verification("verify", found)
    return VerificationOut.of(found, policy, call.digits)


@router.post(
    "/collections/{collection}/identify",
    operation_id="identify",
    openapi_extra=pictures("image"),
)
async def identify(
    request: Request, collection: CollectionName, asked: Asked, call: Identifying
) -> IdentifiedOut:
    """Says who each face in a picture is; `unknown` is an answer, and no face an empty list."""
    source = (await read_upload(request, call.services.limits)).one(RAW)
    policy = asked.applied(call.services.policy, call.services.limits, call.caller)
    recognizer = call.services.recognizers.of(collection)
    found = await call.run(lambda: recognizer.identify(source, policy, details=call.origin))
    call.services.metrics.observe_identifications(found)
    return IdentifiedOut(
        faces=[IdentificationOut.of(one, policy, call.digits) for one in found],
        templates=len(recognizer.collection),
        model=call.services.pipeline.embedder.model,
    )


def _verify(
    call: Call, collection: str, subject: str, photo: bytes, policy: Policy
) -> Verification:
    """Without a wait between look and count: else as many guess at once as there are workers."""
    recognizer = call.services.recognizers.of(collection)
    call.services.backoff.check(call.caller.key_id, collection, subject)
    try:
        found = recognizer.verify(subject, photo, policy, details=call.origin)
    except NotLive:
        _count(call, collection, subject, accepted=False)
        raise
    _count(call, collection, subject, found.accepted)
    return found


def _count(call: Call, collection: str, subject: str, accepted: bool) -> None:
    """Tells the back-off, and raises the alarm where many fail on one subject."""
    services, key = call.services, call.caller.key_id
    if accepted:
        services.backoff.succeeded(key, collection, subject)
        return
    alert = services.backoff.failed(key, collection, subject)
    if alert is not None:
        services.alarm(alert, call.origin)
