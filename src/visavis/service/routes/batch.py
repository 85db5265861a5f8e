"""Many pictures in one request, worked on side by side; one that fails does not harm the others."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, TypeVar

from fastapi import APIRouter
from starlette.requests import Request

from visavis.audit import Action, Detail
from visavis.errors import VisavisError
from visavis.policy import Policy
from visavis.recognizer import Recognizer
from visavis.service.admission import Overloaded
from visavis.service.deps import Asked, CollectionName, Detecting, Embedding, Identifying
from visavis.service.errors import status_of
from visavis.service.images import read_upload
from visavis.service.logs import log
from visavis.service.openapi import ERRORS, pictures
from visavis.service.schemas.base import Message
from visavis.service.schemas.batch import (
    DetectedBatch,
    DetectedItem,
    EmbeddedBatch,
    EmbeddedItem,
    IdentifiedBatch,
    IdentifiedItem,
)
from visavis.service.schemas.decisions import IdentificationOut, IdentifiedOut
from visavis.service.schemas.faces import DetectedOut, EmbeddedOut, EmbeddingsOut, FaceOut
from visavis.service.state import Call

logger = logging.getLogger("visavis.service")

router = APIRouter(prefix="/v1", tags=["batch"], responses=ERRORS)

IMAGES: Final = "images"
_BODY: Final = pictures(several=(IMAGES,))

R = TypeVar("R", bound=Message)


@router.post("/batch/detect", operation_id="batch_detect", openapi_extra=_BODY)
async def batch_detect(request: Request, call: Detecting) -> DetectedBatch:
    """Finds all faces in each picture."""
    images = await _images(request, call)
    found = await _each(call, images, partial(_detect, call))
    return DetectedBatch(items=[DetectedItem.of(i, one) for i, one in enumerate(found)])


@router.post("/batch/embed", operation_id="batch_embed", openapi_extra=_BODY)
async def batch_embed(request: Request, asked: Asked, call: Embedding) -> EmbeddedBatch:
    """Turns every face of each picture into a vector; needs the scope `scores`."""
    images = await _images(request, call)
    policy = asked.applied(call.services.policy, call.services.limits, call.caller)
    found = await _each(call, images, partial(_embed, call, policy))
    return EmbeddedBatch(items=[EmbeddedItem.of(i, one) for i, one in enumerate(found)])


@router.post(
    "/collections/{collection}/batch/identify",
    operation_id="batch_identify",
    openapi_extra=_BODY,
)
async def batch_identify(
    request: Request, collection: CollectionName, asked: Asked, call: Identifying
) -> IdentifiedBatch:
    """Says who each face of each picture is."""
    images = await _images(request, call)
    policy = asked.applied(call.services.policy, call.services.limits, call.caller)
    recognizer = await call.run(lambda: call.services.recognizers.of(collection))
    found = await _each(call, images, partial(_identify, call, recognizer, policy))
    return IdentifiedBatch(items=[IdentifiedItem.of(i, one) for i, one in enumerate(found)])


async def _images(request: Request, call: Call) -> tuple[bytes, ...]:
    """The pictures, each of which counts against the key's rate as a request would."""
    images = (await read_upload(request, call.services.limits, (IMAGES,))).many(IMAGES)
    call.services.rates.take(call.caller.key_id, len(images) - 1)
    return images


async def _each(
    call: Call, images: Sequence[bytes], work: Callable[[int, bytes], R]
) -> list[R | VisavisError]:
    """The result or error of each picture; no more of them at a time than there are workers, so
    that others get their turn between them. Raises Overloaded if no picture got a turn.
    """
    room = asyncio.Semaphore(call.services.limits.workers)

    async def one(index: int, image: bytes) -> R | VisavisError:
        async with room:
            try:
                return await call.run(partial(work, index, image))
            except VisavisError as error:
                _note(call, error)
                return error

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(i, image)) for i, image in enumerate(images)]
    found = [task.result() for task in tasks]
    refusals = [one for one in found if isinstance(one, Overloaded)]
    if len(refusals) == len(found):
        raise refusals[0]
    return found


def _note(call: Call, error: VisavisError) -> None:
    call.services.metrics.observe_refusal(error)
    if status_of(error) >= 500:
        log(logger, logging.ERROR, "picture of a batch failed", exc_info=error, code=error.code)


def _detect(call: Call, index: int, image: bytes) -> DetectedOut:
    pipeline = call.services.pipeline
    pixels = pipeline.decode(image)
    faces = pipeline.detector.detect(pixels)
    call.record(Action.DETECT, {"faces": len(faces), "item": index})
    height, width = pixels.shape[:2]
    return DetectedOut(faces=[FaceOut.of(face) for face in faces], width=width, height=height)


def _embed(call: Call, policy: Policy, index: int, image: bytes) -> EmbeddingsOut:
    pipeline = call.services.pipeline
    samples = pipeline.samples(image, policy)
    call.services.metrics.observe_samples(samples)
    call.record(Action.EMBED, {"faces": len(samples), "item": index})
    faces = [EmbeddedOut.of(sample, policy.limits, call.digits) for sample in samples]
    return EmbeddingsOut(faces=faces, model=pipeline.embedder.model)


def _identify(
    call: Call, recognizer: Recognizer, policy: Policy, index: int, image: bytes
) -> IdentifiedOut:
    details: dict[str, Detail] = {**call.origin, "item": index}
    found = recognizer.identify(image, policy, details=details)
    call.services.metrics.observe_identifications(found)
    return IdentifiedOut(
        faces=[IdentificationOut.of(one, policy, call.digits) for one in found],
        templates=len(recognizer.collection),
        model=call.services.pipeline.embedder.model,
    )
