"""The templates of a subject: which there are, and the end of one."""

from typing import Annotated

from fastapi import APIRouter, Path

from visavis.gallery.sealing import stamp
from visavis.service.deps import CollectionName, Enrolling, SubjectId
from visavis.service.openapi import ERRORS
from visavis.service.reading import Reading
from visavis.service.schemas.enrolment import TemplateOut, TemplatesOut
from visavis.service.schemas.pages import Paged
from visavis.types import Template

router = APIRouter(
    prefix="/v1/collections/{collection}/subjects/{subject}", tags=["subjects"], responses=ERRORS
)


@router.get("/templates", operation_id="list_templates")
async def list_templates(
    collection: CollectionName, subject: SubjectId, paged: Paged, call: Reading
) -> TemplatesOut:
    """Lists a subject's templates, oldest first; nothing of them is told that could be compared."""
    cursors, gallery = call.services.cursors, call.services.gallery
    after = paged.after(cursors) or ""
    found = await call.run(lambda: gallery.open_collection(collection).templates(subject))
    rest = sorted((t for t in found if _place(t) > after), key=_place)
    page = rest[: paged.limit]
    return TemplatesOut(
        items=[TemplateOut.of(template) for template in page],
        next=cursors.seal(_place(page[-1])) if len(rest) > len(page) else None,
    )


@router.delete("/templates/{template}", operation_id="delete_template", status_code=204)
async def delete_template(
    collection: CollectionName,
    subject: SubjectId,
    template: Annotated[
        str, Path(min_length=1, max_length=64, description="its id", examples=["00c5aa29f1b2de34"])
    ],
    call: Enrolling,
) -> None:
    """Deletes one template; the last one goes with its subject alone."""
    gallery = call.services.gallery
    await call.run(
        lambda: gallery.open_collection(collection).remove_template(
            subject, template, details=call.origin
        )
    )


def _place(template: Template) -> str:
    """Sorts by age, and those of one moment by id."""
    return f"{stamp(template.enrolled_at)} {template.id}"
