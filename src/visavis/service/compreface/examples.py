"""What CompreFace asks of a collection beyond a person at a time: by example, and all at once."""

from collections.abc import Collection as Several
from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Connection, Select, func, select

from visavis.audit import Action, Detail
from visavis.errors import DuplicateSubject
from visavis.gallery import rows
from visavis.gallery.change import Change, NewSubject, changing
from visavis.gallery.collection import Collection
from visavis.gallery.desk import Desk
from visavis.gallery.schema import subjects, templates
from visavis.gallery.sealing import Profile, now, template_id
from visavis.service.errors import NotHere

PAGE = 500


@dataclass(frozen=True, slots=True)
class Example:
    """A template and the subject that it is of."""

    template: str
    subject: str


def add_subject(collection: Collection, subject: str, details: Mapping[str, Detail]) -> None:
    """Makes a subject who has no template yet. Raises DuplicateSubject, InputError."""
    desk = collection.desk
    person = NewSubject(Profile(subject), now())
    with changing(desk, details) as change:
        if desk.seek(change.c, subject) is not None:
            raise DuplicateSubject(f"subject {subject!r} exists in collection {desk.name!r}")
        _admit(change, person)


def holder(collection: Collection, template: str) -> str:
    """The subject that a template is of. Raises NotHere."""
    desk = collection.desk
    with desk.store.read() as c:
        row = _row_of(c, desk, template)
        return desk.profile(desk.key(row), row).id


def page(
    collection: Collection, number: int, size: int, subject: str | None
) -> tuple[list[Example], int]:
    """A page of templates, oldest subject and template first, and how many there are in all; of
    one subject alone if one is named.
    """
    desk = collection.desk
    query = _of(desk)
    if subject is not None:
        query = query.where(subjects.c.lookup == desk.seals.lookup(subject))
    with desk.store.read() as c:
        rows.collection(c, desk.collection)
        total = c.scalar(select(func.count()).select_from(query.subquery())) or 0
        ordered = query.order_by(templates.c.subject, templates.c.enrolled_at, templates.c.id)
        found = c.execute(ordered.limit(size).offset(number * size)).all()
        names = _names(desk, rows.subjects_by_id(c, [row.subject for row in found]).values())
    known = [row for row in found if row.subject in names]
    return [Example(template_id(row.id), names[row.subject]) for row in known], total


def remove(collection: Collection, template: str, details: Mapping[str, Detail]) -> str:
    """Removes one template and says whose it was. With the last one of a subject all that was
    sealed for it is destroyed, and the subject begins anew, without templates. Raises NotHere.
    """
    desk, subject = collection.desk, holder(collection, template)
    with changing(desk, details) as change:
        row, _, profile = desk.open(change.c, subject)
        stored = rows.templates_of(change.c, [row.id])
        last = [template_id(one.id) for one in stored] == [template]
        if last:
            change.destroy([row], Action.FORGET)
            fresh = replace(profile, merged=())
            _admit(change, NewSubject(fresh, row.created_at, row.expires_at))
    if last:
        desk.store.cut_log()
    else:
        collection.remove_template(subject, template, details=details)
    return subject


def forget_all(collection: Collection, details: Mapping[str, Detail]) -> tuple[int, int]:
    """Forgets everybody, some hundred in a transaction; how many subjects and templates."""
    desk, people, stored = collection.desk, 0, 0
    while True:
        with changing(desk, details) as change:
            found = rows.page(change.c, desk.collection, 0, PAGE)
            receipts = change.destroy(found, Action.FORGET) if found else []
        people += len(receipts)
        stored += sum(receipt.templates for receipt in receipts)
        if len(found) < PAGE:
            desk.store.cut_log()
            return people, stored


def _admit(change: Change, person: NewSubject) -> None:
    ((row, key),) = change.admit([person])
    change.audit(Action.ENROL, change.desk.pseudonym(row, key), {"templates": 0})


def _names(desk: Desk, people: Several[rows.SubjectRow]) -> dict[int, str]:
    """Ids by row number; those whose key is gone are left out."""
    keys = desk.keys.get_many([person.uid for person in people])
    readable = [person for person in people if person.uid in keys]
    return {person.id: desk.profile(keys[person.uid], person).id for person in readable}


def _of(desk: Desk) -> Select[tuple[int, int]]:
    """The numbers of all templates of a collection, and of their subjects."""
    joined = templates.join(subjects, templates.c.subject == subjects.c.id)
    query = select(templates.c.id, templates.c.subject).select_from(joined)
    return query.where(subjects.c.collection == desk.collection)


def _row_of(c: Connection, desk: Desk, template: str) -> rows.SubjectRow:
    found = c.execute(_of(desk).where(templates.c.id == int(template, 16))).first()
    if found is None:
        raise NotHere("no such image in this collection")
    return rows.subjects_by_id(c, [found.subject])[found.subject]
