"""What is told of somebody before a camera: one event, and a sighting from first to last."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from visavis.errors import InputError
from visavis.gallery.sealing import check_name, stamp
from visavis.types import Image

_TIMES = ("at", "first_seen", "last_seen")
_PLAIN = ("camera", "track", "score", "threshold", "rate", "live", "quality")


class Kind(StrEnum):
    """What happened: stable codes. The first of a sighting is `entered`, the last `left`."""

    ENTERED = "entered"
    IDENTIFIED = "identified"
    UNKNOWN = "unknown"
    SPOOF_SUSPECTED = "spoof_suspected"
    LEFT = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighted:
    """One event of a sighting, and what was known of the sighting then.

    `sighting` is its random id, 32 hexadecimal digits; `subject` None for somebody unknown.
    `score` is the best so far, `threshold` the one it was held against and `rate` what that stands
    for (None for an explicit threshold); `live` what the liveness check said, None without one.
    `shot` (H, W, 3) is a better picture than those before, if there is one. Raises InputError.
    """

    kind: Kind
    sighting: str
    camera: str
    track: int
    subject: str | None
    at: datetime
    first_seen: datetime
    last_seen: datetime
    score: float | None
    threshold: float
    rate: float | None = None
    live: bool | None = None
    quality: float | None = None
    shot: Image | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        check_name(self.camera, "camera name")
        if not re.fullmatch(r"[0-9a-f]{32}", self.sighting):
            raise InputError("a sighting's id must be 32 hexadecimal digits")
        first, last, at = stamp(self.first_seen), stamp(self.last_seen), stamp(self.at)
        if not first <= last <= at:
            raise InputError(f"expected first_seen <= last_seen <= at, got {first}, {last}, {at}")

    def fields(self) -> dict[str, Any]:
        """What is stored of it, as JSON: without ids and picture, which the row has."""
        times = {name: stamp(getattr(self, name)) for name in _TIMES}
        plain = {name: getattr(self, name) for name in _PLAIN}
        return {"kind": self.kind.value, **times, **plain}

    @classmethod
    def restored(cls, fields: Mapping[str, Any], sighting: str, subject: str | None) -> "Sighted":
        """The event of these `fields`."""
        given: dict[str, Any] = {name: fields[name] for name in _PLAIN}
        given.update((name, datetime.fromisoformat(fields[name])) for name in _TIMES)
        kind = Kind(fields["kind"])
        return cls(kind=kind, sighting=sighting, subject=subject, **given)


@dataclass(frozen=True, slots=True)
class SightingEvent:
    """A stored event. `seq` rises from event to event, with gaps; `told.subject` is the id that
    the person has now; `has_shot`: the sighting has a best shot now.
    """

    seq: int
    told: Sighted
    has_shot: bool


@dataclass(frozen=True, slots=True)
class Sighting:
    """A stored sighting: its newest event, and which kinds there were. `number` orders them."""

    number: int
    latest: Sighted
    kinds: frozenset[Kind]
    has_shot: bool

    @property
    def id(self) -> str:
        return self.latest.sighting


def pack(told: Sighted, kinds: frozenset[Kind] = frozenset()) -> bytes:
    return json.dumps({**told.fields(), "kinds": sorted(kinds)}).encode()


def unpack(data: bytes, sighting: str, subject: str | None) -> tuple[Sighted, frozenset[Kind]]:
    """What `pack` packed."""
    fields = json.loads(data)
    kinds = frozenset(Kind(kind) for kind in fields["kinds"])
    return Sighted.restored(fields, sighting, subject), kinds
