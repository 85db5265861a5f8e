"""Copies of a gallery's database, and putting one back."""

import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from visavis.audit import Action, AuditChain, AuditEntry
from visavis.errors import ConfigError, WrongKey
from visavis.gallery import rows, sightingrows
from visavis.gallery.keystore import KeyStore
from visavis.gallery.schema import BACKED_UP_KEYS, KEEP_KEYS, OWN_UID
from visavis.gallery.store import Store
from visavis.gallery.vault import Keyring, private_file

LEAP = 1_000_000  # numbers of events that may have been given since a backup
Wrapped = Mapping[str, tuple[str, bytes]]


def write(store: Store, keys: KeyStore | None, path: Path) -> None:
    """Writes a consistent copy, with the wrapped keys of `keys` if it is given.

    Raises ConfigError if the file exists.
    """
    try:
        with private_file(path, replace=False) as copy:
            store.copy(copy)
            if keys is not None:  # after the rows: a subject forgotten meanwhile stays forgotten
                _add_keys(copy, keys.snapshot())
    except FileExistsError:
        raise ConfigError(f"{path} exists; a backup is never overwritten") from None


def restore(path: Path, target: Path, key_store: Path, keyring: Keyring) -> None:
    """Makes the database `target` from a backup. Its keys count only if there is no key store.

    The audit log says so in a record, which becomes the new anchor: records that were written
    after the backup are gone with the database they were in.
    """
    if not path.is_file():
        raise ConfigError(f"no backup at {path}")
    try:
        with private_file(target, replace=False) as copy:
            shutil.copyfile(path, copy)
            held = _take_keys(copy)
            lost = None
            if key_store.exists():
                held, lost = _present_keys(key_store, keyring)
            if held is None:
                raise ConfigError(
                    f"the backup {path} holds no keys, and there is no key store at {key_store}"
                )
            with _new_key_store(key_store, keyring, held) as keys:
                _settle(copy, keys, lost)
    except FileExistsError:
        raise ConfigError(f"{target} exists: move that gallery away before a restore") from None


def _settle(copy: Path, keys: KeyStore, lost: tuple[int, str] | None) -> None:
    """Checks that the rows go with the keys, and continues the audit log. Events of sightings go
    on above all numbers that receivers may have seen.
    """
    with closing(Store(copy)) as store, store.write() as c:
        key = keys.get(rows.get_meta(c, OWN_UID) or "")
        if key is None:
            raise WrongKey("the backup is another gallery's: its key is not in the key store")
        if rows.stray_owners(c, keys.owners()):
            rows.set_meta(c, KEEP_KEYS, "of subjects enrolled after the backup")
        sightingrows.take_seqs(c, LEAP)
        details = {"kind": "backup", "anchor_seq": lost and lost[0], "anchor_mac": lost and lost[1]}
        chain = AuditChain(key.derive("visavis/audit"))
        keys.set_anchor(*chain.append(c, [AuditEntry(Action.IMPORT, details=details)]))


def _add_keys(copy: Path, wrapped: Wrapped) -> None:
    with closing(sqlite3.connect(copy)) as db, db:
        db.execute(f"CREATE TABLE {BACKED_UP_KEYS} (owner TEXT, kek TEXT, wrapped BLOB)")
        db.executemany(
            f"INSERT INTO {BACKED_UP_KEYS} VALUES (?, ?, ?)",  # nosec B608: a constant
            [(owner, *key) for owner, key in wrapped.items()],
        )


def _take_keys(copy: Path) -> Wrapped | None:
    """Takes the keys out of a backup; None if it has none. Raises ConfigError for damage."""
    try:
        with closing(sqlite3.connect(copy)) as db:
            if db.execute("PRAGMA quick_check").fetchall() != [("ok",)]:
                raise sqlite3.DatabaseError("it is damaged")
            tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
            if BACKED_UP_KEYS not in tables:
                return None
            columns = f"SELECT owner, kek, wrapped FROM {BACKED_UP_KEYS}"  # nosec B608: a constant
            found = db.execute(columns).fetchall()
            db.execute("PRAGMA secure_delete = ON")
            db.execute(f"DROP TABLE {BACKED_UP_KEYS}")
            db.commit()
            db.execute("VACUUM")
    except sqlite3.Error as error:
        raise ConfigError(f"the file is no backup of a gallery: {error}") from None
    return {owner: (kek, wrapped) for owner, kek, wrapped in found}


def _present_keys(path: Path, keyring: Keyring) -> tuple[Wrapped, tuple[int, str] | None]:
    """The keys and the anchor of the key store that is there."""
    with closing(KeyStore(path, keyring)) as keys:
        found = keys.snapshot(), keys.anchor()
    if path.with_name(path.name + "-wal").exists():
        raise ConfigError(f"the key store {path} is in use: stop what has it open, then restore")
    return found


@contextmanager
def _new_key_store(path: Path, keyring: Keyring, wrapped: Wrapped) -> Iterator[KeyStore]:
    """A key store of these keys, without an anchor, that takes its place at the end."""
    draft = path.with_name(f".{path.name}.restored")
    draft.unlink(missing_ok=True)
    try:
        with closing(KeyStore(draft, keyring)) as keys:
            keys.restore(wrapped)
            yield keys
        with private_file(path, replace=True) as fresh:
            shutil.copyfile(draft, fresh)
    finally:
        draft.unlink(missing_ok=True)
