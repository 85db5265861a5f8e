"""One transaction on a collection: what every write is made of, with its audit record.

Data keys are made and destroyed while the transaction holds the database's write lock, and before
its rows are committed. So a key without rows, seen under that lock, is left from a crash.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from visavis.audit import Action, AuditEntry, Detail, flat
from visavis.errors import DuplicateSubject, InputError, ModelMismatch
from visavis.gallery import rows, sightingrows
from visavis.gallery.desk import Desk
from visavis.gallery.rows import CollectionRow, SubjectRow, TemplateRow
from visavis.gallery.sealing import Profile, new_template, new_uid, now, template_id
from visavis.gallery.vault import DataKey
from visavis.types import Embedding, Image, Receipt, Template

BEYOND_REACH = (
    "copies of the key store made before this",
    "exports made before this, for whoever has their passphrase",
)
LOG_NOT_CUT = "the database's write-ahead log, until no other process reads and it is cut"


@dataclass(frozen=True, slots=True)
class NewTemplate:
    """A template to store. The crop is left out where the collection keeps none."""

    embedding: Embedding
    quality: float
    enrolled_at: str
    crop: Image | None = None


@dataclass(frozen=True, slots=True)
class NewSubject:
    """A subject to store."""

    profile: Profile
    created_at: str
    expires_at: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A write transaction under way; `collection` has the revision that it will make, `details`
    go into its audit records.
    """

    desk: Desk
    c: Connection
    collection: CollectionRow
    details: Mapping[str, Detail]
    made: list[str] = field(default_factory=list)  # owners of the keys it made

    def admit(self, people: Sequence[NewSubject]) -> list[tuple[SubjectRow, DataKey]]:
        """Stores subjects, keys first. The caller has seen that their ids are free."""
        desk = self.desk
        uids = [new_uid() for _ in people]
        keys = desk.keys.create_many(uids)
        self.made.extend(uids)
        values = [
            {
                "collection": desk.collection,
                "uid": uid,
                "lookup": desk.seals.lookup(person.profile.id),
                "profile": desk.seals.seal_profile(keys[uid], uid, person.profile),
                "created_at": person.created_at,
                "expires_at": person.expires_at,
                "revision": self.collection.revision,
            }
            for person, uid in zip(people, uids, strict=True)
        ]
        stored = rows.add_subjects(self.c, values)
        return [(stored[str(v["lookup"])], keys[uid]) for v, uid in zip(values, uids, strict=True)]

    def update(
        self, row: SubjectRow, key: DataKey, profile: Profile, expires_at: str | None
    ) -> None:
        """Replaces what is known about a subject. Raises DuplicateSubject for a taken id."""
        seals = self.desk.seals
        lookup = seals.lookup(profile.id)
        if lookup != row.lookup and rows.subject(self.c, self.desk.collection, lookup):
            raise DuplicateSubject(
                f"subject {profile.id!r} exists in collection {self.desk.name!r}"
            )
        sealed = seals.seal_profile(key, row.uid, profile)
        rows.set_subject(
            self.c,
            row.id,
            lookup=lookup,
            profile=sealed,
            expires_at=expires_at,
            revision=self.collection.revision,
        )

    def add(
        self, row: SubjectRow, key: DataKey, subject: str, new: Sequence[NewTemplate]
    ) -> tuple[Template, ...]:
        """Stores templates of a subject, and their crops."""
        seals, numbers = self.desk.seals, sorted(new_template() for _ in new)  # they keep order
        sealed = [
            seals.seal_template(
                key, row.uid, number, t.embedding.model, t.embedding.vector, t.quality
            )
            for number, t in zip(numbers, new, strict=True)
        ]
        rows.add_templates(
            self.c,
            [
                TemplateRow(number, row.id, row.uid, blob, t.enrolled_at)
                for number, blob, t in zip(numbers, sealed, new, strict=True)
            ],
        )
        if self.collection.keep_crops:
            crops = [(n, t.crop) for n, t in zip(numbers, new, strict=True) if t.crop is not None]
            sealed_crops = [(n, seals.seal_crop(key, row.uid, n, crop)) for n, crop in crops]
            rows.add_crops(self.c, sealed_crops)
        rows.set_subject(self.c, row.id, revision=self.collection.revision)
        return tuple(
            Template(
                template_id(number),
                subject,
                self.desk.name,
                t.embedding,
                t.quality,
                datetime.fromisoformat(t.enrolled_at),
            )
            for number, t in zip(numbers, new, strict=True)
        )

    def destroy(self, people: Sequence[SubjectRow], action: Action) -> list[Receipt]:
        """Destroys the keys of subjects, then their rows and sightings. Templates and sightings
        that came by a merge go too, with the keys of those they came from.
        """
        owners = {row.id: {row.uid} for row in people}
        counts = dict.fromkeys(owners, 0)
        for template in rows.templates_of(self.c, list(owners)):
            owners[template.subject].add(template.owner)
            counts[template.subject] += 1
        for subject, owner in sightingrows.owners_of(self.c, list(owners)):
            owners[subject].add(owner)
        everybody = sorted(set().union(*owners.values()))
        keys = self.desk.keys.get_many(everybody)
        names = {row.id: self.desk.pseudonym(row, keys.get(row.uid)) for row in people}
        self.desk.keys.destroy(everybody)
        rows.drop_subjects(self.c, self.desk.collection, list(owners), self.collection.revision)
        return [
            self._receipt(action, names[row.id], counts[row.id], len(owners[row.id] & keys.keys()))
            for row in people
        ]

    def _receipt(self, action: Action, pseudonym: str, templates: int, keys: int) -> Receipt:
        seq = self.audit(action, pseudonym, {"templates": templates, "keys": keys})
        at = datetime.fromisoformat(now())
        name = self.desk.name
        return Receipt(pseudonym, name, templates, keys, seq, at, BEYOND_REACH)

    def audit(
        self, action: Action, subject: str | None, details: Mapping[str, Detail] | None = None
    ) -> int:
        """Appends the audit record; returns its number. `details` win over the whole change's."""
        entry = AuditEntry(action, self.desk.name, subject, {**self.details, **(details or {})})
        return self.desk.records.chain.append(self.c, [entry])[0]


@contextmanager
def changing(desk: Desk, details: Mapping[str, Detail] | None = None) -> Iterator[Change]:
    """A write transaction on the collection, under its next revision.

    Raises InputError for details that cannot be recorded, before anything is done.
    """
    told = flat(details or {})
    with desk.store.write() as c:
        change = Change(desk, c, rows.next_revision(c, desk.collection), told)
        try:
            yield change
        except BaseException:
            desk.keys.destroy(change.made)
            raise
    desk.records.moved()


def check_model(embeddings: Sequence[Embedding], head: CollectionRow) -> None:
    """Raises ModelMismatch unless all are of the collection's model and dimension."""
    for e in embeddings:
        if (e.model, e.dim) != (head.model, head.dim):
            raise ModelMismatch(
                f"collection {head.name!r} holds vectors of {head.model} ({head.dim} dimensions), "
                f"got one of {e.model} ({e.dim})"
            )


def new_templates(
    embeddings: Sequence[Embedding],
    qualities: Sequence[float],
    crops: Sequence[Image | None] | None,
    at: str,
) -> list[NewTemplate]:
    """The templates of one enrolment. Raises InputError for none, or for unequal numbers."""
    crops = [None] * len(embeddings) if crops is None else crops
    if not embeddings or not len(embeddings) == len(qualities) == len(crops):
        raise InputError(
            "an enrolment needs embeddings, and as many qualities and crops, got "
            f"{len(embeddings)}, {len(qualities)} and {len(crops)}"
        )
    return [
        NewTemplate(embedding, quality, at, crop)
        for embedding, quality, crop in zip(embeddings, qualities, crops, strict=True)
    ]
