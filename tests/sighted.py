"""Events of sightings, for tests."""

from datetime import UTC, datetime, timedelta
from typing import Any

from visavis.gallery.sealing import new_uid
from visavis.gallery.sighting import Kind, Sighted

START = datetime(2026, 1, 1, tzinfo=UTC)


def entered(subject: str | None, second: float = 0, **values: Any) -> Sighted:
    """Somebody who is seen for the first time, `second` seconds after START."""
    at = START + timedelta(seconds=second)
    fields = {"kind": Kind.ENTERED, "sighting": new_uid(), "camera": "door", "track": 1}
    seen = {"subject": subject, "at": at, "first_seen": at, "last_seen": at}
    return Sighted(**{**fields, **seen, "score": 0.5, "threshold": 0.4, **values})


def later(told: Sighted, kind: Kind, second: float, **values: Any) -> Sighted:
    """What follows in the same sighting."""
    at = START + timedelta(seconds=second)
    kept = {name: getattr(told, name) for name in ("sighting", "camera", "track", "subject")}
    more = {"first_seen": told.first_seen, "at": at, "last_seen": at}
    return Sighted(**{"kind": kind, **kept, **more, "score": 0.6, "threshold": 0.4, **values})
