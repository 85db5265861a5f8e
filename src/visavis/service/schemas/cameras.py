"""Cameras as clients see them: never with the password."""

from datetime import datetime
from typing import Final, Literal, Self

from pydantic import ConfigDict, Field, SecretStr

from visavis.service.cameras.values import Camera, CameraStatus
from visavis.service.schemas.base import Message, Name, Request
from visavis.service.schemas.pages import Next
from visavis.service.schemas.policy import PolicyQuery
from visavis.serving import CameraOptions

_SOURCE: Final = "rtsp://camera.example/stream1"


class CameraPolicy(PolicyQuery):
    """By what the camera's decisions are made; what is left out is as the service is set."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"fpir": 0.01}]})


class OptionsIn(Request):
    """How a camera is read, and when somebody before it is told of."""

    transport: Literal["tcp", "udp"] = Field(default="tcp", description="of RTSP")
    verify: bool = Field(default=True, description="whether the certificate of https is checked")
    keep_shots: bool = Field(
        default=False, description="whether the best picture of whoever was seen is kept, sealed"
    )
    confirm_frames: int = Field(
        default=3, ge=1, le=1000, description="frames that must agree before anything is told"
    )
    absence_timeout: float = Field(
        default=5.0, gt=0, le=3600, description="seconds without being seen until somebody has left"
    )
    cooldown: float = Field(
        default=0.0,
        ge=0,
        le=86400,
        description="seconds after that in which coming back is not told",
    )
    emit_unknown: bool = Field(default=True, description="whether strangers are told of")

    def applied(self, base: CameraOptions) -> CameraOptions:
        """`base` with what was given."""
        return base.model_copy(update=self.model_dump(exclude_unset=True))


class CameraIn(Request):
    """A camera to be watched. `source` may hold user and password before an `@`, percent-encoded;
    nobody is told of them again.
    """

    name: Name = Field(examples=["door"])
    source: SecretStr = Field(min_length=1, max_length=2000, examples=[_SOURCE])
    collection: Name | None = Field(
        None, examples=["default"], description="the service's own by default"
    )
    policy: CameraPolicy = Field(default_factory=CameraPolicy)
    options: OptionsIn = Field(default_factory=OptionsIn)
    enabled: bool = Field(True, description="whether it is started, now and with the service")


class CameraPatch(Request):
    """What of a camera is to be another; the rest stays. It is started again if it is at work."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "back door"}]})

    name: Name | None = None
    source: SecretStr | None = Field(None, min_length=1, max_length=2000, examples=[_SOURCE])
    collection: Name | None = None
    policy: CameraPolicy | None = Field(None, description="in place of all that was said before")
    options: OptionsIn | None = None


class StatusOut(Message):
    """How it goes. `stopped` is not at work, `waiting` between two tries to connect; `failed` and
    `ended` do not go on until it is started again.
    """

    state: Literal["stopped", "connecting", "running", "waiting", "ended", "failed", "closed"] = (
        Field(examples=["running"])
    )
    since: float | None = Field(
        default=None,
        examples=[1767225600.0],
        description="when the stream's state began, since 1970",
    )
    fps: float = Field(default=0.0, examples=[24.8], description="frames looked at in a second")
    source_fps: float = Field(
        default=0.0, examples=[25.0], description="frames that come in a second"
    )
    lag_ms: float = Field(
        default=0.0, examples=[38.0], description="median age of a frame when it is done"
    )
    lag_p95_ms: float = Field(default=0.0, examples=[61.0])
    frames: int = Field(default=0, examples=[90412], description="looked at since it was started")
    dropped: int = Field(default=0, examples=[3], description="gave place to newer ones")
    corrupt: int = Field(default=0, examples=[0], description="could not be decoded")
    reconnects: int = Field(default=0, examples=[1])
    every: int = Field(
        default=1, examples=[2], description="faces are sought in every so many frames"
    )
    people: int = Field(default=0, examples=[1], description="in view")
    error: str | None = Field(
        default=None, examples=[None], description="code of the last thing that went wrong"
    )

    @classmethod
    def of(cls, found: CameraStatus) -> Self:
        told = found.monitor
        if told is None:
            return cls(state=found.state, error=found.error)
        return cls(
            state=found.state,
            since=told.reading.since,
            fps=round(told.fps, 2),
            source_fps=round(told.reading.fps, 2),
            lag_ms=round(told.lag * 1000, 1),
            lag_p95_ms=round(told.lag_p95 * 1000, 1),
            frames=told.frames,
            dropped=told.reading.dropped,
            corrupt=told.reading.corrupt,
            reconnects=told.reading.reconnects,
            every=told.every,
            people=told.people,
            error=found.error,
        )


class OptionsOut(Message):
    """How a camera is read, and when somebody before it is told of."""

    transport: Literal["tcp", "udp"]
    verify: bool
    keep_shots: bool
    confirm_frames: int
    absence_timeout: float
    cooldown: float
    emit_unknown: bool


class CameraOut(Message):
    """A camera. `source` is where it is, without what may be secret."""

    id: str = Field(examples=["9c1f0b7d2a3e4f5a6b7c8d9e"])
    name: str = Field(examples=["door"])
    collection: str = Field(examples=["default"])
    source: str = Field(examples=[_SOURCE])
    policy: PolicyQuery
    options: OptionsOut
    enabled: bool = Field(description="whether it is started with the service")
    fixed: bool = Field(description="whether it is of the configuration file")
    created_at: datetime | None = Field(description="null for one of the configuration file")
    status: StatusOut

    @classmethod
    def of(cls, camera: Camera, status: CameraStatus) -> Self:
        return cls(
            id=camera.id,
            name=camera.name,
            collection=camera.collection,
            source=camera.address.shown,
            policy=PolicyQuery(**camera.asked),
            options=OptionsOut(**camera.options.model_dump()),
            enabled=camera.enabled,
            fixed=camera.fixed,
            created_at=None if camera.fixed else camera.created_at,
            status=StatusOut.of(status),
        )


class CamerasOut(Message):
    """A page of cameras: those of the configuration file, then the others, the oldest first."""

    items: list[CameraOut]
    next: Next
