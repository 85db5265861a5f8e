"""What the parts of one collection work with, and how they read its rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from visavis.errors import GalleryError, TamperedTemplate, UnknownSubject
from visavis.gallery import rows
from visavis.gallery.keystore import KeyStore
from visavis.gallery.records import Records
from visavis.gallery.rows import CollectionRow, SubjectRow
from visavis.gallery.sealing import Profile, Seals, check_owner, template_id, unpack_templates
from visavis.gallery.store import Store
from visavis.gallery.vault import DataKey
from visavis.types import Embedding, Image, Subject, Template


@dataclass(frozen=True, slots=True)
class Desk:
    """Store, keys, seals and audit log of one collection. Opening raises TamperedTemplate."""

    store: Store
    keys: KeyStore
    records: Records
    seals: Seals
    collection: int
    name: str

    def head(self) -> CollectionRow:
        with self.store.read() as c:
            return rows.collection(c, self.collection)

    def seek(self, c: Connection, subject: str) -> SubjectRow | None:
        return rows.subject(c, self.collection, self.seals.lookup(subject))

    def find(self, c: Connection, subject: str) -> SubjectRow:
        """Raises UnknownSubject."""
        found = self.seek(c, subject)
        if found is None:
            raise UnknownSubject(f"no subject {subject!r} in collection {self.name!r}")
        return found

    def open(self, c: Connection, subject: str) -> tuple[SubjectRow, DataKey, Profile]:
        """A subject's row, key and profile. Raises UnknownSubject, and GalleryError where the
        key is gone.
        """
        row = self.find(c, subject)
        key = self.key(row)
        return row, key, self.profile(key, row)

    def key(self, row: SubjectRow) -> DataKey:
        """Raises GalleryError where the key is gone: such a subject can only be forgotten."""
        key = self.keys.get(row.uid)
        if key is None:
            raise GalleryError(
                "the data key of this subject is gone, so nothing of it can be read; forget it"
            )
        return key

    def profile(self, key: DataKey, row: SubjectRow) -> Profile:
        """Raises TamperedTemplate also for a row that was put in another's place."""
        profile = self.seals.open_profile(key, row.uid, row.profile)
        if self.seals.lookup(profile.id) != row.lookup:
            raise TamperedTemplate("a subject's row was moved to another subject's id")
        return profile

    def pseudonym(self, row: SubjectRow, key: DataKey | None) -> str:
        """What the audit log calls a subject, through all its renamings."""
        return self.seals.stand_in(row.uid) if key is None else key.pseudonym(row.uid)

    def subjects(self, c: Connection, people: Sequence[SubjectRow]) -> list[Subject]:
        """What is known about these people; those whose key is gone are left out."""
        keys = self.keys.get_many([row.uid for row in people])
        counts = rows.template_counts(c, [row.id for row in people])
        return [
            _subject(row, self.profile(keys[row.uid], row), counts.get(row.id, 0))
            for row in people
            if row.uid in keys
        ]

    def templates(
        self, c: Connection, head: CollectionRow, people: Sequence[SubjectRow]
    ) -> dict[int, list[Template]]:
        """The templates of these people by row number, oldest first; what no key opens is left
        out. Raises TamperedTemplate for one that its owner was not merged into.
        """
        stored = rows.templates_of(c, [row.id for row in people])
        owners = {row.uid for row in people} | {row.owner for row in stored}
        keys = self.keys.get_many(list(owners))
        known = {row.id: self.profile(keys[row.uid], row) for row in people if row.uid in keys}
        uids = {row.id: row.uid for row in people}
        readable = [row for row in stored if row.subject in known and row.owner in keys]
        for row in readable:
            check_owner(row.owner, uids[row.subject], known[row.subject])
        vectors, qualities = unpack_templates(
            [
                self.seals.open_template(keys[row.owner], row.owner, row.id, head.model, row.sealed)
                for row in readable
            ],
            head.dim,
        )
        found: dict[int, list[Template]] = {ident: [] for ident in known}
        for row, vector, quality in zip(readable, vectors, qualities, strict=True):
            template = Template(
                template_id(row.id),
                known[row.subject].id,
                self.name,
                Embedding(vector, head.model),
                float(quality),
                datetime.fromisoformat(row.enrolled_at),
            )
            found[row.subject].append(template)
        return found

    def crops(self, c: Connection, row: SubjectRow) -> Iterator[tuple[str, Image]]:
        """The kept crops of a subject with their templates' ids, oldest first."""
        for number, owner, sealed in rows.crops_of(c, row.id):
            key = self.keys.get(owner)
            if key is not None:
                yield template_id(number), self.seals.open_crop(key, owner, number, sealed)


def _subject(row: SubjectRow, profile: Profile, templates: int) -> Subject:
    return Subject(
        id=profile.id,
        name=profile.name,
        templates=templates,
        created_at=datetime.fromisoformat(row.created_at),
        metadata=profile.metadata,
        consent_ref=profile.consent_ref,
        expires_at=datetime.fromisoformat(row.expires_at) if row.expires_at else None,
    )
