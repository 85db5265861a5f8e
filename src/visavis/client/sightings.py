"""Who was seen before the cameras of the service."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from visavis.client.feeds import Feed
from visavis.client.operation import Fields, Listing, Operation, path
from visavis.client.reading import maybe, moment, texts


@dataclass(frozen=True, slots=True)
class Sighting:
    """Somebody before a camera, from first to last; `kinds` are those of its events so far.

    `subject` is None for somebody unknown; `score` the best cosine so far, held against
    `threshold`, which stands for `rate`; `live` None where liveness was not checked.
    """

    id: str
    camera: str
    track: int
    subject: str | None
    first_seen: datetime
    last_seen: datetime
    score: float | None
    threshold: float
    rate: float | None
    live: bool | None
    quality: float | None
    has_shot: bool
    kinds: tuple[str, ...]

    @classmethod
    def of(cls, found: Fields) -> Self:
        return cls(id=str(found["id"]), kinds=texts(found["kinds"]), **_seen(found))


@dataclass(frozen=True, slots=True)
class SightingEvent:
    """What happened: `kind` is `entered`, `identified`, `unknown`, `spoof_suspected` or `left`, and
    the rest what was known of the sighting then. `seq` rises from event to event, with gaps.
    """

    seq: int
    collection: str
    kind: str
    sighting: str
    at: datetime
    camera: str
    track: int
    subject: str | None
    first_seen: datetime
    last_seen: datetime
    score: float | None
    threshold: float
    rate: float | None
    live: bool | None
    quality: float | None
    has_shot: bool

    @classmethod
    def of(cls, found: Fields) -> Self:
        return cls(
            seq=int(found["seq"]),
            collection=str(found["collection"]),
            kind=str(found["kind"]),
            sighting=str(found["sighting"]),
            at=moment(found["at"]),
            **_seen(found),
        )


def sightings(
    *,
    collection: str | None = None,
    subject: str | None = None,
    camera: str | None = None,
    since: datetime | None = None,
) -> Listing[Sighting]:
    """Sightings, the newest first: all, or those of a subject, of a camera, last seen `since` then
    (a time with its zone). `collection` is by default the service's own, as for all of these.
    """
    query = {"subject": subject, "camera": camera, "since": maybe(datetime.isoformat, since)}
    return Listing(path("sightings"), Sighting.of, {"collection": collection, **query})


def sighting(sighting: str, *, collection: str | None = None) -> Operation[Sighting]:
    """What is known of one sighting."""
    query = {"collection": collection}
    return Operation("GET", path("sightings", sighting), Sighting.of, query)


def sighting_shot(sighting: str, *, collection: str | None = None) -> Operation[bytes]:
    """The best picture of whoever was seen, a JPEG file. Leaves an audit record."""
    query = {"collection": collection}
    return Operation("GET", path("sightings", sighting, "shot"), bytes, query, raw=True)


def follow_sightings(
    *,
    collection: str | None = None,
    subject: str | None = None,
    camera: str | None = None,
    after: int | None = None,
) -> Feed[SightingEvent]:
    """Events as they come, for as long as one asks for the next: from now on, or after the one
    numbered `after`. It goes on where it was when the service comes again; each event comes once.
    """
    query = {"collection": collection, "subject": subject, "camera": camera}
    return Feed(path("sightings"), SightingEvent.of, query, after)


def _seen(found: Fields) -> dict[str, Any]:
    return {
        "camera": str(found["camera"]),
        "track": int(found["track"]),
        "subject": found["subject"],
        "first_seen": moment(found["first_seen"]),
        "last_seen": moment(found["last_seen"]),
        "score": found["score"],
        "threshold": float(found["threshold"]),
        "rate": found["rate"],
        "live": found["live"],
        "quality": found["quality"],
        "has_shot": bool(found["has_shot"]),
    }
