"""The end of a whole collection: its keys are destroyed, then its rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from visavis.audit import Action, AuditEntry, Detail
from visavis.errors import UnknownSubject
from visavis.gallery import rows
from visavis.gallery.change import BEYOND_REACH, LOG_NOT_CUT
from visavis.gallery.keystore import KeyStore
from visavis.gallery.records import Records
from visavis.gallery.sealing import now
from visavis.gallery.store import Store


@dataclass(frozen=True, slots=True)
class Deletion:
    """Proof that a collection was deleted: what was destroyed, what that cannot reach, and its
    audit record. `keys_destroyed` counts the collection's own key too.
    """

    collection: str
    subjects: int
    templates: int
    keys_destroyed: int
    audit_seq: int
    at: datetime
    beyond_reach: Sequence[str] = ()


def discard(
    store: Store,
    keys: KeyStore,
    records: Records,
    name: str,
    details: Mapping[str, Detail] | None = None,
) -> Deletion:
    """Destroys all keys of a collection and deletes its rows, in one transaction; audited.

    Needs none of the keys, so that it can be repeated after it was cut off. Raises UnknownSubject.
    """
    records.flush()  # decisions of this collection come before its end
    with store.write() as c:
        row = rows.collection_named(c, name)
        if row is None:
            raise UnknownSubject(f"no collection {name!r} in this gallery")
        subjects, templates = rows.counts(c, row.id)
        owners = rows.owners_in(c, row.id) & keys.owners()
        rows.drop_collection(c, row.id)
        counts = {"subjects": subjects, "templates": templates, "keys": len(owners)}
        told = {**(details or {}), **counts}
        entry = AuditEntry(Action.COLLECTION_DELETED, name, details=told)
        seq, _ = records.chain.append(c, [entry])
        keys.destroy(sorted(owners))  # last: from here on nothing of it can be read
    records.moved()
    beyond = BEYOND_REACH if store.cut_log() else (*BEYOND_REACH, LOG_NOT_CUT)
    at = datetime.fromisoformat(now())
    return Deletion(name, subjects, templates, len(owners), seq, at, beyond)
