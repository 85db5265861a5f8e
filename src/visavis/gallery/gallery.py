"""The gallery: collections of enrolled people in one directory, their keys, their audit log."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import RLock
from types import TracebackType

from visavis.audit import Action, AuditChain, AuditEntry, AuditRecord, AuditReport, Detail
from visavis.errors import ConfigError, InputError, ModelMismatch, UnknownSubject, WrongKey
from visavis.gallery import DATABASE, backup, key_store_of, orphans, rows
from visavis.gallery.collection import Collection
from visavis.gallery.desk import Desk
from visavis.gallery.discard import Deletion, discard
from visavis.gallery.keystore import KeyStore
from visavis.gallery.orphans import Orphan
from visavis.gallery.records import Records
from visavis.gallery.roster import Roster
from visavis.gallery.rows import CollectionRow
from visavis.gallery.schema import OWN_UID
from visavis.gallery.sealing import Seals, check_name, new_uid, now
from visavis.gallery.store import Store
from visavis.gallery.vault import DataKey, Keyring


@dataclass(frozen=True, slots=True)
class CollectionInfo:
    """A collection, without opening it."""

    name: str
    model: str
    dim: int
    subjects: int
    templates: int
    keep_crops: bool
    created_at: datetime


class Gallery:
    """Opens the gallery in a directory, or makes it. Thread-safe; a context manager.

    Several processes may open one gallery, each for itself (after a fork, not before).
    """

    def __init__(self, directory: Path, keyring: Keyring, *, keys: Path | None = None) -> None:
        """`keys` is the key store's file, by default `key_store_of(directory)`.

        Raises WrongKey if the keyring does not open the key store or that is another gallery's,
        ConfigError if one of the two files is missing or of another kind.
        """
        database, key_store = Path(directory) / DATABASE, keys or key_store_of(directory)
        if database.exists() and not key_store.exists():
            raise ConfigError(
                f"the key store of the gallery {directory} is missing: expected it at {key_store}"
            )
        self._lock = RLock()
        self._open: dict[str, Collection] = {}
        with ExitStack() as opened:
            self.keys = KeyStore(key_store, keyring)
            opened.callback(self.keys.close)
            used = len(self.keys.owners()) > 1
            if used and not database.exists():  # seen after the keys: another may just have made it
                raise ConfigError(
                    f"the key store {key_store} belongs to a gallery whose database is missing: "
                    "restore a backup of it, or name another key store"
                )
            self._store = Store(database)
            opened.callback(self._store.close)
            chain = AuditChain(self._own_key().derive("visavis/audit"))
            self._records = Records(self._store, self.keys, chain)
            orphans.sweep(self._store, self.keys, chain)
            opened.callback(self._records.close)
            self._closing = opened.pop_all()

    def collection(
        self,
        name: str,
        *,
        model: str,
        dim: int,
        keep_crops: bool | None = None,
        details: Mapping[str, Detail] | None = None,
    ) -> Collection:
        """The collection, loaded, and made on first use.

        `keep_crops` holds for enrolments from now on; None leaves it as it is, at first off.
        `details` go into the audit record, if there is something to record. Raises ModelMismatch if
        it holds vectors of another model, TamperedTemplate if a template does not open.
        """
        check_name(name, "collection name")
        with self._lock:
            row = self._row(name) or self._create(name, model, dim, bool(keep_crops), details)
            if (row.model, row.dim) != (model, dim):
                raise ModelMismatch(
                    f"collection {name!r} holds vectors of {row.model} ({row.dim} dimensions), "
                    f"not of {model} ({dim}): use another collection, or re-embed this one"
                )
            if keep_crops not in (None, row.keep_crops):
                self._set_keep_crops(row, bool(keep_crops), details)
            found = self._collection(row)
            found.load()
            return found

    def open_collection(self, name: str) -> Collection:
        """A collection that exists, whatever its model; not loaded before it is searched.

        Raises UnknownSubject.
        """
        with self._lock:
            row = self._row(name)
            if row is None:
                raise UnknownSubject(f"no collection {name!r} in this gallery")
            return self._collection(row)

    def collections(self) -> list[CollectionInfo]:
        """All collections, by name."""
        with self._store.read() as c:
            return [
                CollectionInfo(
                    row.name,
                    row.model,
                    row.dim,
                    *rows.counts(c, row.id),
                    row.keep_crops,
                    datetime.fromisoformat(row.created_at),
                )
                for row in rows.all_collections(c)
            ]

    def delete_collection(self, name: str, details: Mapping[str, Detail] | None = None) -> Deletion:
        """Destroys the keys of a collection and of all its subjects, then everything stored under
        them. Whoever still holds the collection gets UnknownSubject from it. When interrupted, call
        again: until then what has no key any more cannot be read.

        `details` go into the audit record as they are. Raises UnknownSubject.
        """
        deletion = discard(self._store, self.keys, self._records, name, details)
        with self._lock:  # meanwhile another collection of that name may have been made
            row, held = self._row(name), self._open.get(name)
            if held is not None and (row is None or row.id != held.desk.collection):
                del self._open[name]
                held.unload()
        return deletion

    def audit_verify(self) -> AuditReport:
        """Checks the whole audit log. Raises BrokenAudit."""
        self._records.flush()
        anchor = self.keys.anchor()
        with self._store.read() as c:
            return self._records.chain.verify(c, anchor)

    def audit_tail(self, n: int) -> list[AuditRecord]:
        """The last `n` audit records, oldest first."""
        self._records.flush()
        with self._store.read() as c:
            return self._records.chain.tail(c, n)

    def audit_records(self) -> Iterator[AuditRecord]:
        """All audit records, oldest first."""
        self._records.flush()
        with self._store.read() as c:
            yield from self._records.chain.iterate(c)

    def audit_page(
        self,
        *,
        before: int | None = None,
        limit: int = 100,
        action: str | None = None,
        collection: str | None = None,
        subject: str | None = None,
        request: str | None = None,
    ) -> list[AuditRecord]:
        """Up to `limit` audit records numbered below `before`, newest first; `subject` is a
        pseudonym, `request` what their details say under that key. Raises InputError for no limit.

        Reads back from `before` until it has enough: in bounded memory, but through the whole log
        where little matches.
        """
        if limit < 1:
            raise InputError(f"a page must have 1 or more records, got {limit}")
        fields = {"action": action, "collection": collection, "subject": subject}
        detail = None if request is None else ("request", request)
        self._records.flush()
        with self._store.read() as c:
            chain = self._records.chain
            return chain.newest(c, limit, before=before, fields=fields, detail=detail)

    def audit_find(self, key: str, value: str, *, limit: int = 10_000) -> AuditRecord | None:
        """The newest of the last `limit` audit records whose details say `value` under `key`."""
        self._records.flush()
        with self._store.read() as c:
            return self._records.chain.recent(c, (key, value), limit)

    def record(self, entry: AuditEntry) -> None:
        """Queues one record, which is written with others 30 ms later. Raises GalleryError when
        the log cannot be written for so long that 10,000 records wait.
        """
        self._records.put(entry)

    def audit(self, entry: AuditEntry) -> int:
        """Appends one record, synced to disk; returns its number."""
        with self._store.write() as c:
            seq, _ = self._records.chain.append(c, [entry])
        self._records.moved()
        return seq

    def rotate(self, keyring: Keyring, progress: Callable[[int, int], None] | None = None) -> int:
        """Re-wraps all data keys under the active key of `keyring`, and returns how many; when
        interrupted, call again. Raises WrongKey, with nothing changed, unless it opens them.
        """
        count = self.keys.rewrap(keyring, progress)
        told: dict[str, Detail] = {"keys": count, "key_id": keyring.active_id}
        self.audit(AuditEntry(Action.KEYS_ROTATED, details=told))
        return count

    def orphans(self) -> list[Orphan]:
        """The rows whose data key is gone; they are never loaded."""
        return orphans.find(self._store, self.keys)

    def clear_orphans(self) -> tuple[int, int]:
        """Deletes the rows of orphans, and keys that open no row; says how many owners and keys
        that were. Only when neither will be wanted: a newer backup needs such keys.
        """
        return orphans.clear(self._store, self.keys, self._records)

    def backup(self, path: Path, *, with_keys: bool = False) -> None:
        """Writes a consistent copy of the database to a new file, while others work.

        Without keys it opens only beside this gallery's key store, so that restoring it brings
        nobody back who was forgotten; `with_keys` adds the wrapped data keys (never the master
        key). Raises ConfigError if the file exists.
        """
        self._records.flush()
        backup.write(self._store, self.keys if with_keys else None, Path(path))

    @staticmethod
    def restore(
        backup_file: Path, directory: Path, keyring: Keyring, *, keys: Path | None = None
    ) -> None:
        """Puts a backup in the place of a gallery that is not there any more.

        Its keys are used only where there is no key store: a key store that is there knows who
        was forgotten since. Raises ConfigError if the directory holds a gallery or the file is no
        backup, WrongKey if the keys do not go with it; nothing is left behind then.
        """
        target = Path(directory) / DATABASE
        key_store = keys or key_store_of(directory)
        backup.restore(Path(backup_file), target, key_store, keyring)

    def close(self) -> None:
        """Writes what is queued for the audit log and closes all files."""
        self._closing.close()

    def __enter__(self) -> "Gallery":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose, by HKDF from the gallery's own key: as lasting as that is."""
        return self._own_key().derive(purpose)

    def _own_key(self) -> DataKey:
        """The gallery's own key, made with the gallery."""
        with self._store.read() as c:
            uid = rows.get_meta(c, OWN_UID)
        if uid is None:
            with self._store.write() as c:
                uid = rows.get_meta(c, OWN_UID) or new_uid()
                self.keys.create(uid)
                rows.set_meta(c, OWN_UID, uid)
        key = self.keys.get(uid)
        if key is None:
            raise WrongKey(f"the key store does not hold the key of {self._store.path}")
        return key

    def _row(self, name: str) -> CollectionRow | None:
        with self._store.read() as c:
            return rows.collection_named(c, name)

    def _create(
        self,
        name: str,
        model: str,
        dim: int,
        keep_crops: bool,
        details: Mapping[str, Detail] | None,
    ) -> CollectionRow:
        uid, told = new_uid(), {**(details or {}), "model": model}
        entry = AuditEntry(Action.COLLECTION_CREATED, name, details=told)
        with self._store.write() as c:
            if rows.collection_named(c, name) is None:
                self.keys.create(uid)
                values = {"uid": uid, "name": name, "model": model, "dim": dim}
                rows.add_collection(c, **values, created_at=now(), keep_crops=keep_crops)
                self._records.chain.append(c, [entry])
        self._records.moved()
        return self._row(name) or self._create(name, model, dim, keep_crops, details)

    def _set_keep_crops(
        self, row: CollectionRow, keep_crops: bool, details: Mapping[str, Detail] | None
    ) -> None:
        told = {**(details or {}), "keep_crops": keep_crops}
        with self._store.write() as c:
            rows.set_collection(c, row.id, keep_crops=keep_crops)
            entry = AuditEntry(Action.POLICY, row.name, details=told)
            self._records.chain.append(c, [entry])
        self._records.moved()

    def _collection(self, row: CollectionRow) -> Collection:
        held = self._open.get(row.name)
        if held is None or held.desk.collection != row.id:  # one that was deleted elsewhere
            key = self.keys.get(row.uid)
            if key is None:
                raise WrongKey(
                    f"the key store does not hold the key of collection {row.name!r}: if that was "
                    "deleted, delete it again"
                )
            seals = Seals(row.uid, key)
            desk = Desk(self._store, self.keys, self._records, seals, row.id, row.name)
            roster = Roster(self._store, self.keys, seals, row.id)
            self._open[row.name] = Collection(desk, roster)
        return self._open[row.name]
