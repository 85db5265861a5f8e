"""Who was seen before the cameras: sightings, their best shots, and events as they come."""

from typing import Annotated, Any, Final, TypeAlias

from fastapi import APIRouter, Header, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from visavis.gallery.sighting import Sighting, SightingEvent
from visavis.image import encode
from visavis.service.apikeys import Scope
from visavis.service.auth import token_of
from visavis.service.deps import Identifying
from visavis.service.errors import BadRequest, NotHere
from visavis.service.openapi import ERRORS
from visavis.service.schemas.sightings import (
    SightingEventOut,
    SightingOut,
    SightingsOut,
    SightingsQuery,
)
from visavis.service.sightings.feed import EVENT_STREAM, told
from visavis.service.state import Call
from visavis.service.streaming import Lasting

router = APIRouter(prefix="/v1/sightings", tags=["sightings"], responses=ERRORS)

SightingId: TypeAlias = Annotated[
    str,
    Path(
        min_length=1,
        max_length=64,
        description="id of a sighting",
        examples=["6f1d0c2b9a8e4f63b5d2a1c07d0f2b1c"],
    ),
]
InCollection: TypeAlias = Annotated[
    str | None,
    Query(min_length=1, max_length=200, description="the service's own by default"),
]
_STREAM: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {EVENT_STREAM: {"schema": {"type": "string"}}}}
}
_JPEG: Final = "image/jpeg"
_SHOT: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The best shot",
        "content": {_JPEG: {"schema": {"type": "string", "format": "binary"}}},
    }
}
_LONGEST_ID: Final = 18


@router.get(
    "", operation_id="list_sightings", response_model=SightingsOut, responses={**ERRORS, **_STREAM}
)
async def list_sightings(
    asked: Annotated[SightingsQuery, Query()],
    request: Request,
    call: Identifying,
    last_event_id: Annotated[
        str | None,
        Header(alias="Last-Event-ID", description="of a stream: go on after this event"),
    ] = None,
) -> SightingsOut | Response:
    """Lists sightings, the newest first; to `Accept: text/event-stream`, tells events as they come.

    A stream begins with what comes next, or after the event that `Last-Event-ID` or `after` names,
    and ends when the key is revoked or the service stops.
    """
    streamed = EVENT_STREAM in request.headers.get("accept", "")
    asked.check(streamed)
    name = _named(call, asked.collection)
    if streamed:
        return await _follow(request, call, asked, name, last_event_id)
    before = asked.number(call.services.cursors)
    found = await call.run(lambda: _page(call, asked, name, before))
    page = found[: asked.limit]
    more = len(found) > len(page)
    return SightingsOut(
        items=[SightingOut.of(one, call.digits) for one in page],
        next=asked.sealed(call.services.cursors, page[-1].number) if more else None,
    )


@router.get("/{sighting}", operation_id="get_sighting")
async def get_sighting(
    sighting: SightingId, call: Identifying, collection: InCollection = None
) -> SightingOut:
    """Says what is known of one sighting."""
    name = _named(call, collection)
    kept = await call.run(lambda: call.services.gallery.open_collection(name).sightings)
    found = await call.run(lambda: kept.get(sighting))
    return SightingOut.of(found, call.digits)


@router.get(
    "/{sighting}/shot", operation_id="get_sighting_shot", response_class=Response, responses=_SHOT
)
async def get_sighting_shot(
    sighting: SightingId, call: Identifying, collection: InCollection = None
) -> Response:
    """Gives the best picture of whoever was seen, as JPEG. Leaves an audit record."""
    name = _named(call, collection)
    return Response(await call.run(lambda: _shot(call, name, sighting)), media_type=_JPEG)


def _named(call: Call, collection: str | None) -> str:
    """The collection that is asked for. Raises Forbidden."""
    name = collection or call.services.settings.collection
    call.caller.require(Scope.IDENTIFY, name)
    return name


async def _follow(
    request: Request, call: Call, asked: SightingsQuery, name: str, last: str | None
) -> Lasting:
    kept = await call.run(lambda: call.services.gallery.open_collection(name).sightings)
    after = _after(last, asked)
    after = await call.run(kept.last) if after is None else after

    def shown(event: SightingEvent) -> SightingEventOut | None:
        return SightingEventOut.of(event, name, call.digits) if asked.wants(event.told) else None

    token = token_of(request.headers)
    stream = call.services.streams.open(lambda: call.services.gate.admit(token))
    events = told(stream, call.services.outputs.bell, kept.events, shown, after)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Lasting(events, stream, media_type=EVENT_STREAM, headers=headers)


def _after(last: str | None, asked: SightingsQuery) -> int | None:
    """After which event to begin: what a browser says that comes again goes before the address."""
    if not last:
        return asked.begin
    if not last.isdecimal() or len(last) > _LONGEST_ID:
        raise BadRequest("Last-Event-ID: expected the number of an event")
    return int(last)


def _page(call: Call, asked: SightingsQuery, name: str, before: int | None) -> list[Sighting]:
    """One sighting more than the page, if there is one."""
    return call.services.gallery.open_collection(name).sightings.sightings(
        subject=asked.subject,
        camera=asked.camera,
        since=asked.since,
        before=before,
        limit=asked.limit + 1,
    )


def _shot(call: Call, name: str, ident: str) -> bytes:
    kept = call.services.gallery.open_collection(name).sightings
    image = kept.shot(ident, call.origin)
    if image is None:
        raise NotHere(f"no best shot of the sighting {ident!r} is kept")
    return encode(image, "JPEG")
