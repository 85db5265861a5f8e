"""Collections: list, make, show and delete them."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from visavis.errors import InputError, UnknownSubject
from visavis.gallery.discard import Deletion
from visavis.gallery.gallery import CollectionInfo, Gallery
from visavis.service.deps import Administering, CollectionName
from visavis.service.openapi import ERRORS
from visavis.service.reading import Reading, may_read
from visavis.service.schemas.collections import (
    CollectionIn,
    CollectionOut,
    CollectionsOut,
    DeletionOut,
)
from visavis.service.schemas.pages import Paged
from visavis.service.state import Call

router = APIRouter(prefix="/v1", tags=["collections"], responses=ERRORS)


@router.get("/collections", operation_id="list_collections")
async def list_collections(paged: Paged, call: Reading) -> CollectionsOut:
    """Lists the collections that the key reaches, by name."""
    after = paged.after(call.services.cursors)
    every = await call.run(call.services.gallery.collections)
    reached = sorted((i for i in every if may_read(call.caller, i.name)), key=lambda i: i.name)
    rest = [info for info in reached if after is None or info.name > after]
    page = rest[: paged.limit]
    more = len(rest) > len(page)
    return CollectionsOut(
        items=[CollectionOut.of(info) for info in page],
        next=call.services.cursors.seal(page[-1].name) if more else None,
    )


@router.post(
    "/collections",
    operation_id="create_collection",
    status_code=201,
    responses={200: {"model": CollectionOut, "description": "It was there already"}},
)
async def create_collection(
    body: CollectionIn, response: Response, call: Administering
) -> CollectionOut:
    """Makes a collection of the service's model: 201, or 200 where it was there already."""
    info, made = await call.run(lambda: _create(call, body))
    response.status_code = 201 if made else 200
    return CollectionOut.of(info)


@router.get("/collections/{collection}", operation_id="show_collection")
async def show_collection(collection: CollectionName, call: Reading) -> CollectionOut:
    """Shows a collection."""
    return CollectionOut.of(await call.run(lambda: _show(call.services.gallery, collection)))


@router.delete("/collections/{collection}", operation_id="delete_collection")
async def delete_collection(
    collection: CollectionName,
    confirm: Annotated[
        str, Query(max_length=200, description="its name once more", examples=["default"])
    ],
    call: Administering,
) -> DeletionOut:
    """Destroys a collection's keys, with all its subjects; answers with the receipt."""
    if confirm != collection:
        raise InputError("expected `confirm` to be the name of the collection, got another text")
    return DeletionOut.of(await call.run(lambda: _delete(call, collection)))


def _create(call: Call, body: CollectionIn) -> tuple[CollectionInfo, bool]:
    gallery, embedder = call.services.gallery, call.services.pipeline.embedder
    known = any(info.name == body.name for info in gallery.collections())
    gallery.collection(
        body.name,
        model=embedder.model,
        dim=embedder.dim,
        keep_crops=body.keep_crops,
        details=call.origin,
    )
    return _show(gallery, body.name), not known


def _show(gallery: Gallery, name: str) -> CollectionInfo:
    found = next((info for info in gallery.collections() if info.name == name), None)
    if found is None:
        raise UnknownSubject(f"no collection {name!r} in this gallery")
    return found


def _delete(call: Call, name: str) -> Deletion:
    try:
        call.services.jobs.delete_collection(name)
        return call.services.gallery.delete_collection(name, call.origin)
    finally:
        call.services.recognizers.drop(name)
