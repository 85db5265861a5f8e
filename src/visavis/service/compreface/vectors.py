"""Embeddings instead of pictures: recognise, and verify. They need the scope `scores`."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query

from visavis.audit import Action
from visavis.service.compreface.access import ReadsVectors, Visit
from visavis.service.compreface.examples import holder
from visavis.service.compreface.faces import ImageId
from visavis.service.compreface.ids import template_of
from visavis.service.compreface.judging import evidence, found_by_vector, similarity, vector_of
from visavis.service.compreface.options import MOST_PREDICTIONS
from visavis.service.compreface.recognition import note_attempt, reference_of
from visavis.service.compreface.schemas import (
    RESPONSES,
    MatchedVectorOut,
    PairsIn,
    RecognisedVectorOut,
    VectorRecognitionOut,
    VectorsIn,
    VectorVerificationOut,
)
from visavis.service.compreface.similarity import LINE
from visavis.types import Embedding

router = APIRouter(prefix="/api/v1", tags=["compreface"], responses=RESPONSES)


@router.post("/recognition/embeddings/recognize", operation_id="compreface_recognize_embeddings")
async def recognize(
    body: VectorsIn,
    visit: ReadsVectors,
    prediction_count: Annotated[int, Query(ge=1, le=MOST_PREDICTIONS)] = 1,
) -> VectorRecognitionOut:
    """Says whom each embedding is most like."""

    def work() -> list[RecognisedVectorOut]:
        return [_recognised(visit, numbers, prediction_count) for numbers in body.embeddings]

    return VectorRecognitionOut(result=await visit.call.run(work))


@router.post(
    "/recognition/embeddings/faces/{image}/verify",
    operation_id="compreface_verify_example_embeddings",
)
async def verify_example(
    body: VectorsIn, image: ImageId, visit: ReadsVectors
) -> VectorVerificationOut:
    """Compares embeddings with an example. After failures a key has to wait."""
    call, template = visit.call, template_of(image)
    subject = await call.run(lambda: holder(visit.recognizer.collection, template))

    def work() -> list[MatchedVectorOut]:
        reference = reference_of(visit, subject, template)
        found, accepted = _compared(visit, reference, body.embeddings)
        note_attempt(visit, subject, accepted=accepted)
        return found

    return VectorVerificationOut(result=await call.run(work))


@router.post("/verification/embeddings/verify", operation_id="compreface_verify_embeddings")
async def verify(body: PairsIn, visit: ReadsVectors) -> VectorVerificationOut:
    """Compares an embedding with others."""
    call = visit.call

    def work() -> tuple[list[MatchedVectorOut], bool]:
        return _compared(visit, vector_of(call, body.source), body.targets)

    found, accepted = await call.run(work)
    call.record(Action.COMPARE, {"accepted": accepted})
    return VectorVerificationOut(result=found)


def _recognised(visit: Visit, numbers: Sequence[float], count: int) -> RecognisedVectorOut:
    call, collection = visit.call, visit.recognizer.collection
    policy, embedder = call.services.policy, call.services.pipeline.embedder
    matches = collection.search(vector_of(call, numbers), max(count, 2))
    threshold = policy.identification(embedder.calibration, len(collection))
    found = found_by_vector(call, matches, threshold, count)
    named = found[0].subject if found and found[0].similarity >= LINE else None
    told = evidence(policy, threshold, accepted=named is not None)
    collection.record(Action.IDENTIFY, named, {**told, **call.origin})
    return RecognisedVectorOut(embedding=list(numbers), similarities=found)


def _compared(
    visit: Visit, reference: Embedding, vectors: Sequence[Sequence[float]]
) -> tuple[list[MatchedVectorOut], bool]:
    """The vectors with their similarities, best first, and whether one is accepted."""
    call = visit.call
    threshold = call.services.policy.verification(call.services.pipeline.embedder.calibration)
    scores = [reference.similarity(vector_of(call, numbers)) for numbers in vectors]
    found = [
        MatchedVectorOut(
            embedding=list(numbers),
            similarity=similarity(call, score, threshold, accepted=score >= threshold.score),
        )
        for numbers, score in zip(vectors, scores, strict=True)
    ]
    found.sort(key=lambda one: one.similarity, reverse=True)
    return found, found[0].similarity >= LINE
