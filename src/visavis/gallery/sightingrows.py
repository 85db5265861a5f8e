"""Reads and writes of the rows of sightings, inside the caller's transaction."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from visavis.gallery.schema import (
    LAST_EVENT,
    meta,
    receivers,
    shots,
    sighting_events,
    sightings,
)


class SightingRow(NamedTuple):
    id: int
    collection: int
    uid: str
    subject: int | None
    owner: str
    camera: str
    open: bool
    last_seen: str
    sealed: bytes


class EventRow(NamedTuple):
    seq: int
    sealed: bytes
    sighting: SightingRow


def take_seqs(c: Connection, count: int) -> range:
    """Numbers for new events, never used before."""
    last = last_seq(c)
    c.execute(delete(meta).where(meta.c.key == LAST_EVENT))
    c.execute(insert(meta).values(key=LAST_EVENT, value=str(last + count)))
    return range(last + 1, last + count + 1)


def last_seq(c: Connection) -> int:
    """The highest number given to an event so far; 0 for none."""
    return int(c.scalar(select(meta.c.value).where(meta.c.key == LAST_EVENT)) or 0)


def find(c: Connection, collection: int, uid: str) -> SightingRow | None:
    query = select(sightings).where(sightings.c.collection == collection, sightings.c.uid == uid)
    row = c.execute(query).first()
    return None if row is None else SightingRow._make(row)


def add(c: Connection, **values: Any) -> SightingRow:
    query = insert(sightings).values(**values).returning(sightings)
    return SightingRow._make(c.execute(query).one())


def change(c: Connection, ident: int, **values: Any) -> None:
    c.execute(update(sightings).where(sightings.c.id == ident).values(**values))


def page(
    c: Connection, conditions: Sequence[ColumnElement[bool]], before: int | None, limit: int
) -> list[SightingRow]:
    """Up to `limit` sightings numbered below `before`, newest first."""
    query = select(sightings).where(*conditions)
    if before is not None:
        query = query.where(sightings.c.id < before)
    ordered = query.order_by(sightings.c.id.desc()).limit(limit)
    return [SightingRow._make(row) for row in c.execute(ordered)]


def add_event(c: Connection, seq: int, sighting: int, sealed: bytes) -> None:
    c.execute(insert(sighting_events).values(seq=seq, sighting=sighting, sealed=sealed))


def events(c: Connection, collection: int, after: int, limit: int) -> list[EventRow]:
    """Up to `limit` events of a collection numbered above `after`, in their order."""
    query = select(sighting_events.c.seq, sighting_events.c.sealed, *sightings.c)
    joined = query.join(sightings, sightings.c.id == sighting_events.c.sighting)
    chosen = joined.where(sightings.c.collection == collection, sighting_events.c.seq > after)
    found = c.execute(chosen.order_by(sighting_events.c.seq).limit(limit))
    return [EventRow(row[0], row[1], SightingRow(*row[2:])) for row in found]


def events_of(c: Connection, sighting: int) -> list[tuple[int, bytes]]:
    """The numbers and seals of a sighting's events."""
    query = select(sighting_events.c.seq, sighting_events.c.sealed)
    return [(row[0], row[1]) for row in c.execute(query.where(_of(sighting)))]


def set_event(c: Connection, seq: int, sealed: bytes) -> None:
    c.execute(update(sighting_events).where(sighting_events.c.seq == seq).values(sealed=sealed))


def shot(c: Connection, sighting: int) -> bytes | None:
    return c.scalar(select(shots.c.sealed).where(shots.c.sighting == sighting))


def set_shot(c: Connection, sighting: int, sealed: bytes) -> None:
    c.execute(delete(shots).where(shots.c.sighting == sighting))
    c.execute(insert(shots).values(sighting=sighting, sealed=sealed))


def with_shot(c: Connection, ids: Sequence[int]) -> set[int]:
    """Those of these sightings that have a best shot."""
    return set(c.scalars(select(shots.c.sighting).where(shots.c.sighting.in_(ids))))


def move(c: Connection, source: int, into: int) -> int:
    """Gives the sightings of one subject to another, as a merge does with templates."""
    moved = update(sightings).where(sightings.c.subject == source).values(subject=into)
    return c.execute(moved).rowcount


def owners_of(c: Connection, subjects: Sequence[int]) -> set[tuple[int, str]]:
    """Each of these subjects with whose keys seal its sightings."""
    query = select(sightings.c.subject, sightings.c.owner).distinct()
    return {(row[0], row[1]) for row in c.execute(query.where(sightings.c.subject.in_(subjects)))}


def owners(c: Connection, *conditions: ColumnElement[bool]) -> set[str]:
    """Whose keys seal these sightings."""
    return set(c.scalars(select(sightings.c.owner).distinct().where(*conditions)))


def drop(c: Connection, *conditions: ColumnElement[bool]) -> tuple[int, int]:
    """Deletes sightings with their events and shots; says how many sightings and events."""
    theirs = select(sightings.c.id).where(*conditions)
    gone = c.execute(delete(sighting_events).where(sighting_events.c.sighting.in_(theirs))).rowcount
    c.execute(delete(shots).where(shots.c.sighting.in_(theirs)))
    return c.execute(delete(sightings).where(*conditions)).rowcount, gone


def drop_of_subjects(c: Connection, subjects: Sequence[int]) -> None:
    drop(c, sightings.c.subject.in_(subjects))


def drop_of_collection(c: Connection, collection: int) -> None:
    """Its receivers too."""
    drop(c, sightings.c.collection == collection)
    c.execute(delete(receivers).where(receivers.c.collection == collection))


def drop_of_owner(c: Connection, subject: int, owner: str) -> None:
    """Deletes what one key seals of a subject's sightings."""
    drop(c, sightings.c.subject == subject, sightings.c.owner == owner)


def cursor(c: Connection, collection: int, name: str) -> int | None:
    """The number of the last event that a receiver has, None for one that is not known."""
    mine = (receivers.c.collection == collection, receivers.c.name == name)
    return c.scalar(select(receivers.c.delivered).where(*mine))


def set_cursor(c: Connection, collection: int, name: str, seq: int) -> None:
    drop_receiver(c, collection, name)
    c.execute(insert(receivers).values(collection=collection, name=name, delivered=seq))


def drop_receiver(c: Connection, collection: int, name: str) -> None:
    mine = (receivers.c.collection == collection, receivers.c.name == name)
    c.execute(delete(receivers).where(*mine))


def _of(sighting: int) -> ColumnElement[bool]:
    return sighting_events.c.sighting == sighting
