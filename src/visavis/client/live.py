"""What a live stream says of its frames."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from visavis.client.decisions import Identification
from visavis.client.operation import Fields


@dataclass(frozen=True, slots=True)
class LiveFace:
    """Who a face of a frame is. `track` is one number for one person's face over many frames, None
    where frames are not joined.
    """

    identification: Identification
    track: int | None


@dataclass(frozen=True, slots=True)
class LiveFrame:
    """What a frame showed. `frame`: its number among all that were sent, from 1; `dropped`: how
    many were not looked at so far; `latency_ms`: milliseconds by stage, `total` for all.
    """

    frame: int
    dropped: int
    width: int
    height: int
    faces: tuple[LiveFace, ...]
    latency_ms: Mapping[str, float]

    @classmethod
    def of(cls, found: Fields) -> Self:
        return cls(
            frame=int(found["frame"]),
            dropped=int(found["dropped"]),
            width=int(found["width"]),
            height=int(found["height"]),
            faces=tuple(
                LiveFace(Identification.of(face), face["track"]) for face in found["faces"]
            ),
            latency_ms=dict(found["latency_ms"]),
        )
