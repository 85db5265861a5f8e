"""What is said on a live stream."""

from typing import Literal, Self

from pydantic import ConfigDict, Field, SecretStr

from visavis.policy import Policy
from visavis.service.live import SeenFace, Watched
from visavis.service.schemas.base import Message, Name, Request
from visavis.service.schemas.decisions import IdentificationOut
from visavis.service.schemas.policy import PolicyQuery


class Hello(Request):
    """The first message of a WebSocket; `{}` where the key came in a header."""

    key: SecretStr | None = Field(default=None, max_length=200, description="an API key")


class LiveHello(Hello, PolicyQuery):
    """The first message of a live stream: the key, where to search, and how to decide."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"key": "vv_…", "collection": "default", "fpir": 0.01}]}
    )

    collection: Name | None = Field(default=None, description="the service's own by default")


class LiveReady(Message):
    """The answer to the first message: frames may come."""

    type: Literal["ready"] = "ready"
    request_id: str = Field(description="under which the audit log has this stream")
    collection: str
    templates: int
    model: str
    liveness: Literal["off", "report", "require"]
    max_bytes: int = Field(description="of a frame")
    idle_seconds: float = Field(description="without a frame, after which the stream is closed")


class LiveFace(IdentificationOut):
    """Who a face of a frame is; `track` is one number for one person's face over many frames."""

    track: int | None

    @classmethod
    def seen(cls, face: SeenFace, policy: Policy, digits: int) -> Self:
        found = IdentificationOut.of(face.identification, policy, digits)
        return cls(**dict(found), track=face.track)


class LatencyOut(Message):
    """Milliseconds: `queue` from a frame's arrival until work began, `total` until it ended."""

    queue: float
    decode: float = 0.0
    detect: float = 0.0
    liveness: float = 0.0
    embed: float = 0.0
    search: float = 0.0
    total: float


class LiveFrame(Message):
    """What a frame showed: `frame` is its number among all that were sent, from 1, and `dropped`
    says how many have not been looked at so far, because newer ones came or nobody was free.
    """

    type: Literal["frame"] = "frame"
    frame: int
    dropped: int
    width: int
    height: int
    faces: list[LiveFace]
    latency_ms: LatencyOut

    @classmethod
    def of(cls, number: int, dropped: int, found: Watched, policy: Policy, digits: int) -> Self:
        spent = {name: round(seconds * 1000, 1) for name, seconds in found.seconds.items()}
        return cls(
            frame=number,
            dropped=dropped,
            width=found.width,
            height=found.height,
            faces=[LiveFace.seen(face, policy, digits) for face in found.result.faces],
            latency_ms=LatencyOut(**spent),
        )
