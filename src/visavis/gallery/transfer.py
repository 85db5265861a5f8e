"""Subjects on the way from one gallery to another, in one file under a passphrase.

The sealed file holds lines of JSON: what the collection is, each subject followed by its
templates, and how many there were.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import numpy as np
from sqlalchemy import Connection

from visavis.audit import Action, Detail
from visavis.errors import ConfigError, DuplicateSubject, ModelMismatch, TamperedTemplate
from visavis.gallery import rows
from visavis.gallery.change import Change, NewSubject, NewTemplate, changing
from visavis.gallery.collection import Collection
from visavis.gallery.desk import Desk
from visavis.gallery.gallery import Gallery
from visavis.gallery.sealedfile import SealedReader, SealedWriter
from visavis.gallery.sealing import Profile, pack_crop, stamp, unpack_crop
from visavis.gallery.vault import private_file
from visavis.types import Embedding, Image, Subject, Template

PAGE = 100

Existing = Literal["refuse", "skip", "merge"]


@dataclass(frozen=True, slots=True)
class Transfer:
    """What an export or import carried; `skipped` subjects were there already."""

    subjects: int
    templates: int
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class _Person:
    """A subject of an import, with its templates."""

    subject: NewSubject
    templates: list[NewTemplate]


def export(
    gallery: Gallery,
    collection: str,
    path: Path,
    passphrase: str,
    *,
    details: Mapping[str, Detail] | None = None,
) -> Transfer:
    """Writes all subjects of a collection to a new file of mode 0600: the whole file, or none.
    Sightings stay behind.

    One state of the collection, streamed in bounded memory; audited with `details`. What no key
    opens is left out. Raises UnknownSubject, and ConfigError if the file exists or the passphrase
    is empty.
    """
    desk = gallery.open_collection(collection).desk
    try:
        with private_file(Path(path), replace=False) as draft:
            with draft.open("wb") as file:
                writer = SealedWriter(file, passphrase)
                with desk.store.read() as c:
                    done = _write(desk, c, writer)
                writer.close()
            with changing(desk, details) as change:
                told = {"subjects": done.subjects, "templates": done.templates}
                change.audit(Action.EXPORT, None, told)
    except FileExistsError:
        raise ConfigError(f"{path} exists; an export is never overwritten") from None
    return done


def import_(
    gallery: Gallery,
    collection: str,
    path: Path,
    passphrase: str,
    *,
    existing: Existing = "refuse",
    details: Mapping[str, Detail] | None = None,
) -> Transfer:
    """Adds the subjects of an export to a collection, in one transaction; audited with `details`.

    The collection is made if there is none. `existing` says what becomes of a subject whose id is
    taken: `refuse` the whole file, `skip` it, or `merge` those of its templates that are new.
    Crops are kept if the collection keeps them. Raises ModelMismatch, DuplicateSubject; WrongKey
    or TamperedTemplate for another passphrase or a file that was changed in any way, before
    anything is stored.
    """
    try:
        with Path(path).open("rb") as file:
            reader = SealedReader(file, passphrase)
            manifest = _manifest(reader)
            desk = _target(gallery, collection, manifest, details).desk
            with changing(desk, details) as change:
                _check_model(change, manifest)
                done = _store(change, _people(reader, manifest), existing)
                told = {"subjects": done.subjects, "templates": done.templates}
                change.audit(Action.IMPORT, None, {**told, "existing": existing})
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from None
    return done


def _write(desk: Desk, c: Connection, writer: SealedWriter) -> Transfer:
    head = rows.collection(c, desk.collection)
    manifest = {"model": head.model, "dim": head.dim, "keep_crops": head.keep_crops}
    writer.write(_line({"collection": manifest}))
    people, count, after = 0, 0, 0
    while page := rows.page(c, desk.collection, after, PAGE):
        after = page[-1].id
        templates = desk.templates(c, head, page)
        readable = [row for row in page if row.id in templates]
        pictured = rows.having_crops(c, list(templates))
        for row, subject in zip(readable, desk.subjects(c, readable), strict=True):
            crops = dict(desk.crops(c, row)) if row.id in pictured else {}
            writer.write(_line({"subject": _subject_fields(subject)}))
            for template in templates[row.id]:
                fields = _template_fields(template, crops.get(template.id))
                writer.write(_line({"template": fields}))
            people, count = people + 1, count + len(templates[row.id])
    writer.write(_line({"end": {"subjects": people, "templates": count}}))
    return Transfer(people, count)


def _subject_fields(subject: Subject) -> dict[str, Any]:
    return {
        "id": subject.id,
        "name": subject.name,
        "metadata": dict(subject.metadata),
        "consent_ref": subject.consent_ref,
        "created_at": stamp(subject.created_at),
        "expires_at": subject.expires_at and stamp(subject.expires_at),
    }


def _template_fields(template: Template, crop: Image | None) -> dict[str, Any]:
    vector = template.embedding.vector.astype("<f4").tobytes()
    return {
        "vector": base64.b64encode(vector).decode(),
        "quality": template.quality,
        "enrolled_at": stamp(template.enrolled_at),
        "crop": None if crop is None else base64.b64encode(pack_crop(crop)).decode(),
    }


def _line(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields).encode() + b"\n"


def _manifest(reader: SealedReader) -> dict[str, Any]:
    """The export's first line, after all of it was found to be genuine and complete."""
    first = last = b"{}"
    for number, last in enumerate(reader.lines()):
        first = first if number else last
    if "collection" not in (manifest := json.loads(first)) or "end" not in json.loads(last):
        raise TamperedTemplate("the export is not complete")
    return dict(manifest["collection"])


def _target(
    gallery: Gallery,
    collection: str,
    manifest: dict[str, Any],
    details: Mapping[str, Detail] | None,
) -> Collection:
    if collection in {info.name for info in gallery.collections()}:
        return gallery.open_collection(collection)
    return gallery.collection(collection, **manifest, details=details)


def _check_model(change: Change, manifest: dict[str, Any]) -> None:
    head = change.collection
    if (head.model, head.dim) != (manifest["model"], manifest["dim"]):
        raise ModelMismatch(
            f"collection {head.name!r} holds vectors of {head.model} ({head.dim} dimensions), the "
            f"export has {manifest['model']} ({manifest['dim']})"
        )


def _people(reader: SealedReader, manifest: dict[str, Any]) -> Iterator[_Person]:
    person: _Person | None = None
    for line in reader.lines():
        match json.loads(line):
            case {"subject": fields}:
                if person is not None:
                    yield person
                person = _Person(_new_subject(fields), [])
            case {"template": fields} if person is not None:
                person.templates.append(_new_template(fields, manifest["model"]))
    if person is not None:
        yield person


def _new_subject(fields: dict[str, Any]) -> NewSubject:
    profile = Profile(fields["id"], fields["name"], fields["metadata"], fields["consent_ref"])
    return NewSubject(profile, fields["created_at"], fields["expires_at"])


def _new_template(fields: dict[str, Any], model: str) -> NewTemplate:
    vector = np.frombuffer(base64.b64decode(fields["vector"]), "<f4")
    crop = unpack_crop(base64.b64decode(fields["crop"])) if fields["crop"] else None
    return NewTemplate(Embedding(vector, model), fields["quality"], fields["enrolled_at"], crop)


def _store(change: Change, people: Iterator[_Person], existing: Existing) -> Transfer:
    stored, templates, skipped = 0, 0, 0
    while page := list(islice(people, PAGE)):
        taken = {
            person.subject.profile.id: row
            for person in page
            if (row := change.desk.seek(change.c, person.subject.profile.id)) is not None
        }
        if taken and existing == "refuse":
            raise DuplicateSubject(
                f"subject {next(iter(taken))!r} exists in collection {change.desk.name!r}: choose "
                "to skip or to merge subjects that exist"
            )
        new = [person for person in page if person.subject.profile.id not in taken]
        for person, (row, key) in zip(new, change.admit([p.subject for p in new]), strict=True):
            change.add(row, key, person.subject.profile.id, person.templates)
            templates += len(person.templates)
        stored += len(new)
        for person in page:
            row_taken = taken.get(person.subject.profile.id)
            if row_taken is not None and existing == "merge":
                templates += _merge(change, row_taken, person)
                stored += 1
            elif row_taken is not None:
                skipped += 1
    return Transfer(stored, templates, skipped)


def _merge(change: Change, row: rows.SubjectRow, person: _Person) -> int:
    """Adds those templates to a subject that it does not have; says how many."""
    ident = person.subject.profile.id
    key = change.desk.key(row)
    known = change.desk.templates(change.c, change.collection, [row])[row.id]
    vectors = {template.embedding.vector.tobytes() for template in known}
    new = [t for t in person.templates if t.embedding.vector.tobytes() not in vectors]
    change.add(row, key, ident, new)
    return len(new)
