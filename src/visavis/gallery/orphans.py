"""Rows without a key, and keys without rows: found, reported, and cleared away."""

from dataclasses import dataclass

from sqlalchemy import Connection

from visavis.audit import Action, AuditChain, AuditEntry
from visavis.errors import BrokenAudit
from visavis.gallery import rows
from visavis.gallery.keystore import KeyStore
from visavis.gallery.records import Records
from visavis.gallery.schema import KEEP_KEYS
from visavis.gallery.store import Busy, Store


@dataclass(frozen=True, slots=True)
class Orphan:
    """Rows of a subject that nothing can read any more: their data key is not in the key store.

    After a forget that was cut off, and after an old backup was restored, that is as it should be.
    """

    collection: str
    owner: str
    templates: int


def find(store: Store, keys: KeyStore) -> list[Orphan]:
    """All orphans of a gallery."""
    with store.read() as c:
        found = rows.owners(c)
    present = keys.owners()
    return [Orphan(r.collection, r.owner, r.templates) for r in found if r.owner not in present]


def clear(store: Store, keys: KeyStore, records: Records) -> tuple[int, int]:
    """Deletes the rows of orphans, and keys without rows; says how many owners and keys."""
    with store.write() as c:
        present = keys.owners()
        lost = [owner for owner in rows.owners(c) if owner.owner not in present]
        for owner in lost:
            revision = rows.next_revision(c, owner.number).revision
            rows.drop_of_owner(c, owner.subject, owner.owner)
            rows.set_subject(c, owner.subject, revision=revision)
            if owner.own:
                rows.drop_subjects(c, owner.number, [owner.subject], revision)
        strays = sorted(rows.stray_owners(c, present))
        keys.destroy(strays)
        rows.drop_meta(c, KEEP_KEYS)
        told = {"owners": len(lost), "keys": len(strays)}
        records.chain.append(c, [AuditEntry(Action.PURGE, details=told)])
    records.moved()
    store.cut_log()
    return len(lost), len(strays)


def sweep(store: Store, keys: KeyStore, chain: AuditChain) -> None:
    """Destroys keys without rows, left from a crash: under the write lock, for then nobody is
    between making a key and writing its rows. Not beside an older copy of the rows.
    """
    with store.read() as c:
        if not rows.stray_owners(c, keys.owners()):
            return
    try:
        with store.write(wait=0) as c:
            if not _rolled_back(c, keys, chain) and not rows.get_meta(c, KEEP_KEYS):
                keys.destroy(sorted(rows.stray_owners(c, keys.owners())))
    except Busy:
        return  # somebody is writing, maybe the rows of these keys: the next open sees


def _rolled_back(c: Connection, keys: KeyStore, chain: AuditChain) -> bool:
    anchor = keys.anchor()
    if anchor is not None:
        try:
            chain.check(c, anchor)
        except BrokenAudit:
            return True
    return False
