"""Recognition: who is in a picture, and is it the face of an example."""

from dataclasses import replace

from fastapi import APIRouter
from starlette.requests import Request

from visavis.audit import Action
from visavis.errors import NoFace
from visavis.service.compreface.access import Identifies, Visit
from visavis.service.compreface.asking import Asking, read_pictures
from visavis.service.compreface.examples import holder
from visavis.service.compreface.faces import ImageId
from visavis.service.compreface.ids import template_of
from visavis.service.compreface.judging import Judged, evidence, identified, judged
from visavis.service.compreface.options import Asked, AskedPredictions, recognizer_for
from visavis.service.compreface.schemas import (
    RESPONSES,
    ComparedOut,
    ExampleVerificationOut,
    RecognisedOut,
    RecognitionOut,
)
from visavis.service.errors import NotHere
from visavis.service.openapi import pictures
from visavis.types import Embedding, Identification, Sample

router = APIRouter(prefix="/api/v1/recognition", tags=["compreface"], responses=RESPONSES)


@router.post(
    "/recognize",
    operation_id="compreface_recognize",
    response_model_exclude_none=True,
    openapi_extra=pictures("file"),
)
async def recognize(
    request: Request, options: AskedPredictions, visit: Identifies
) -> RecognitionOut:
    """Says whom each face of a picture is most like."""
    call, asking = visit.call, Asking(visit, options)
    [picture] = await read_pictures(request, call, "file")
    # Two at least are sought, or the lead over the runner-up would not be seen.
    policy = replace(call.services.policy, top_k=max(options.prediction_count, 2))

    def work() -> list[Identification]:
        recognizer = recognizer_for(visit.recognizer, asking.pipeline)
        return recognizer.identify(picture, policy, details=call.origin)

    found = await call.run(work)
    if not found:
        raise NoFace("expected a face, found none")
    call.services.metrics.observe_identifications(found)
    fields = asking.fields([one.sample for one in found])
    result = [
        RecognisedOut(**each, subjects=identified(call, one, options.prediction_count))
        for each, one in zip(fields, found, strict=True)
    ]
    return RecognitionOut(result=result, plugins_versions=asking.versions())


@router.post(
    "/faces/{image}/verify",
    operation_id="compreface_verify_example",
    response_model_exclude_none=True,
    openapi_extra=pictures("file"),
)
async def verify(
    request: Request, image: ImageId, options: Asked, visit: Identifies
) -> ExampleVerificationOut:
    """Compares each face of a picture with an example. After failures a key has to wait."""
    call, asking, template = visit.call, Asking(visit, options), template_of(image)
    [picture] = await read_pictures(request, call, "file")
    subject = await call.run(lambda: holder(visit.recognizer.collection, template))

    def work() -> tuple[list[Sample], list[Judged]]:
        reference = reference_of(visit, subject, template)
        samples = asking.samples(picture, call.services.policy)
        verdicts = [judged(call, reference, (sample,), subject) for sample in samples]
        note_attempt(visit, subject, accepted=any(verdict.accepted for verdict in verdicts))
        return samples, verdicts

    samples, verdicts = await call.run(work)
    for verdict in filter(lambda v: v.fit, verdicts):
        call.services.metrics.observe_verification("verify", verdict.verification)
    result = [
        ComparedOut(**fields, similarity=verdict.similarity, subject=subject)
        for fields, verdict in zip(asking.fields(samples), verdicts, strict=True)
    ]
    return ExampleVerificationOut(result=result, plugins_versions=asking.versions())


def reference_of(visit: Visit, subject: str, template: str) -> Embedding:
    """The stored embedding of an example, unless the key has to wait. Raises BackedOff, NotHere,
    UnknownSubject.
    """
    visit.call.services.backoff.check(visit.call.caller.key_id, visit.collection, subject)
    stored = visit.recognizer.collection.templates(subject)
    found = next((t.embedding for t in stored if t.id == template), None)
    if found is None:
        raise NotHere("no such image in this collection")
    return found


def note_attempt(visit: Visit, subject: str, *, accepted: bool) -> None:
    """Tells the audit log and the back-off how a verification went; raises the alarm after many
    failures.
    """
    call, services, key = visit.call, visit.call.services, visit.call.caller.key_id
    threshold = services.policy.verification(services.pipeline.embedder.calibration)
    told = {**evidence(services.policy, threshold, accepted), **call.origin}
    visit.recognizer.collection.record(Action.VERIFY, subject, told)
    if accepted:
        services.backoff.succeeded(key, visit.collection, subject)
        return
    alert = services.backoff.failed(key, visit.collection, subject)
    if alert is not None:
        services.alarm(alert, call.origin)
