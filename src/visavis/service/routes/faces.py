"""What one picture shows: detect, embed, liveness. No gallery is asked."""

from dataclasses import replace

from fastapi import APIRouter
from starlette.requests import Request

from visavis.audit import Action
from visavis.service.deps import Asked, Detecting, Embedding
from visavis.service.images import RAW, read_upload
from visavis.service.openapi import ERRORS, pictures
from visavis.service.schemas.faces import (
    DetectedOut,
    EmbeddedOut,
    EmbeddingsOut,
    FaceOut,
    LivenessesOut,
    SampleOut,
)
from visavis.types import Face

router = APIRouter(prefix="/v1", tags=["faces"], responses=ERRORS)


@router.post("/detect", operation_id="detect", openapi_extra=pictures("image"))
async def detect(request: Request, call: Detecting) -> DetectedOut:
    """Finds all faces in a picture, best first."""
    source = (await read_upload(request, call.services.limits)).one(RAW)
    pipeline = call.services.pipeline

    def work() -> tuple[list[Face], int, int]:
        image = pipeline.decode(source)
        return pipeline.detector.detect(image), image.shape[1], image.shape[0]

    faces, width, height = await call.run(work)
    call.record(Action.DETECT, {"faces": len(faces)})
    return DetectedOut(faces=[FaceOut.of(f) for f in faces], width=width, height=height)


@router.post("/embed", operation_id="embed", openapi_extra=pictures("image"))
async def embed(request: Request, asked: Asked, call: Embedding) -> EmbeddingsOut:
    """Turns every face in a picture into a vector; needs the scope `scores`."""
    source = (await read_upload(request, call.services.limits)).one(RAW)
    policy = asked.applied(call.services.policy, call.services.limits, call.caller)
    pipeline = call.services.pipeline
    samples = await call.run(lambda: pipeline.samples(source, policy))
    call.services.metrics.observe_samples(samples)
    call.record(Action.EMBED, {"faces": len(samples)})
    faces = [EmbeddedOut.of(sample, policy.limits, call.digits) for sample in samples]
    return EmbeddingsOut(faces=faces, model=pipeline.embedder.model)


@router.post("/liveness", operation_id="liveness", openapi_extra=pictures("image"))
async def liveness(request: Request, asked: Asked, call: Detecting) -> LivenessesOut:
    """Says of every face in a picture whether it is a live person, by this picture alone."""
    source = (await read_upload(request, call.services.limits)).one(RAW)
    policy = asked.applied(call.services.policy, call.services.limits, call.caller)
    policy = replace(policy, liveness="report")
    samples = await call.run(lambda: call.services.pipeline.samples(source, policy))
    call.services.metrics.observe_samples(samples)
    call.record(Action.LIVENESS, {"faces": len(samples)})
    return LivenessesOut(faces=[SampleOut.of(s, policy.limits, call.digits) for s in samples])
