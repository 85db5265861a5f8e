"""A collection: the subjects of one model, their templates, and the search among them."""

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any, Literal

from visavis.audit import Action, AuditEntry, Detail
from visavis.errors import GalleryError, InputError, UnknownSubject
from visavis.gallery import rows, sightingrows
from visavis.gallery.change import (
    LOG_NOT_CUT,
    Change,
    NewSubject,
    changing,
    check_model,
    new_templates,
)
from visavis.gallery.desk import Desk
from visavis.gallery.reembed import reembed
from visavis.gallery.roster import Roster
from visavis.gallery.rows import SubjectRow
from visavis.gallery.sealing import Profile, now, stamp, template_id
from visavis.gallery.sightings import Sightings
from visavis.types import Embedding, Image, Match, Receipt, Subject, Template

PAGE = 500


class Collection:
    """Subjects and templates of one model, under one name. Made by `Gallery`. Thread-safe.

    A write has been synced to disk when its method returns, together with its audit record, and
    every later search in any thread or process sees it. Methods that name a subject raise
    UnknownSubject; what does not open under its key raises TamperedTemplate. Where `details` are
    taken, they go into the audit record as they are; the operation's own win on a clash. Once the
    collection was deleted, by whomever, it finds nobody and raises UnknownSubject.
    """

    def __init__(self, desk: Desk, roster: Roster) -> None:
        self.desk = desk
        self.name = desk.name
        self.sightings = Sightings(desk)
        self._roster = roster

    @property
    def model(self) -> str:
        """The ModelCard id of all its vectors."""
        return self.desk.head().model

    @property
    def dim(self) -> int:
        return self.desk.head().dim

    @property
    def keep_crops(self) -> bool:
        return self.desk.head().keep_crops

    def load(self) -> None:
        """Reads all templates into the index; otherwise the first search does."""
        self._roster.refresh()

    def unload(self) -> None:
        """Drops the index from memory until the next search."""
        self._roster.clear()

    def __len__(self) -> int:
        """The number of templates in the index, of those who have expired too."""
        return len(self._roster)

    def __contains__(self, subject: object) -> bool:
        """Whether somebody is enrolled under this id and has not expired."""
        if not isinstance(subject, str):
            return False
        with self.desk.store.read() as c:
            row = self.desk.seek(c, subject)
        return row is not None and not _expired(row)

    def enrol(
        self,
        subject: str,
        embeddings: Sequence[Embedding],
        *,
        qualities: Sequence[float],
        crops: Sequence[Image | None] | None = None,
        name: str | None = None,
        metadata: Mapping[str, str] | None = None,
        consent_ref: str | None = None,
        expires_at: datetime | None = None,
        details: Mapping[str, Detail] | None = None,
    ) -> tuple[Template, ...]:
        """Adds templates to a subject, who is made if new; fields that are given replace what is
        known. All of it is stored, or nothing. Crops are stored if the collection keeps them.

        Raises InputError, ModelMismatch.
        """
        at, expiry = now(), stamp(expires_at) if expires_at else None
        given = _given(name=name, metadata=metadata, consent_ref=consent_ref)
        first = replace(Profile(subject), **given)
        new = new_templates(embeddings, qualities, crops, at)
        with self._change(details) as change:
            check_model(embeddings, change.collection)
            row = self.desk.seek(change.c, subject)
            if row is None:
                ((row, key),) = change.admit([NewSubject(first, at, expiry)])
            else:
                if expiry is None and _expired(row):
                    raise GalleryError(
                        f"subject {subject!r} has expired: enrol with a new expiry time, or forget "
                        "it first"
                    )
                key = self.desk.key(row)
                profile = replace(self.desk.profile(key, row), **given)
                change.update(row, key, profile, expiry or row.expires_at)
            stored = change.add(row, key, subject, new)
            pseudonym = self.desk.pseudonym(row, key)
            change.audit(Action.ENROL, pseudonym, {"templates": len(new)})
        return stored

    def search(self, embedding: Embedding, k: int) -> tuple[Match, ...]:
        """The k best subjects by their best template, best first; nobody who has expired.

        Raises ModelMismatch for a vector of another model.
        """
        return self._roster.search(embedding, k)

    def subject(self, subject: str) -> Subject:
        """What is known about a subject, expired or not."""
        with self.desk.store.read() as c:
            row, _, _ = self.desk.open(c, subject)
            return self.desk.subjects(c, [row])[0]

    def subjects(
        self, after: str | None = None, limit: int | None = None, matching: str | None = None
    ) -> Iterator[Subject]:
        """Everybody enrolled, expired or not, in order of id; at most `limit`, from behind the id
        `after`. Those who are forgotten meanwhile are left out.

        `matching` is to be part of the id or name, whatever the case. Names are sealed: that opens
        one profile after the other until enough match, some seconds for 100,000.
        """
        members = (m for m in self._roster.members() if after is None or m[0] > after)
        if limit is None or matching is not None:
            chosen = sorted(members)
        else:
            chosen = heapq.nsmallest(limit, members)
        found = (s for s in self._known(chosen) if _matches(s, matching))
        yield from islice(found, limit)

    def pseudonym(self, subject: str) -> str:
        """What the audit log calls a subject, through all its renamings."""
        with self.desk.store.read() as c:
            row = self.desk.find(c, subject)
        return self.desk.pseudonym(row, self.desk.keys.get(row.uid))

    def templates(self, subject: str) -> tuple[Template, ...]:
        """The templates of a subject, oldest first. Raises UnknownSubject also for somebody who
        has expired: such templates decide nothing.
        """
        with self.desk.store.read() as c:
            row = self.desk.find(c, subject)
            if _expired(row):
                raise UnknownSubject(f"subject {subject!r} of {self.name!r} has expired")
            head = rows.collection(c, self.desk.collection)
            self.desk.key(row)
            return tuple(self.desk.templates(c, head, [row])[row.id])

    def rename(
        self, subject: str, new_id: str, *, details: Mapping[str, Detail] | None = None
    ) -> None:
        """Gives a subject another id. Raises DuplicateSubject if it is taken."""
        with self._change(details) as change:
            row, key, profile = self.desk.open(change.c, subject)
            change.update(row, key, replace(profile, id=new_id), row.expires_at)
            change.audit(Action.RENAME, self.desk.pseudonym(row, key))

    def update(
        self,
        subject: str,
        *,
        name: str | None = None,
        metadata: Mapping[str, str] | None = None,
        consent_ref: str | None = None,
        expires_at: datetime | None = None,
        clear: Sequence[Literal["name", "metadata", "consent_ref", "expires_at"]] = (),
        details: Mapping[str, Detail] | None = None,
    ) -> Subject:
        """Replaces the fields that are given, and removes those named in `clear`."""
        given = _given(name=name, metadata=metadata, consent_ref=consent_ref)
        blank = Profile(subject)
        cleared = {name: getattr(blank, name) for name in clear if name != "expires_at"}
        with self._change(details) as change:
            row, key, profile = self.desk.open(change.c, subject)
            expiry = stamp(expires_at) if expires_at else row.expires_at
            if "expires_at" in clear:
                expiry = None
            change.update(row, key, replace(profile, **given, **cleared), expiry)
            fields = [*given, *clear, *(["expires_at"] if expires_at else [])]
            told = {"fields": ", ".join(sorted(fields))}
            change.audit(Action.UPDATE, self.desk.pseudonym(row, key), told)
        return self.subject(subject)

    def merge(self, source: str, into: str, *, details: Mapping[str, Detail] | None = None) -> None:
        """Gives all templates and sightings of `source` to `into` and removes `source`; the other
        fields of `into` stay, but of two expiry times the earlier holds.
        """
        if source == into:
            raise InputError("a subject cannot be merged into itself")
        with self._change(details) as change:
            row, key, profile = self.desk.open(change.c, into)
            other, other_key, others = self.desk.open(change.c, source)
            merged = tuple(dict.fromkeys([*profile.merged, *others.merged, other.uid]))
            expiry = min(filter(None, [row.expires_at, other.expires_at]), default=None)
            change.update(row, key, replace(profile, merged=merged), expiry)
            moved = rows.move_templates(change.c, other.id, row.id)
            sightingrows.move(change.c, other.id, row.id)
            rows.drop_subjects(
                change.c, self.desk.collection, [other.id], change.collection.revision
            )
            source_name = self.desk.pseudonym(other, other_key)
            told: dict[str, Detail] = {"source": source_name, "templates": moved}
            change.audit(Action.MERGE, self.desk.pseudonym(row, key), told)

    def forget(self, subject: str, *, details: Mapping[str, Detail] | None = None) -> Receipt:
        """Destroys the subject's data key, then everything stored under it."""
        with self._change(details) as change:
            (receipt,) = change.destroy([self.desk.find(change.c, subject)], Action.FORGET)
        return self._cut_log([receipt])[0]

    def purge(self, at: datetime, *, details: Mapping[str, Detail] | None = None) -> list[Receipt]:
        """Forgets everybody whose expiry time is not after `at`."""
        receipts: list[Receipt] = []
        with self.desk.store.read() as c:
            rows.collection(c, self.desk.collection)
            due = rows.expired_subjects(c, self.desk.collection, stamp(at))
        for start in range(0, len(due), PAGE):
            with self._change(details) as change:
                still = rows.subjects_by_id(change.c, [r.id for r in due[start : start + PAGE]])
                expired = [r for r in still.values() if r.expires_at and r.expires_at <= stamp(at)]
                receipts += change.destroy(expired, Action.PURGE) if expired else []
        return self._cut_log(receipts)

    def remove_template(
        self, subject: str, template: str, *, details: Mapping[str, Detail] | None = None
    ) -> None:
        """Removes one template. Raises GalleryError for the last one: forget the subject instead,
        and UnknownSubject if the subject has no such template.
        """
        with self._change(details) as change:
            row, key, profile = self.desk.open(change.c, subject)
            stored = rows.templates_of(change.c, [row.id])
            found = [t for t in stored if template_id(t.id) == template]
            if not found:
                raise UnknownSubject(f"subject {subject!r} has no template {template!r}")
            if len(stored) == 1:
                raise GalleryError(
                    "this is the subject's last template: forget the subject instead"
                )
            rows.drop_templates(change.c, [found[0].id])
            owner = found[0].owner
            alone = sum(t.owner == owner for t in stored) == 1
            seals_sightings = (row.id, owner) in sightingrows.owners_of(change.c, [row.id])
            if owner != row.uid and alone and not seals_sightings:
                self.desk.keys.destroy([owner])
                merged = tuple(uid for uid in profile.merged if uid != owner)
                profile = replace(profile, merged=merged)
            change.update(row, key, profile, row.expires_at)
            told = {"removed": template}
            change.audit(Action.UPDATE, self.desk.pseudonym(row, key), told)
        self.desk.store.cut_log()

    def record(
        self, action: str, subject: str | None, details: Mapping[str, Detail] | None = None
    ) -> None:
        """Queues the audit record of a decision, which is written with others 30 ms later.
        A subject who is gone meanwhile is left out of it.
        """
        try:
            pseudonym = None if subject is None else self.pseudonym(subject)
        except UnknownSubject:
            pseudonym = None
        self.desk.records.put(AuditEntry(action, self.name, pseudonym, details or {}))

    def crops(self, subject: str) -> Iterator[tuple[str, Image]]:
        """The kept crops of a subject with their templates' ids, oldest first."""
        with self.desk.store.read() as c:
            return iter(list(self.desk.crops(c, self.desk.find(c, subject))))

    def crop(self, subject: str, template: str) -> Image | None:
        """The kept crop of one template, or None."""
        return dict(self.crops(subject)).get(template)

    def reembed(
        self,
        model: str,
        dim: int,
        embed: Callable[[Image], Embedding],
        *,
        details: Mapping[str, Detail] | None = None,
    ) -> int:
        """Makes all vectors anew from the kept crops, with another model, in one transaction;
        returns how many. Raises GalleryError, with nothing changed, where a template has no crop.
        """
        count = reembed(self.desk, model, dim, embed, details)
        self._catch_up()
        return count

    @contextmanager
    def _change(self, details: Mapping[str, Detail] | None) -> Iterator[Change]:
        with changing(self.desk, details) as change:
            yield change
        self._catch_up()

    def _known(self, members: Sequence[tuple[str, int]]) -> Iterator[Subject]:
        """What is known about members, opened some at a time."""
        for start in range(0, len(members), PAGE):
            numbers = [number for _, number in members[start : start + PAGE]]
            with self.desk.store.read() as c:
                found = rows.subjects_by_id(c, numbers)
                page = self.desk.subjects(c, [found[n] for n in numbers if n in found])
            yield from page

    def _catch_up(self) -> None:
        if self._roster.loaded:
            self._roster.refresh()

    def _cut_log(self, receipts: list[Receipt]) -> list[Receipt]:
        """Empties the write-ahead log, or has the receipts say that it still holds ciphertext."""
        if not receipts or self.desk.store.cut_log():
            return receipts
        return [replace(r, beyond_reach=(*r.beyond_reach, LOG_NOT_CUT)) for r in receipts]


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _matches(subject: Subject, part: str | None) -> bool:
    texts = (subject.id, subject.name)
    return part is None or any(part.casefold() in text.casefold() for text in texts)


def _expired(row: SubjectRow) -> bool:
    return row.expires_at is not None and row.expires_at <= now()
