"""Cameras that the service watches."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Self, TypedDict

from visavis.client.operation import Asked, Fields, Listing, Operation, path
from visavis.client.reading import maybe, moment, nothing


class CameraOptions(TypedDict, total=False):
    """How a camera is read, and when somebody before it is told of; times in seconds.

    `transport` is RTSP's; `verify` false takes any certificate. `confirm_frames` must agree before
    anything is told; who is not seen for `absence_timeout` has left, and coming back within
    `cooldown` is not told. `keep_shots`: the best picture of whoever was seen is kept, sealed;
    `emit_unknown`: strangers are told of.
    """

    transport: Literal["tcp", "udp"]
    verify: bool
    keep_shots: bool
    confirm_frames: int
    absence_timeout: float
    cooldown: float
    emit_unknown: bool


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """How a camera goes. `state`: `stopped`, `connecting`, `running`, `waiting` (between two
    tries), `ended`, `failed` or `closed`.

    `fps` frames are looked at in a second, of `source_fps` that come; `lag_ms` and `lag_p95_ms`
    are the median and the 95th percentile of their age when they are done. Faces are sought in
    every `every`-th frame; `people` are in view. `error` is the code of what went wrong last.
    """

    state: str
    fps: float
    source_fps: float
    lag_ms: float
    lag_p95_ms: float
    frames: int
    dropped: int
    corrupt: int
    reconnects: int
    every: int
    people: int
    error: str | None

    @classmethod
    def of(cls, found: Fields) -> Self:
        return cls(
            state=str(found["state"]),
            fps=float(found["fps"]),
            source_fps=float(found["source_fps"]),
            lag_ms=float(found["lag_ms"]),
            lag_p95_ms=float(found["lag_p95_ms"]),
            frames=int(found["frames"]),
            dropped=int(found["dropped"]),
            corrupt=int(found["corrupt"]),
            reconnects=int(found["reconnects"]),
            every=int(found["every"]),
            people=int(found["people"]),
            error=maybe(str, found["error"]),
        )


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera. `source` is where it is, without what may be secret; `policy` what its decisions
    are made by. `enabled`: it is started with the service; `fixed`: it is of the configuration
    file.
    """

    id: str
    name: str
    collection: str
    source: str
    policy: Mapping[str, Any]
    options: Mapping[str, Any]
    enabled: bool
    fixed: bool
    created_at: datetime | None
    status: CameraStatus

    @classmethod
    def of(cls, found: Fields) -> Self:
        policy = {name: value for name, value in found["policy"].items() if value is not None}
        return cls(
            id=str(found["id"]),
            name=str(found["name"]),
            collection=str(found["collection"]),
            source=str(found["source"]),
            policy=policy,
            options=dict(found["options"]),
            enabled=bool(found["enabled"]),
            fixed=bool(found["fixed"]),
            created_at=maybe(moment, found["created_at"]),
            status=CameraStatus.of(found["status"]),
        )


def cameras() -> Listing[Camera]:
    """The cameras whose collections the key reaches."""
    return Listing(path("cameras"), Camera.of)


def camera(camera: str) -> Operation[Camera]:
    """A camera by its id, and how it goes."""
    return Operation("GET", path("cameras", camera), Camera.of)


def create_camera(
    name: str,
    source: str,
    *,
    collection: str | None = None,
    policy: Asked | None = None,
    options: CameraOptions | None = None,
    enabled: bool = True,
) -> Operation[Camera]:
    """Adds a camera, and starts it if it is enabled. `source` is its address, with user and
    password before an `@` if it asks for them; the service's settings say where it may be.
    """
    body = {
        "name": name,
        "source": source,
        "collection": collection,
        "policy": dict(policy or {}),
        "options": dict(options or {}),
        "enabled": enabled,
    }
    return Operation("POST", path("cameras"), Camera.of, body=body, again=False)


def update_camera(
    camera: str,
    *,
    name: str | None = None,
    source: str | None = None,
    collection: str | None = None,
    policy: Asked | None = None,
    options: CameraOptions | None = None,
) -> Operation[Camera]:
    """Changes a camera; what is left out stays, but a `policy` replaces the one before."""
    given = {
        "name": name,
        "source": source,
        "collection": collection,
        "policy": None if policy is None else dict(policy),
        "options": None if options is None else dict(options),
    }
    body = {field: value for field, value in given.items() if value is not None}
    return Operation("PATCH", path("cameras", camera), Camera.of, body=body)


def delete_camera(camera: str) -> Operation[None]:
    """Stops a camera and forgets it; what was seen by it stays."""
    return Operation("DELETE", path("cameras", camera), nothing)


def start_camera(camera: str) -> Operation[Camera]:
    """Starts a camera, now and from now on with the service."""
    return Operation("POST", path("cameras", camera, "start"), Camera.of)


def stop_camera(camera: str) -> Operation[Camera]:
    """Stops a camera, until it is started by a call."""
    return Operation("POST", path("cameras", camera, "stop"), Camera.of)


def camera_frame(camera: str) -> Operation[bytes]:
    """The newest picture of a camera at work, with boxes and names: a JPEG."""
    return Operation("GET", path("cameras", camera, "frame"), bytes, raw=True)
