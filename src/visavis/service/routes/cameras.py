"""Cameras: added, started and stopped by those who administer the service, looked at by others."""

import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any, Final, TypeAlias

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from visavis.audit import Action, AuditEntry
from visavis.errors import VisavisError
from visavis.service.apikeys import Scope
from visavis.service.auth import token_of
from visavis.service.cameras.feed import Feed
from visavis.service.cameras.values import ID_BYTES, Camera
from visavis.service.deps import Administering, Identifying
from visavis.service.errors import NotHere
from visavis.service.openapi import ERRORS
from visavis.service.schemas.cameras import CameraIn, CameraOut, CameraPatch, CamerasOut
from visavis.service.schemas.pages import Paged
from visavis.service.state import Call
from visavis.service.streaming import Lasting, Stream
from visavis.serving import CameraOptions

router = APIRouter(prefix="/v1/cameras", tags=["cameras"], responses=ERRORS)

CameraId: TypeAlias = Annotated[
    str,
    Path(
        min_length=1,
        max_length=64,
        description="id of a camera",
        examples=["9c1f0b7d2a3e4f5a6b7c8d9e"],
    ),
]

_EVERY: Final = 0.1  # seconds between pictures of a preview
_CHECK: Final = 2.0  # seconds until the key is looked at again
_MIXED: Final = "multipart/x-mixed-replace; boundary=frame"
_FILE: Final = {"schema": {"type": "string", "format": "binary"}}
_JPEG: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {"image/jpeg": _FILE}}}
_MOVING: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"multipart/x-mixed-replace": {**_FILE, "example": "--frame"}}}
}


@router.post("", operation_id="create_camera", status_code=201)
async def create_camera(body: CameraIn, call: Administering) -> CameraOut:
    """Adds a camera, at an address that the settings allow, and starts it if it is enabled."""
    camera = Camera(
        id=secrets.token_hex(ID_BYTES),
        name=body.name,
        collection=body.collection or call.services.settings.collection,
        source=body.source.get_secret_value(),
        options=body.options.applied(CameraOptions()),
        asked=body.policy.model_dump(exclude_none=True),
        enabled=body.enabled,
        created_at=datetime.now(UTC),
    )
    call.caller.require(Scope.ADMIN, camera.collection)
    return await call.run(lambda: _created(call, camera))


@router.get("", operation_id="list_cameras")
async def list_cameras(paged: Paged, call: Identifying) -> CamerasOut:
    """Lists the cameras whose collections the key reaches, with how each of them goes."""
    after = paged.after(call.services.cursors)
    found = await call.run(call.services.cameras.list)
    mine = [one for one in found if call.caller.may(Scope.IDENTIFY, one.collection)]
    places = [one.id for one in mine]
    rest = mine[places.index(after) + 1 :] if after in places else mine
    page = rest[: paged.limit]
    return CamerasOut(
        items=[_out(call, one) for one in page],
        next=call.services.cursors.seal(page[-1].id) if len(rest) > len(page) else None,
    )


@router.get("/{camera}", operation_id="get_camera")
async def get_camera(camera: CameraId, call: Identifying) -> CameraOut:
    """Says of a camera how it is set, and how it goes."""
    return _out(call, await _found(call, camera))


@router.patch("/{camera}", operation_id="update_camera")
async def update_camera(camera: CameraId, body: CameraPatch, call: Administering) -> CameraOut:
    """Changes a camera; one that is at work is started again."""
    before = await _found(call, camera, Scope.ADMIN)
    changed = _patched(before, body)
    call.caller.require(Scope.ADMIN, changed.collection)
    return await call.run(lambda: _changed(call, changed))


@router.delete("/{camera}", operation_id="delete_camera", status_code=204)
async def delete_camera(camera: CameraId, call: Administering) -> None:
    """Stops a camera and forgets it; what was seen by it stays."""
    await _found(call, camera, Scope.ADMIN)
    found = await call.run(lambda: call.services.cameras.delete(camera))
    await call.run(lambda: _record(call, found, "deleted"))


@router.post("/{camera}/start", operation_id="start_camera")
async def start_camera(camera: CameraId, call: Administering) -> CameraOut:
    """Starts a camera, now and from now on with the service."""
    await _found(call, camera, Scope.ADMIN)
    found = await call.run(lambda: call.services.cameras.start(camera))
    await call.run(lambda: _record(call, found, "started"))
    return _out(call, found)


@router.post("/{camera}/stop", operation_id="stop_camera")
async def stop_camera(camera: CameraId, call: Administering) -> CameraOut:
    """Stops a camera, until it is started by a call."""
    await _found(call, camera, Scope.ADMIN)
    found = await call.run(lambda: call.services.cameras.stop(camera))
    await call.run(lambda: _record(call, found, "stopped"))
    return _out(call, found)


@router.get(
    "/{camera}/frame",
    operation_id="get_camera_frame",
    response_class=Response,
    responses=_JPEG,
)
async def get_camera_frame(camera: CameraId, call: Identifying) -> Response:
    """Gives the newest picture of a camera at work, with boxes and names, as a JPEG."""
    found = await _found(call, camera)
    feed = call.services.cameras.feed(found.id)
    picture = await call.run(feed.jpeg)
    if picture is None:
        raise NotHere("the camera has given no picture yet")
    _looked(call, found)
    return Response(picture, media_type="image/jpeg")


@router.get(
    "/{camera}/preview",
    operation_id="preview_camera",
    response_class=Response,
    responses=_MOVING,
)
async def preview_camera(camera: CameraId, request: Request, call: Identifying) -> Response:
    """Gives the pictures of a camera at work as they come, at most ten a second, as MJPEG.

    Ends with the camera's work, and when the key is revoked. Pictures are drawn only while
    somebody looks.
    """
    found = await _found(call, camera)
    feed = call.services.cameras.feed(found.id)
    token = token_of(request.headers)
    stream = call.services.streams.open(lambda: call.services.gate.admit(token))
    _looked(call, found)
    headers = {"X-Accel-Buffering": "no"}
    return Lasting(_pictures(call, feed, stream), stream, media_type=_MIXED, headers=headers)


async def _pictures(call: Call, feed: Feed, stream: Stream) -> AsyncIterator[bytes]:
    """Parts of a preview, each with a picture that is newer than the one before."""
    shown, checked = 0, time.monotonic()
    while not feed.ended:
        if feed.number > shown:
            shown = feed.number
            picture = await _drawn(call, feed)
            if picture is not None:
                yield _part(picture)
        woken = await stream.rest(_EVERY)
        if woken or time.monotonic() - checked >= _CHECK:
            checked = time.monotonic()
            if not stream.going:
                return


async def _drawn(call: Call, feed: Feed) -> bytes | None:
    """The newest picture; None where nobody was free to draw it, or it cannot be drawn."""
    try:
        return await call.run(feed.jpeg)
    except VisavisError:
        return None


def _part(picture: bytes) -> bytes:
    head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
    return head.encode() + picture + b"\r\n"


async def _found(call: Call, ident: str, scope: Scope = Scope.IDENTIFY) -> Camera:
    """The camera, for somebody who has the scope in its collection. Raises NotHere, Forbidden."""
    found = await call.run(lambda: call.services.cameras.get(ident))
    call.caller.require(scope, found.collection)
    return found


def _out(call: Call, camera: Camera) -> CameraOut:
    return CameraOut.of(camera, call.services.cameras.status(camera.id))


def _patched(camera: Camera, body: CameraPatch) -> Camera:
    """The camera with what was given."""
    return replace(
        camera,
        name=body.name or camera.name,
        source=camera.source if body.source is None else body.source.get_secret_value(),
        collection=body.collection or camera.collection,
        asked=camera.asked if body.policy is None else body.policy.model_dump(exclude_none=True),
        options=camera.options if body.options is None else body.options.applied(camera.options),
    )


def _created(call: Call, camera: Camera) -> CameraOut:
    call.services.cameras.add(camera)
    _record(call, camera, "created")
    return _out(call, camera)


def _changed(call: Call, camera: Camera) -> CameraOut:
    call.services.cameras.change(camera)
    _record(call, camera, "changed")
    return _out(call, camera)


def _record(call: Call, camera: Camera, state: str) -> None:
    """Synced before the answer."""
    told = {**call.origin, "camera": camera.name, "target": camera.id, "state": state}
    call.services.gallery.audit(AuditEntry(Action.CAMERA, camera.collection, details=told))


def _looked(call: Call, camera: Camera) -> None:
    """Who looks at a camera is recorded, once a minute for each key."""
    if call.services.cameras.looked(camera.id, call.caller.key_id):
        told = {**call.origin, "camera": camera.name, "target": camera.id, "state": "looked_at"}
        call.services.gallery.record(AuditEntry(Action.CAMERA, camera.collection, details=told))
