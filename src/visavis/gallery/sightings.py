"""The sightings of one collection: kept under the key of whoever was seen, and told in order."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from visavis.audit import Action, AuditEntry, Detail, flat
from visavis.errors import InputError, TamperedTemplate, UnknownSubject
from visavis.gallery import rows, schema, sightingrows
from visavis.gallery.desk import Desk
from visavis.gallery.sealing import check_name, check_owner, stamp
from visavis.gallery.sighting import Kind, Sighted, Sighting, SightingEvent, pack, unpack
from visavis.gallery.sightingrows import SightingRow
from visavis.gallery.vault import DataKey
from visavis.types import Image


class Purged(NamedTuple):
    """What a purge removed, events that nobody had received yet among them."""

    sightings: int
    events: int


class _Reader(NamedTuple):
    """The key that opens a sighting, and who it is of."""

    key: DataKey
    subject: str | None


class Sightings:
    """Who was seen, and the log of it. Reached as `Collection.sightings`. Thread-safe.

    What is noted of a subject is sealed under the subject's data key and goes when that is
    forgotten; what is noted of somebody unknown, under the collection's. Every method raises
    UnknownSubject once the collection was deleted, and TamperedTemplate for what does not open.
    What no key opens is left out.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def note(self, told: Sequence[Sighted]) -> tuple[int | None, ...]:
        """Stores events in one transaction, synced when it returns; gives their numbers.

        One call costs one sync, whatever it holds: give it all of a frame, or of a second. None
        stands for what is not kept: of a subject or a sighting that is gone meanwhile, so that
        nothing of somebody forgotten comes back. A sighting begins with `entered`.
        """
        if not told:
            return ()
        with self._desk.store.write() as c:
            uid = rows.collection(c, self._desk.collection).uid
            numbered = zip(sightingrows.take_seqs(c, len(told)), told, strict=True)
            return tuple(seq if self._put(c, uid, seq, one) else None for seq, one in numbered)

    def end(self, camera: str, at: datetime) -> tuple[int | None, ...]:
        """Notes `left` for the sightings of a camera that nothing ended, as after a crash."""
        with self._desk.store.read() as c:
            uid, mine = rows.collection(c, self._desk.collection).uid, schema.sightings.c
            chosen = [
                mine.collection == self._desk.collection,
                mine.camera == self._desk.seals.camera(camera),
                mine.open,
            ]
            found = sightingrows.page(c, chosen, None, -1)
            latest = [sighting.latest for sighting in reversed(self._sightings(c, uid, found))]
        return self.note([_ended(one, at) for one in latest])

    def events(self, after: int = 0, limit: int = 100) -> list[SightingEvent]:
        """Up to `limit` events numbered above `after`, in their order: the outbox of whoever is
        told of them. Raises InputError for no limit.
        """
        _check_limit(limit)
        found: list[SightingEvent] = []
        with self._desk.store.read() as c:
            uid = rows.collection(c, self._desk.collection).uid
            while len(found) < limit:
                page = sightingrows.events(c, self._desk.collection, after, limit - len(found))
                if not page:
                    break
                after = page[-1].seq
                found += self._events(c, uid, page)
        return found

    def last(self) -> int:
        """The highest number given to an event of any collection; 0 for none."""
        with self._desk.store.read() as c:
            rows.collection(c, self._desk.collection)
            return sightingrows.last_seq(c)

    def sightings(
        self,
        *,
        subject: str | None = None,
        camera: str | None = None,
        since: datetime | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> list[Sighting]:
        """Up to `limit` sightings numbered below `before`, newest first: of one subject, of one
        camera, last seen at `since` or later. Raises UnknownSubject; InputError for no limit.
        """
        _check_limit(limit)
        mine = schema.sightings.c
        chosen = [mine.collection == self._desk.collection]
        if camera is not None:
            chosen.append(mine.camera == self._desk.seals.camera(camera))
        if since is not None:
            chosen.append(mine.last_seen >= stamp(since))
        found: list[Sighting] = []
        with self._desk.store.read() as c:
            uid = rows.collection(c, self._desk.collection).uid
            if subject is not None:
                chosen.append(mine.subject == self._desk.find(c, subject).id)
            while len(found) < limit:
                page = sightingrows.page(c, chosen, before, limit - len(found))
                if not page:
                    break
                before = page[-1].id
                found += self._sightings(c, uid, page)
        return found

    def get(self, sighting: str) -> Sighting:
        """One sighting. Raises UnknownSubject if there is none that a key opens."""
        with self._desk.store.read() as c:
            uid = rows.collection(c, self._desk.collection).uid
            row = sightingrows.find(c, self._desk.collection, sighting)
            found = [] if row is None else self._sightings(c, uid, [row])
        if not found:
            raise UnknownSubject(f"no sighting {sighting!r} in collection {self._desk.name!r}")
        return found[0]

    def shot(self, sighting: str, details: Mapping[str, Detail] | None = None) -> Image | None:
        """The best shot of a sighting, (H, W, 3), or None. Audited with `details`.

        Raises UnknownSubject if there is no such sighting.
        """
        told = flat(details or {})
        with self._desk.store.read() as c:
            uid = rows.collection(c, self._desk.collection).uid
            row = sightingrows.find(c, self._desk.collection, sighting)
            reader = None if row is None else self._readers(c, uid, [row]).get(row.id)
            if row is None or reader is None:
                raise UnknownSubject(f"no sighting {sighting!r} in collection {self._desk.name!r}")
            sealed = sightingrows.shot(c, row.id)
            shown = None if reader.subject is None else self._desk.find(c, reader.subject)
        if sealed is None:
            return None
        image = self._desk.seals.open_shot(reader.key, row.owner, row.uid, sealed)
        own = None if shown is None else self._desk.keys.get(shown.uid)
        name = None if shown is None else self._desk.pseudonym(shown, own)
        entry = AuditEntry(Action.SHOT, self._desk.name, name, {**told, "sighting": sighting})
        self._desk.records.put(entry)
        return image

    def purge(self, before: datetime, details: Mapping[str, Detail] | None = None) -> Purged:
        """Deletes what was last seen before that time, also what a receiver has not had yet.
        Audited with `details` where there was something.
        """
        limit, told = stamp(before), flat(details or {})
        mine = schema.sightings.c
        old = (mine.collection == self._desk.collection, mine.last_seen < limit)
        with self._desk.store.read() as c:
            rows.collection(c, self._desk.collection)
            if not sightingrows.page(c, old, None, 1):
                return Purged(0, 0)
        with self._desk.store.write() as c:
            owners = sightingrows.owners(c, *old)
            gone = Purged(*sightingrows.drop(c, *old))
            self._desk.keys.destroy(sorted(rows.stray_owners(c, owners)))
            entry = AuditEntry(Action.PURGE, self._desk.name, None, {**told, **gone._asdict()})
            self._desk.records.chain.append(c, [entry])
        self._desk.records.moved()
        self._desk.store.cut_log()
        return gone

    def cursor(self, receiver: str) -> int | None:
        """The number of the last event that a receiver has; None for one that is not known."""
        with self._desk.store.read() as c:
            rows.collection(c, self._desk.collection)
            return sightingrows.cursor(c, self._desk.collection, receiver)

    def delivered(self, receiver: str, seq: int) -> None:
        """Notes, synced, that a receiver has all events up to `seq`; never fewer than before."""
        check_name(receiver, "receiver's name")
        with self._desk.store.write() as c:
            number = rows.collection(c, self._desk.collection).id
            if not 0 <= seq <= (last := sightingrows.last_seq(c)):
                raise InputError(f"expected the number of an event, 0 to {last}, got {seq}")
            known = sightingrows.cursor(c, number, receiver)
            if known is None or known < seq:
                sightingrows.set_cursor(c, number, receiver, seq)

    def drop_receiver(self, receiver: str) -> None:
        """Forgets how far a receiver is."""
        with self._desk.store.write() as c:
            number = rows.collection(c, self._desk.collection).id
            sightingrows.drop_receiver(c, number, receiver)

    def _put(self, c: Connection, uid: str, seq: int, told: Sighted) -> bool:
        """Stores one event; false where it has no place any more."""
        row = sightingrows.find(c, self._desk.collection, told.sighting)
        if row is None:
            row = self._begin(c, uid, told) if told.kind is Kind.ENTERED else None
        elif row.subject is None and told.subject is not None:
            row = self._name(c, row, told.subject)
        key = None if row is None else self._desk.keys.get(row.owner)
        if row is None or key is None:
            return False
        seals, owner = self._desk.seals, row.owner
        before = seals.open_sighting(key, owner, row.uid, row.sealed) if row.sealed else None
        kinds = unpack(before, row.uid, None)[1] if before else frozenset()
        state = seals.seal_sighting(key, owner, row.uid, pack(told, kinds | {told.kind}))
        is_open, last = told.kind is not Kind.LEFT, stamp(told.last_seen)
        sightingrows.change(c, row.id, sealed=state, open=is_open, last_seen=last)
        event = seals.seal_event(key, owner, row.uid, seq, pack(told))
        sightingrows.add_event(c, seq, row.id, event)
        if told.shot is not None:
            shot = seals.seal_shot(key, owner, row.uid, told.shot)
            sightingrows.set_shot(c, row.id, shot)
        return True

    def _begin(self, c: Connection, uid: str, told: Sighted) -> SightingRow | None:
        """A new sighting's row, sealed nothing yet; None where its subject is gone."""
        person = None if told.subject is None else self._desk.seek(c, told.subject)
        if told.subject is not None and person is None:
            return None
        return sightingrows.add(
            c,
            collection=self._desk.collection,
            uid=told.sighting,
            subject=None if person is None else person.id,
            owner=uid if person is None else person.uid,
            camera=self._desk.seals.camera(told.camera),
            open=True,
            last_seen=stamp(told.last_seen),
            sealed=b"",
        )

    def _name(self, c: Connection, row: SightingRow, subject: str) -> SightingRow | None:
        """The sighting of somebody unknown given to a subject, and sealed anew under that key."""
        person = self._desk.seek(c, subject)
        old = self._desk.keys.get(row.owner)
        new = None if person is None else self._desk.keys.get(person.uid)
        if person is None or old is None or new is None:
            return None
        seals, owner, uid = self._desk.seals, person.uid, row.uid
        state = seals.open_sighting(old, row.owner, uid, row.sealed)
        sealed = seals.seal_sighting(new, owner, uid, state)
        for seq, blob in sightingrows.events_of(c, row.id):
            event = seals.open_event(old, row.owner, uid, seq, blob)
            sightingrows.set_event(c, seq, seals.seal_event(new, owner, uid, seq, event))
        if (shot := sightingrows.shot(c, row.id)) is not None:
            image = seals.open_shot(old, row.owner, uid, shot)
            sightingrows.set_shot(c, row.id, seals.seal_shot(new, owner, uid, image))
        sightingrows.change(c, row.id, subject=person.id, owner=owner, sealed=sealed)
        return row._replace(subject=person.id, owner=owner, sealed=sealed)

    def _events(
        self, c: Connection, uid: str, page: Sequence[sightingrows.EventRow]
    ) -> list[SightingEvent]:
        readers = self._readers(c, uid, [event.sighting for event in page])
        pictured = sightingrows.with_shot(c, list(readers))
        found = []
        for seq, sealed, row in page:
            if (reader := readers.get(row.id)) is not None:
                data = self._desk.seals.open_event(reader.key, row.owner, row.uid, seq, sealed)
                told, _ = unpack(data, row.uid, reader.subject)
                found.append(SightingEvent(seq, told, row.id in pictured))
        return found

    def _sightings(self, c: Connection, uid: str, page: Sequence[SightingRow]) -> list[Sighting]:
        readers = self._readers(c, uid, page)
        pictured = sightingrows.with_shot(c, list(readers))
        found = []
        for row in page:
            if (reader := readers.get(row.id)) is not None:
                data = self._desk.seals.open_sighting(reader.key, row.owner, row.uid, row.sealed)
                latest, kinds = unpack(data, row.uid, reader.subject)
                found.append(Sighting(row.id, latest, kinds, row.id in pictured))
        return found

    def _readers(self, c: Connection, uid: str, page: Iterable[SightingRow]) -> dict[int, _Reader]:
        """What opens these sightings, and the present ids of whom they are of."""
        page = list({row.id: row for row in page}.values())
        people = rows.subjects_by_id(c, [row.subject for row in page if row.subject is not None])
        owners = {row.owner for row in page} | {person.uid for person in people.values()}
        keys = self._desk.keys.get_many(list(owners))
        profiles = {
            person.id: self._desk.profile(keys[person.uid], person)
            for person in people.values()
            if person.uid in keys
        }
        found = {}
        for row in page:
            if row.subject is None and row.owner != uid:
                raise TamperedTemplate("a sighting was taken from the subject that it is of")
            if row.owner not in keys or not (row.subject is None or row.subject in profiles):
                continue
            if row.subject is None:
                found[row.id] = _Reader(keys[row.owner], None)
            else:
                profile = profiles[row.subject]
                check_owner(row.owner, people[row.subject].uid, profile)
                found[row.id] = _Reader(keys[row.owner], profile.id)
        return found


def _ended(latest: Sighted, at: datetime) -> Sighted:
    fields = {**latest.fields(), "kind": Kind.LEFT.value, "at": max(stamp(at), stamp(latest.at))}
    return Sighted.restored(fields, latest.sighting, latest.subject)


def _check_limit(limit: int) -> None:
    if limit < 1:
        raise InputError(f"a page must have 1 or more entries, got {limit}")
