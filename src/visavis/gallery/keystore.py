"""The wrapped data keys, in a small SQLite file of their own, apart from what they protect.

Left out of ordinary backups, it makes deletion final: without a subject's data key every copy of
that subject's rows is noise. The file also keeps the head of the audit chain.
"""

import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from visavis.errors import GalleryError, WrongKey
from visavis.gallery.vault import KEY_BYTES, DataKey, Keyring, private_file

BUSY_SECONDS = 30.0
CANARY = "visavis/canary"
SCHEMA = """
PRAGMA journal_mode = WAL;
CREATE TABLE keys (owner TEXT PRIMARY KEY, kek TEXT NOT NULL, wrapped BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE canary (id INTEGER PRIMARY KEY CHECK (id = 1), kek TEXT NOT NULL,
                     wrapped BLOB NOT NULL);
CREATE TABLE anchor (id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL,
                     mac TEXT NOT NULL);
"""
CONNECTION = """
PRAGMA synchronous = FULL;
PRAGMA secure_delete = ON;
PRAGMA temp_store = MEMORY;
PRAGMA trusted_schema = OFF;
"""


class KeyStore:
    """Data keys by owner. What a method wrote is synced to disk before it returns.

    Safe for threads, and for processes that each open it themselves (after a fork, not before).
    Methods raise WrongKey for a stored key that the keyring does not open, and GalleryError where
    SQLite refuses (a full disk, a damaged file, a lock held for more than 30 seconds).
    """

    def __init__(self, path: Path, keyring: Keyring) -> None:
        """Opens the store, or makes it with mode 0600. Raises WrongKey as `check` does."""
        self._path = path
        self._keyring = keyring
        self._lock = threading.RLock()
        with self._sqlite_errors():
            if not path.exists():
                _build(path, keyring)
            self._db = sqlite3.connect(
                path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            try:
                self._db.executescript(CONNECTION)
                self.check()
            except BaseException:
                self._db.close()
                raise

    def create(self, owner: str) -> DataKey:
        """The owner's data key: a new random one, or the one that is there."""
        return self.create_many([owner])[owner]

    def create_many(self, owners: Sequence[str]) -> dict[str, DataKey]:
        """The data keys of all `owners`, in one transaction; those that have none get one."""
        with self._transaction():
            found = self.get_many(owners)
            new = {owner: os.urandom(KEY_BYTES) for owner in owners if owner not in found}
            rows = [(owner, *self._keyring.wrap(key, owner)) for owner, key in new.items()]
            self._db.executemany("INSERT INTO keys VALUES (?, ?, ?)", rows)
        return found | {owner: DataKey(key) for owner, key in new.items()}

    def get(self, owner: str) -> DataKey | None:
        """The owner's data key, or None: never made, or destroyed."""
        return self.get_many([owner]).get(owner)

    def get_many(self, owners: Sequence[str]) -> dict[str, DataKey]:
        """The data keys of those of `owners` that have one."""
        chosen = "SELECT * FROM keys WHERE owner IN (SELECT value FROM json_each(?))"
        return self._open(self._rows(chosen, json.dumps(list(owners))))

    def all(self) -> dict[str, DataKey]:
        """Every data key, by owner."""
        return self._open(self._rows("SELECT * FROM keys"))

    def owners(self) -> set[str]:
        """Everybody who has a data key."""
        return {owner for (owner,) in self._rows("SELECT owner FROM keys")}

    def destroy(self, owners: Sequence[str]) -> int:
        """Erases data keys for good and says how many there were.

        SQLite overwrites the deleted rows with zeros, then the write-ahead log is folded into the
        file and cut to nothing. Raises GalleryError if another process reads for so long that the
        log cannot be cut: the keys are deleted then, and calling again finishes the erasure.
        """
        with self._transaction():
            rows = [(owner,) for owner in set(owners)]
            count = self._db.executemany("DELETE FROM keys WHERE owner = ?", rows).rowcount
        self._cut_log()
        return max(count, 0)

    def rewrap(
        self,
        keyring: Keyring,
        progress: Callable[[int, int], None] | None = None,
        batch: int = 1000,
    ) -> int:
        """Wraps every data key under the active key of `keyring`, which this store uses from then
        on; returns how many were re-wrapped. Data keys and what they seal do not change.

        Each `batch` is a transaction of its own, after which `progress(done, total)` is called.
        When interrupted, call again to go on. Other processes keep working if their keyrings hold
        both keys; only when they all have the new one as active may the old one be dropped.
        Raises WrongKey, with nothing changed, if `keyring` does not open the store.
        """
        self.check(keyring)
        self._keyring = keyring
        ((total,),) = self._rows("SELECT count(*) FROM keys WHERE kek <> ?", keyring.active_id)
        start, done = "", 0
        while (moved := self._rewrap_batch(start, batch)) or start:
            start = moved[-1] if moved else ""  # then once more, for rows that others added
            done += len(moved)
            if moved and progress is not None:
                progress(done, max(total, done))
        with self._transaction():
            self._db.execute("DELETE FROM canary")
            self._db.execute("INSERT INTO canary VALUES (1, ?, ?)", _canary(keyring))
        self._cut_log()
        return done

    def anchor(self) -> tuple[int, str] | None:
        """The head of the audit chain as last noted here: (seq, mac)."""
        rows = self._rows("SELECT seq, mac FROM anchor")
        return (rows[0][0], rows[0][1]) if rows else None

    def set_anchor(self, seq: int, mac: str) -> None:
        """Notes the head of the audit chain; a `seq` not above the noted one changes nothing."""
        with self._transaction():
            self._db.execute(
                "INSERT INTO anchor VALUES (1, ?, ?) ON CONFLICT (id) DO UPDATE "
                "SET seq = excluded.seq, mac = excluded.mac WHERE excluded.seq > seq",
                (seq, mac),
            )

    def check(self, keyring: Keyring | None = None) -> None:
        """Raises WrongKey unless the keyring (by default the store's own) opens this store: the
        canary row that was written when it was made, and a master key for every other row.
        """
        ring = keyring or self._keyring
        canary = self._rows("SELECT kek, wrapped FROM canary")
        if not canary:
            raise WrongKey(f"the key store {self._path} has lost its canary row")
        ((kek, wrapped),) = canary
        ring.unwrap(kek, wrapped, CANARY)
        needed = {kek for (kek,) in self._rows("SELECT DISTINCT kek FROM keys")}
        if missing := needed.difference(ring.ids):
            raise WrongKey(
                f"the key store {self._path} also needs master key {', '.join(sorted(missing))}; "
                f"the keyring holds {', '.join(ring.ids)}"
            )

    def snapshot(self) -> dict[str, tuple[str, bytes]]:
        """The wrapped keys by owner, each with the id of its master key: for an export."""
        rows = self._rows("SELECT * FROM keys")
        return {owner: (kek, wrapped) for owner, kek, wrapped in rows}

    def restore(self, rows: Mapping[str, tuple[str, bytes]]) -> int:
        """Adds wrapped keys of a snapshot and returns how many were missing here.

        Owners who have a key keep it. Raises WrongKey, with nothing stored, unless all open.
        """
        for owner, (kek, wrapped) in rows.items():
            self._keyring.unwrap(kek, wrapped, owner)
        with self._transaction():
            before = self._db.total_changes
            self._db.executemany(
                "INSERT INTO keys VALUES (?, ?, ?) ON CONFLICT (owner) DO NOTHING",
                [(owner, *wrapped) for owner, wrapped in rows.items()],
            )
            return self._db.total_changes - before

    def close(self) -> None:
        """Closes the file. The store cannot be used afterwards."""
        with self._lock:
            self._db.close()

    def _rewrap_batch(self, start: str, size: int) -> list[str]:
        """Re-wraps up to `size` rows from owner `start` on; returns their owners, in order."""
        ring = self._keyring
        sql = "SELECT * FROM keys WHERE owner >= ? AND kek <> ? ORDER BY owner LIMIT ?"
        with self._transaction():
            rows = self._rows(sql, start, ring.active_id, size)
            fresh = [(*ring.wrap(ring.unwrap(k, w, owner), owner), owner) for owner, k, w in rows]
            self._db.executemany("UPDATE keys SET kek = ?, wrapped = ? WHERE owner = ?", fresh)
        return [owner for _, _, owner in fresh]

    def _open(self, rows: list[tuple[Any, ...]]) -> dict[str, DataKey]:
        unwrap = self._keyring.unwrap
        return {owner: DataKey(unwrap(kek, wrapped, owner)) for owner, kek, wrapped in rows}

    def _rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with self._sqlite_errors(), self._lock:
            return self._db.execute(sql, values).fetchall()

    def _cut_log(self) -> None:
        ((busy, *_),) = self._rows("PRAGMA wal_checkpoint(TRUNCATE)")
        if busy:
            raise GalleryError(
                f"the write-ahead log of {self._path} still holds what was deleted from it, "
                "because another process is reading; repeat the call"
            )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Holds the write lock over all processes; commits at the end or rolls back."""
        with self._sqlite_errors(), self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    @contextmanager
    def _sqlite_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise GalleryError(f"the key store {self._path} cannot be used: {error}") from error


def _build(path: Path, keyring: Keyring) -> None:
    """A new store appears at `path` complete with its canary, or another process's does."""
    try:
        with (
            private_file(path, replace=False) as temporary,
            closing(sqlite3.connect(temporary, isolation_level=None)) as db,
        ):
            db.executescript(SCHEMA)
            db.execute("INSERT INTO canary VALUES (1, ?, ?)", _canary(keyring))
    except FileExistsError:
        return


def _canary(keyring: Keyring) -> tuple[str, bytes]:
    return keyring.wrap(os.urandom(KEY_BYTES), CANARY)
