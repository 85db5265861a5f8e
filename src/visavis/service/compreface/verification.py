"""Verification: do two pictures show one person. No gallery is asked."""

from dataclasses import replace

from fastapi import APIRouter
from starlette.requests import Request

from visavis.audit import Action
from visavis.errors import ManyFaces
from visavis.service.compreface.access import Identifies
from visavis.service.compreface.asking import Asking, read_pictures
from visavis.service.compreface.judging import Judged, judged
from visavis.service.compreface.options import Asked, Times
from visavis.service.compreface.schemas import (
    RESPONSES,
    FoundFaceOut,
    MatchedOut,
    PairOut,
    PairsOut,
)
from visavis.service.openapi import pictures
from visavis.types import Sample

router = APIRouter(prefix="/api/v1/verification", tags=["compreface"], responses=RESPONSES)


@router.post(
    "/verify",
    operation_id="compreface_verify",
    response_model_exclude_none=True,
    openapi_extra=pictures("source_image", "target_image"),
)
async def verify(request: Request, options: Asked, visit: Identifies) -> PairsOut:
    """Compares the one face of the source picture with each of the target picture."""
    call, first = visit.call, Asking(visit, options)
    second = replace(first, times=Times())
    source, target = await read_pictures(request, call, "source_image", "target_image")

    def work() -> tuple[Sample, list[Sample], list[Judged]]:
        reference = _only(first.samples(source, call.services.policy))
        samples = second.samples(target, call.services.policy)
        pairs = [(reference, sample) for sample in samples]
        return reference, samples, [judged(call, reference.embedding, pair) for pair in pairs]

    reference, samples, verdicts = await call.run(work)
    call.record(Action.COMPARE, {"accepted": any(verdict.accepted for verdict in verdicts)})
    for verdict in filter(lambda v: v.fit, verdicts):
        call.services.metrics.observe_verification("compare", verdict.verification)
    matches = [
        MatchedOut(**fields, similarity=verdict.similarity)
        for fields, verdict in zip(second.fields(samples), verdicts, strict=True)
    ]
    [face] = first.fields([reference])
    pair = PairOut(
        source_image_face=FoundFaceOut(**face),
        face_matches=matches,
        plugins_versions=first.versions(),
    )
    return PairsOut(result=[pair])


def _only(samples: list[Sample]) -> Sample:
    if len(samples) > 1:
        raise ManyFaces(f"expected one face in the source picture, found {len(samples)}")
    return samples[0]
