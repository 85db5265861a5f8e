"""Examples of subjects: add, list, delete, show."""

from dataclasses import replace
from math import ceil
from typing import Annotated, Any, Final, TypeAlias

from fastapi import APIRouter, Body, Path, Query
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from visavis.errors import UnknownSubject
from visavis.image import encode
from visavis.recognizer import Enrolment
from visavis.service.apikeys import Scope
from visavis.service.compreface import examples
from visavis.service.compreface.access import Enrols, Reads, Visit, visit_of
from visavis.service.compreface.asking import Asking, read_pictures
from visavis.service.compreface.ids import image_id, template_of
from visavis.service.compreface.options import Options, recognizer_for
from visavis.service.compreface.schemas import RESPONSES, DeletedOut, ExampleOut, ExamplesOut
from visavis.service.errors import NotHere
from visavis.service.openapi import pictures
from visavis.service.schemas.values import check_addressable

router = APIRouter(prefix="/api/v1", tags=["compreface"], responses=RESPONSES)

ImageId: TypeAlias = Annotated[
    str, Path(max_length=36, examples=["6b135f5b-a365-4452-8100-000000000000"])
]
ImageIds: TypeAlias = Annotated[
    list[Annotated[str, Path(max_length=36)]],
    Body(min_length=1, max_length=1000, examples=[["6b135f5b-a365-4452-8100-000000000000"]]),
]
MaybeSubject: TypeAlias = Annotated[str, Query(max_length=200, description="one subject's alone")]
_SHOWN: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"image/png": {}}, "description": "The aligned face"}
}


@router.post(
    "/recognition/faces",
    status_code=201,
    operation_id="compreface_add_example",
    openapi_extra=pictures("file"),
)
async def add(
    request: Request,
    visit: Enrols,
    subject: Annotated[str, Query(min_length=1, max_length=200, examples=["ada"])],
    det_prob_threshold: Annotated[float, Query(ge=0, le=1)] = 0.0,
) -> ExampleOut:
    """Adds a photo of one face to a subject, who is made if new."""
    call = visit.call
    [photo] = await read_pictures(request, call, "file")
    check_addressable(subject, "subject id")
    options = Options(det_prob_threshold=det_prob_threshold)
    policy = replace(call.services.policy, face="only")

    def work() -> Enrolment:
        recognizer = recognizer_for(visit.recognizer, Asking(visit, options).pipeline)
        return recognizer.enrol(subject, photo, policy=policy, details=call.origin)

    made = await call.run(work)
    return ExampleOut(image_id=image_id(made.templates[0].id), subject=subject)


@router.get("/recognition/faces", operation_id="compreface_list_examples")
async def list_examples(
    visit: Reads,
    page: Annotated[int, Query(ge=0, le=10**9)] = 0,
    size: Annotated[int, Query(ge=1, le=2000)] = 20,
    subject: MaybeSubject = "",
) -> ExamplesOut:
    """Lists examples, a page at a time."""

    def work() -> tuple[list[examples.Example], int]:
        return examples.page(visit.recognizer.collection, page, size, subject or None)

    found, total = await visit.call.run(work)
    return ExamplesOut(
        faces=[ExampleOut(image_id=image_id(e.template), subject=e.subject) for e in found],
        page_number=page,
        page_size=size,
        total_pages=ceil(total / size),
        total_elements=total,
    )


@router.delete("/recognition/faces", operation_id="compreface_delete_examples")
async def delete_all(visit: Enrols, subject: MaybeSubject = "") -> DeletedOut:
    """Forgets a subject with all examples, or without a name everybody; says how many examples."""

    def work() -> int:
        recognizer, origin = visit.recognizer, visit.call.origin
        if not subject:
            return examples.forget_all(recognizer.collection, origin)[1]
        try:
            return recognizer.forget(subject, details=origin).templates
        except UnknownSubject:
            return 0

    return DeletedOut(deleted=await visit.call.run(work))


@router.delete("/recognition/faces/{image}", operation_id="compreface_delete_example")
async def delete(image: ImageId, visit: Enrols) -> ExampleOut:
    """Deletes an example; a subject without any is still listed."""
    template = template_of(image)
    subject = await visit.call.run(lambda: _remove(visit, template))
    return ExampleOut(image_id=image_id(template), subject=subject)


@router.post("/recognition/faces/delete", operation_id="compreface_delete_some")
async def delete_some(images: ImageIds, visit: Enrols) -> list[ExampleOut]:
    """Deletes examples and names those that were there."""

    def work() -> list[ExampleOut]:
        done = []
        for image in images:
            try:
                subject = _remove(visit, template_of(image))
            except (NotHere, UnknownSubject):
                continue
            done.append(ExampleOut(image_id=image, subject=subject))
        return done

    return await visit.call.run(work)


@router.get(
    "/recognition/faces/{image}/img",
    operation_id="compreface_image",
    response_class=Response,
    responses=_SHOWN,
)
async def image(image: ImageId, visit: Enrols) -> Response:
    """Shows the face of an example, where the collection keeps crops."""
    return await _show(visit, image)


@router.get(
    "/static/{api_key}/images/{image}",
    operation_id="compreface_static_image",
    response_class=Response,
    responses=_SHOWN,
)
async def static_image(
    api_key: Annotated[str, Path(max_length=200, examples=["vv_3f9a0c51e2d7_secret"])],
    image: ImageId,
    connection: HTTPConnection,
) -> Response:
    """The same for a browser, which sends no header: the key is part of the path."""
    return await _show(visit_of(connection, api_key, Scope.ENROL), image)


def _remove(visit: Visit, template: str) -> str:
    return examples.remove(visit.recognizer.collection, template, visit.call.origin)


async def _show(visit: Visit, image: str) -> Response:
    template = template_of(image)

    def work() -> bytes:
        collection = visit.recognizer.collection
        crop = collection.crop(examples.holder(collection, template), template)
        if crop is None:
            raise NotHere(
                "no picture of this example: the collection kept no crops when it was added "
                "(`keep_crops`)"
            )
        return encode(crop, "PNG")

    return Response(await visit.call.run(work), media_type="image/png")
