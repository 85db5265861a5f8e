"""Sightings and their events as they are told."""

from datetime import datetime
from typing import Any, Final, Self

from pydantic import Field

from visavis.gallery.sighting import Kind, Sighted, Sighting, SightingEvent
from visavis.service.errors import BadRequest
from visavis.service.schemas.base import Message
from visavis.service.schemas.jobs import NumberedQuery
from visavis.service.schemas.values import Moment

_TIME: Final = "2026-05-04T08:30:12.500000Z"


class SightingsQuery(NumberedQuery):
    """Which sightings: all of a collection, or those of somebody, of a camera, or since a time."""

    collection: str | None = Field(
        None, min_length=1, max_length=200, description="the service's own by default"
    )
    subject: str | None = Field(
        None, min_length=1, max_length=200, description="of this subject", examples=["ada"]
    )
    camera: str | None = Field(
        None, min_length=1, max_length=200, description="of this camera", examples=["door"]
    )
    since: Moment | None = Field(None, description="last seen then or later")
    begin: int | None = Field(
        None, alias="after", ge=0, description="of a stream: begin after the event of this number"
    )

    def check(self, streamed: bool) -> None:
        """Raises BadRequest for what the other kind of answer takes."""
        if streamed and self.cursor is not None:
            raise BadRequest("cursor: expected `after` for a stream, got a cursor")
        if not streamed and self.begin is not None:
            raise BadRequest("after: only a stream of events begins after one")

    def wants(self, told: Sighted) -> bool:
        """Whether an event is among those that are asked for."""
        return (
            self.subject in (None, told.subject)
            and self.camera in (None, told.camera)
            and (self.since is None or told.at >= self.since)
        )


class _Seen(Message):
    camera: str = Field(examples=["door"])
    track: int = Field(examples=[7], description="the newest of its tracks at that camera")
    subject: str | None = Field(examples=["ada"], description="null for somebody unknown")
    first_seen: datetime = Field(examples=[_TIME])
    last_seen: datetime = Field(examples=[_TIME])
    score: float | None = Field(examples=[0.71], description="the best so far")
    threshold: float = Field(examples=[0.47])
    rate: float | None = Field(examples=[0.01], description="that the threshold stands for")
    live: bool | None = Field(examples=[True], description="null where liveness was not checked")
    quality: float | None = Field(examples=[0.83])
    has_shot: bool = Field(examples=[True], description="whether a best shot is kept")


class SightingOut(_Seen):
    """Somebody before a camera, from first to last; `kinds` are those of its events so far."""

    id: str = Field(examples=["6f1d0c2b9a8e4f63b5d2a1c07d0f2b1c"])
    kinds: list[Kind] = Field(examples=[["entered", "identified"]])

    @classmethod
    def of(cls, found: Sighting, digits: int) -> Self:
        return cls(
            id=found.id,
            kinds=sorted(found.kinds),
            has_shot=found.has_shot,
            **_seen(found.latest, digits),
        )


class SightingsOut(Message):
    """A page of sightings, the newest first."""

    items: list[SightingOut]
    next: str | None = Field(
        examples=[None], description="cursor of the next page, null at the end"
    )


class SightingEventOut(_Seen):
    """What happened, and what was known of the sighting then; `seq` rises from event to event."""

    seq: int = Field(examples=[1204])
    collection: str = Field(examples=["default"])
    kind: Kind = Field(examples=["identified"])
    sighting: str = Field(examples=["6f1d0c2b9a8e4f63b5d2a1c07d0f2b1c"])
    at: datetime = Field(examples=[_TIME])

    @classmethod
    def of(cls, found: SightingEvent, collection: str, digits: int) -> Self:
        return cls(
            seq=found.seq,
            collection=collection,
            kind=found.told.kind,
            sighting=found.told.sighting,
            at=found.told.at,
            has_shot=found.has_shot,
            **_seen(found.told, digits),
        )


def _seen(told: Sighted, digits: int) -> dict[str, Any]:
    return {
        "camera": told.camera,
        "track": told.track,
        "subject": told.subject,
        "first_seen": told.first_seen,
        "last_seen": told.last_seen,
        "score": None if told.score is None else round(told.score, digits),
        "threshold": round(told.threshold, 4),
        "rate": told.rate,
        "live": told.live,
        "quality": None if told.quality is None else round(told.quality, 3),
    }
