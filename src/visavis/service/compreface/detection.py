"""Detection: the faces of a picture."""

from dataclasses import replace

from fastapi import APIRouter
from starlette.requests import Request

from visavis.audit import Action
from visavis.errors import NoFace
from visavis.quality import assess
from visavis.service.compreface.access import Detects
from visavis.service.compreface.asking import Asking, read_pictures
from visavis.service.compreface.options import Asked
from visavis.service.compreface.schemas import RESPONSES, DetectionOut, FoundFaceOut
from visavis.service.openapi import pictures

router = APIRouter(prefix="/api/v1/detection", tags=["compreface"], responses=RESPONSES)


@router.post(
    "/detect",
    operation_id="compreface_detect",
    response_model_exclude_none=True,
    openapi_extra=pictures("file"),
)
async def detect(request: Request, options: Asked, visit: Detects) -> DetectionOut:
    """Finds the faces of a picture, largest first."""
    call, asking = visit.call, Asking(visit, options)
    [picture] = await read_pictures(request, call, "file")
    look = _embedded if asking.tells_vectors else _found
    result = await call.run(lambda: look(asking, picture))
    action = Action.EMBED if asking.tells_vectors else Action.DETECT
    call.record(action, {"faces": len(result)})
    return DetectionOut(result=result, plugins_versions=asking.versions())


def _found(asking: Asking, picture: bytes) -> list[FoundFaceOut]:
    image = asking.pipeline.decode(picture)
    faces = asking.pipeline.detector.detect(image)
    if not faces:
        raise NoFace("expected a face, found none")
    return [FoundFaceOut(**asking.face(f, assess(image, f), None, len(faces))) for f in faces]


def _embedded(asking: Asking, picture: bytes) -> list[FoundFaceOut]:
    policy = replace(asking.visit.call.services.policy, liveness="off")
    return [FoundFaceOut(**fields) for fields in asking.fields(asking.samples(picture, policy))]
