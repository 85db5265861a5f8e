"""Reads and writes of single rows, inside the caller's transaction. Knows nothing of keys."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    Join,
    Row,
    Select,
    bindparam,
    delete,
    func,
    insert,
    literal,
    select,
    update,
)

from visavis.errors import UnknownSubject
from visavis.gallery import sightingrows
from visavis.gallery.schema import (
    OWN_UID,
    collections,
    crops,
    meta,
    removals,
    sightings,
    subjects,
    templates,
)


class CollectionRow(NamedTuple):
    id: int
    uid: str
    name: str
    model: str
    dim: int
    created_at: str
    revision: int
    keep_crops: bool


class SubjectRow(NamedTuple):
    id: int
    collection: int
    uid: str
    lookup: str
    profile: bytes
    created_at: str
    expires_at: str | None
    revision: int


class TemplateRow(NamedTuple):
    id: int
    subject: int
    owner: str
    sealed: bytes
    enrolled_at: str


class CropRow(NamedTuple):
    template: int
    owner: str
    sealed: bytes


ChangeRow = tuple[int, str, str | None, bytes, int | None, str | None, bytes | None]
STREAM = 4000


class OwnerRow(NamedTuple):
    """Whose key seals rows of a subject. `own`: the subject's own key, not one from a merge."""

    number: int
    collection: str
    subject: int
    owner: str
    own: bool
    templates: int


def get_meta(c: Connection, key: str) -> str | None:
    return c.scalar(select(meta.c.value).where(meta.c.key == key))


def set_meta(c: Connection, key: str, value: str) -> None:
    drop_meta(c, key)
    c.execute(insert(meta).values(key=key, value=value))


def drop_meta(c: Connection, key: str) -> None:
    c.execute(delete(meta).where(meta.c.key == key))


def all_collections(c: Connection) -> list[CollectionRow]:
    return [_collection(row) for row in c.execute(select(collections).order_by("name"))]


def collection_named(c: Connection, name: str) -> CollectionRow | None:
    found = c.execute(select(collections).where(collections.c.name == name)).first()
    return None if found is None else _collection(found)


def collection(c: Connection, number: int) -> CollectionRow:
    """Raises UnknownSubject once it was deleted: numbers are never used twice."""
    return _existing(c.execute(select(collections).where(collections.c.id == number)).first())


def add_collection(c: Connection, **values: Any) -> None:
    c.execute(insert(collections).values(**values))


def set_collection(c: Connection, number: int, **values: Any) -> None:
    c.execute(update(collections).where(collections.c.id == number).values(**values))


def next_revision(c: Connection, number: int) -> CollectionRow:
    """Counts the collection's revision up by one, for the changes of this transaction.

    Raises UnknownSubject once it was deleted.
    """
    counted = update(collections).where(collections.c.id == number)
    query = counted.values(revision=collections.c.revision + 1).returning(collections)
    return _existing(c.execute(query).one_or_none())


def drop_collection(c: Connection, number: int) -> None:
    """Deletes a collection with all that is its own."""
    members = select(subjects.c.id).where(subjects.c.collection == number)
    theirs = select(templates.c.id).where(templates.c.subject.in_(members))
    sightingrows.drop_of_collection(c, number)
    c.execute(delete(crops).where(crops.c.template.in_(theirs)))
    c.execute(delete(templates).where(templates.c.subject.in_(members)))
    c.execute(delete(removals).where(removals.c.collection == number))
    c.execute(delete(subjects).where(subjects.c.collection == number))
    c.execute(delete(collections).where(collections.c.id == number))


def counts(c: Connection, number: int) -> tuple[int, int]:
    """How many subjects and templates the collection has."""
    members = subjects.c.collection == number
    people = c.scalar(select(func.count()).select_from(subjects).where(members))
    stored = c.scalar(select(func.count()).select_from(_joined()).where(members))
    return people or 0, stored or 0


def subject(c: Connection, number: int, lookup: str) -> SubjectRow | None:
    """The subject of collection `number` with that lookup pseudonym."""
    found = c.execute(
        select(subjects).where(subjects.c.collection == number, subjects.c.lookup == lookup)
    ).first()
    return None if found is None else SubjectRow(*found)


def subjects_by_id(c: Connection, ids: Sequence[int]) -> dict[int, SubjectRow]:
    rows = c.execute(select(subjects).where(subjects.c.id.in_(ids)))
    return {row.id: SubjectRow._make(row) for row in rows}


def changes(c: Connection, number: int, since: int) -> Iterator[Sequence[ChangeRow]]:
    """The subjects changed since a revision with their templates, streamed; templates of one
    subject follow one another.
    """
    columns = (
        subjects.c.id,
        subjects.c.uid,
        subjects.c.expires_at,
        subjects.c.profile,
        templates.c.id,
        templates.c.owner,
        templates.c.sealed,
    )
    query = select(*columns).select_from(_joined(isouter=True))
    changed = query.where(subjects.c.collection == number, subjects.c.revision > since)
    ordered = changed.order_by(subjects.c.revision, subjects.c.id)
    yield from _plain(c, ordered)


def page(c: Connection, number: int, after: int, limit: int) -> list[SubjectRow]:
    """Up to `limit` subjects of a collection with row numbers above `after`, in their order."""
    query = select(subjects).where(subjects.c.collection == number, subjects.c.id > after)
    ordered = query.order_by(subjects.c.id).limit(limit)
    return [SubjectRow._make(row) for row in c.execute(ordered).all()]


def removed_subjects(c: Connection, number: int, since: int) -> list[int]:
    """The subjects that were removed since a revision."""
    query = select(removals.c.subject).where(
        removals.c.collection == number, removals.c.revision > since
    )
    return list(c.scalars(query))


def expired_subjects(c: Connection, number: int, now: str) -> list[SubjectRow]:
    query = select(subjects).where(subjects.c.collection == number, subjects.c.expires_at <= now)
    return [SubjectRow._make(row) for row in c.execute(query)]


def add_subjects(c: Connection, values: Sequence[dict[str, Any]]) -> dict[str, SubjectRow]:
    """The new rows by lookup pseudonym."""
    if not values:
        return {}
    query = insert(subjects).returning(subjects)
    return {row.lookup: SubjectRow._make(row) for row in c.execute(query, values)}


def set_subject(c: Connection, ident: int, **values: Any) -> None:
    c.execute(update(subjects).where(subjects.c.id == ident).values(**values))


def drop_subjects(c: Connection, number: int, ids: Sequence[int], revision: int) -> None:
    """Deletes subjects with all that is theirs, and notes it for other processes."""
    theirs = select(templates.c.id).where(templates.c.subject == bindparam("ident"))
    each = [{"ident": ident} for ident in ids]
    sightingrows.drop_of_subjects(c, ids)
    c.execute(delete(crops).where(crops.c.template.in_(theirs)), each)
    c.execute(delete(templates).where(templates.c.subject == bindparam("ident")), each)
    c.execute(delete(subjects).where(subjects.c.id == bindparam("ident")), each)
    c.execute(
        insert(removals),
        [{"subject": ident, "collection": number, "revision": revision} for ident in ids],
    )


def templates_of(c: Connection, ids: Sequence[int]) -> list[TemplateRow]:
    """The templates of these subjects, oldest first."""
    query = select(templates).where(templates.c.subject.in_(ids))
    rows = c.execute(query.order_by(templates.c.enrolled_at, templates.c.id))
    return [TemplateRow._make(row) for row in rows]


def template_counts(c: Connection, ids: Sequence[int]) -> dict[int, int]:
    query = select(templates.c.subject, func.count()).where(templates.c.subject.in_(ids))
    return {row[0]: row[1] for row in c.execute(query.group_by(templates.c.subject))}


def templates_without_crop(c: Connection, number: int) -> int:
    query = select(func.count()).select_from(_joined().outerjoin(crops))
    missing = query.where(subjects.c.collection == number, crops.c.template.is_(None))
    return c.scalar(missing) or 0


def having_crops(c: Connection, ids: Sequence[int]) -> set[int]:
    """Those of these subjects who have kept crops."""
    query = select(templates.c.subject).join(crops).where(templates.c.subject.in_(ids))
    return set(c.scalars(query))


def crops_of(c: Connection, ident: int) -> Iterator[CropRow]:
    """The kept crops of one subject, oldest template first."""
    query = select(crops.c.template, templates.c.owner, crops.c.sealed).join(templates)
    mine = query.where(templates.c.subject == ident)
    ordered = mine.order_by(templates.c.enrolled_at, templates.c.id)
    with c.execute(ordered, execution_options={"yield_per": 20}) as rows:
        yield from (CropRow(*row) for row in rows)


def add_templates(c: Connection, rows: Sequence[TemplateRow]) -> None:
    if rows:
        c.execute(insert(templates), [row._asdict() for row in rows])


def add_crops(c: Connection, rows: Iterable[tuple[int, bytes]]) -> None:
    values = [{"template": template, "sealed": sealed} for template, sealed in rows]
    if values:
        c.execute(insert(crops), values)


def set_sealed(c: Connection, rows: Iterable[tuple[int, bytes]]) -> None:
    """Replaces what templates hold."""
    query = update(templates).where(templates.c.id == bindparam("ident"))
    values = [{"ident": template, "value": sealed} for template, sealed in rows]
    if values:
        c.execute(query.values(sealed=bindparam("value")), values)


def move_templates(c: Connection, source: int, into: int) -> int:
    moved = update(templates).where(templates.c.subject == source).values(subject=into)
    return c.execute(moved).rowcount


def drop_templates(c: Connection, ids: Sequence[int]) -> None:
    each = [{"ident": template} for template in ids]
    if each:
        c.execute(delete(crops).where(crops.c.template == bindparam("ident")), each)
        c.execute(delete(templates).where(templates.c.id == bindparam("ident")), each)


def owners(c: Connection) -> list[OwnerRow]:
    """Every owner of a key that seals rows of a subject, with how many templates it seals: none
    where that is only sightings, or nothing but the profile.
    """
    here = select(collections.c.id, collections.c.name, subjects.c.id, templates.c.owner)
    sealed = here.add_columns(templates.c.owner == subjects.c.uid, func.count())
    joined = sealed.select_from(_joined().join(collections))
    found = [OwnerRow(*row) for row in c.execute(joined.group_by(subjects.c.id, templates.c.owner))]
    found += _owners_of_sightings_alone(c, {(row.subject, row.owner) for row in found})
    with_own = {row.subject for row in found if row.own}
    people = select(collections.c.id, collections.c.name, subjects.c.id, subjects.c.uid)
    for row in c.execute(people.select_from(subjects.join(collections))):
        if row[2] not in with_own:
            found.append(OwnerRow(*row, own=True, templates=0))
    return found


def owners_in(c: Connection, number: int) -> set[str]:
    """The owners of all keys that seal something of a collection, its own among them."""
    member = subjects.c.collection == number
    own = select(collections.c.uid).where(collections.c.id == number)
    people = select(subjects.c.uid).where(member)
    sealed = select(templates.c.owner).select_from(_joined()).where(member)
    seen = select(sightings.c.owner).distinct().where(sightings.c.collection == number)
    return {uid for query in (own, people, sealed, seen) for uid in c.scalars(query)}


def drop_of_owner(c: Connection, ident: int, owner: str) -> None:
    """Deletes what one key seals of a subject's templates and sightings."""
    sightingrows.drop_of_owner(c, ident, owner)
    query = select(templates.c.id).where(templates.c.subject == ident, templates.c.owner == owner)
    drop_templates(c, list(c.scalars(query)))


def stray_owners(c: Connection, owners: set[str]) -> set[str]:
    """Those of `owners` that own nothing: neither gallery, collection, subject, template nor
    sighting.
    """
    strays = owners - {get_meta(c, OWN_UID)}
    for column in (collections.c.uid, subjects.c.uid, templates.c.owner, sightings.c.owner):
        if strays:
            for part in _plain(c, select(column)):
                strays.difference_update([uid for (uid,) in part])
    return strays


def _owners_of_sightings_alone(c: Connection, known: set[tuple[int, str]]) -> list[OwnerRow]:
    """Those that seal sightings of a subject and none of its templates."""
    own = sightings.c.owner == subjects.c.uid
    here = select(collections.c.id, collections.c.name, subjects.c.id, sightings.c.owner)
    query = here.add_columns(own, literal(0)).distinct()
    joined = sightings.join(subjects, sightings.c.subject == subjects.c.id).join(
        collections, subjects.c.collection == collections.c.id
    )
    found = [OwnerRow(*row) for row in c.execute(query.select_from(joined))]
    return [row for row in found if (row.subject, row.owner) not in known]


def _plain(c: Connection, query: Select[Any]) -> Iterator[Any]:
    """The rows as plain tuples, some thousand at a time: in a third of the time, where there may
    be very many. The query's values, integers, go into its text.
    """
    cursor = c.connection.cursor()
    try:
        literal = {"literal_binds": True}
        cursor.execute(str(query.compile(dialect=c.dialect, compile_kwargs=literal)))
        while part := cursor.fetchmany(STREAM):
            yield part
    finally:
        cursor.close()


def _joined(*, isouter: bool = False) -> Join:
    return subjects.join(templates, templates.c.subject == subjects.c.id, isouter=isouter)


def _collection(row: Row[Any]) -> CollectionRow:
    return CollectionRow._make(row)


def _existing(row: Row[Any] | None) -> CollectionRow:
    if row is None:
        raise UnknownSubject("this collection is not in the gallery any more: it was deleted")
    return _collection(row)
