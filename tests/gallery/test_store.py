import os
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import insert, inspect, select, text

from visavis.errors import ConfigError, GalleryError
from visavis.gallery import rows, schema
from visavis.gallery.store import Store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "gallery.db"


def collection(store: Store) -> int:
    values = {"uid": "u", "name": "n", "model": "m", "dim": 2, "created_at": "2026"}
    with store.write() as c:
        rows.add_collection(c, **values, keep_crops=False)
        found = rows.collection_named(c, "n")
    assert found is not None
    return found.id


def subject(store: Store, number: int, name: str) -> rows.SubjectRow:
    with store.write() as c:
        revision = rows.next_revision(c, number).revision
        values = {"collection": number, "uid": f"owner {name}", "lookup": name}
        more = {"profile": b"p", "created_at": "2026", "expires_at": None, "revision": revision}
        return rows.add_subjects(c, [values | more])[name]


def test_settings_that_durability_and_deletion_rest_on(path: Path) -> None:
    store = Store(path)
    with store.read() as c:
        for pragma, value in (("synchronous", 2), ("secure_delete", 1), ("foreign_keys", 1)):
            assert c.scalar(text(f"PRAGMA {pragma}")) == value
        assert c.scalar(text("PRAGMA journal_mode")) == "wal"
    assert path.stat().st_mode & 0o777 == 0o600
    store.close()


def test_a_failed_write_leaves_nothing(path: Path) -> None:
    store = Store(path)
    number = collection(store)

    def fail() -> None:
        with store.write() as c:
            rows.set_collection(c, number, name="other")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with store.read() as c:
        assert rows.collection(c, number).name == "n"
    store.close()


def test_a_read_sees_one_state(path: Path) -> None:
    store = Store(path)
    number = collection(store)
    with store.read() as c:
        assert rows.collection(c, number).revision == 0
        with store.write() as other:
            rows.next_revision(other, number)
        assert rows.collection(c, number).revision == 0
    with store.read() as c:
        assert rows.collection(c, number).revision == 1
    store.close()


def test_version_tells_writes_of_own_and_other_stores(path: Path) -> None:
    one, two = Store(path), Store(path)
    number = collection(one)
    seen = two.version()
    assert two.version() == seen
    with one.write() as c:
        rows.next_revision(c, number)
    assert two.version() != seen
    seen = one.version()
    with one.write() as c:
        rows.next_revision(c, number)
    assert one.version() != seen
    one.close()
    two.close()


def test_writers_of_many_threads_and_two_stores_take_turns(path: Path) -> None:
    stores = [Store(path), Store(path)]
    number = collection(stores[0])

    def count(store: Store) -> None:
        for _ in range(20):
            with store.write() as c:
                rows.next_revision(c, number)

    threads = [threading.Thread(target=count, args=(stores[i % 2],)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with stores[0].read() as c:
        assert rows.collection(c, number).revision == 120
    for store in stores:
        store.close()


def test_changes_and_removals_since_a_revision(path: Path) -> None:
    store = Store(path)
    number = collection(store)
    ada, ben = subject(store, number, "ada"), subject(store, number, "ben")
    with store.write() as c:
        rows.add_templates(c, [rows.TemplateRow(i, ben.id, ben.uid, b"t", "2026") for i in (7, 8)])
    with store.read() as c:
        changed = [row for part in rows.changes(c, number, ada.revision) for row in part]
        assert [(row[0], row[4]) for row in changed] == [(ben.id, 7), (ben.id, 8)]
        everything = [row for part in rows.changes(c, number, -1) for row in part]
        assert everything[0][0] == ada.id
        assert everything[0][4] is None
    with store.write() as c:
        rows.drop_subjects(c, number, [ben.id], rows.next_revision(c, number).revision)
    with store.read() as c:
        assert rows.removed_subjects(c, number, ben.revision) == [ben.id]
        assert rows.removed_subjects(c, number, ben.revision + 1) == []
        assert rows.counts(c, number) == (1, 0)
    store.close()


def test_row_numbers_of_removed_subjects_are_not_used_again(path: Path) -> None:
    store = Store(path)
    number = collection(store)
    first = subject(store, number, "ada")
    with store.write() as c:
        rows.drop_subjects(c, number, [first.id], rows.next_revision(c, number).revision)
    assert subject(store, number, "ada").id > first.id
    store.close()


def old_database(path: Path) -> None:
    """A database as schema 1 had it: no crops."""
    with sqlite3.connect(path) as db:
        db.executescript(
            """
            CREATE TABLE meta (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);
            INSERT INTO meta VALUES ('schema', '1');
            CREATE TABLE collections (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
              uid TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE, model TEXT NOT NULL,
              dim INTEGER NOT NULL, created_at TEXT NOT NULL,
              revision INTEGER DEFAULT '0' NOT NULL);
            INSERT INTO collections VALUES (1, 'u', 'n', 'm', 2, '2026', 4);
            CREATE TABLE subjects (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
              collection INTEGER NOT NULL REFERENCES collections (id), uid TEXT NOT NULL UNIQUE,
              lookup TEXT NOT NULL, profile BLOB NOT NULL, created_at TEXT NOT NULL,
              expires_at TEXT, revision INTEGER NOT NULL, UNIQUE (collection, lookup));
            CREATE TABLE templates (id INTEGER NOT NULL PRIMARY KEY,
              subject INTEGER NOT NULL REFERENCES subjects (id), owner TEXT NOT NULL,
              sealed BLOB NOT NULL, enrolled_at TEXT NOT NULL);
            """
        )


def test_brings_an_older_schema_up_to_date(path: Path, tmp_path: Path) -> None:
    old_database(path)
    for _ in range(2):  # the second time there is nothing left to do
        store = Store(path)
        with store.read() as c:
            head = rows.collection(c, 1)
            assert (head.name, head.revision, head.keep_crops) == ("n", 4, False)
            assert schema.schema_number(c) == schema.CURRENT
            migrated = {col["name"] for col in inspect(c).get_columns("collections")}
            assert c.execute(select(schema.crops)).all() == []
        store.close()
    fresh = Store(tmp_path / "fresh.db")
    with fresh.read() as c:
        assert migrated == {col["name"] for col in inspect(c).get_columns("collections")}
    fresh.close()


def schema_2(path: Path) -> None:
    """A database as schema 2 had it: crops, no sightings."""
    old_database(path)
    with sqlite3.connect(path) as db:
        db.executescript(
            """
            ALTER TABLE collections ADD COLUMN keep_crops BOOLEAN DEFAULT '0' NOT NULL;
            CREATE TABLE crops (template INTEGER NOT NULL PRIMARY KEY
              REFERENCES templates (id), sealed BLOB NOT NULL);
            UPDATE meta SET value = '2' WHERE key = 'schema';
            """
        )


@pytest.mark.parametrize("older", [old_database, schema_2])
def test_an_older_database_gets_the_tables_of_sightings(
    older: Callable[[Path], None], path: Path, tmp_path: Path
) -> None:
    older(path)
    for file in (path, tmp_path / "fresh.db"):
        Store(file).close()
    names = ("sightings", "shots", "sighting_events", "receivers")
    shape = "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = ? ORDER BY name"
    old, fresh = sqlite3.connect(path), sqlite3.connect(tmp_path / "fresh.db")
    for name in names:
        made = old.execute(shape, [name]).fetchall()
        assert made == fresh.execute(shape, [name]).fetchall() != []
    assert old.execute("SELECT name, revision FROM collections").fetchall() == [("n", 4)]
    old.close()
    fresh.close()


def test_a_migration_that_fails_changes_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old_database(path)
    before = sqlite3.connect(path).execute("SELECT sql FROM sqlite_master").fetchall()

    def broken(_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, broken))
        patch.setattr(schema, "CURRENT", schema.CURRENT + 1)
        with pytest.raises(RuntimeError):
            Store(path)
    assert sqlite3.connect(path).execute("SELECT sql FROM sqlite_master").fetchall() == before
    Store(path).close()


def test_refuses_other_files(path: Path) -> None:
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(ConfigError, match=r"gallery\.db"):
        Store(path)
    assert path.read_bytes() == b"not a database" * 100
    path.unlink()
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE t (x)")
    with pytest.raises(ConfigError, match="another kind"):
        Store(path)


def test_refuses_a_newer_schema(path: Path) -> None:
    store = Store(path)
    with store.write() as c:
        rows.set_meta(c, schema.NUMBER, "99")
    store.close()
    with pytest.raises(ConfigError, match="99"):
        Store(path)


def test_errors_of_the_database_are_typed_and_show_no_values(path: Path) -> None:
    store = Store(path)
    collection(store)
    values = {"uid": "secret uid", "name": "n", "model": "m", "dim": 2, "created_at": "2026"}
    with pytest.raises(GalleryError) as caught, store.write() as c:
        c.execute(insert(schema.collections).values(**values))
    assert "secret uid" not in str(caught.value)
    store.close()


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")
def test_a_full_disk_is_a_typed_error_and_nothing_is_half_written(path: Path) -> None:
    store = Store(path)
    number = collection(store)
    with store.read() as c:
        pages = c.scalar(text("PRAGMA page_count"))

    def fill() -> None:
        with store.write() as c:
            c.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
            rows.set_collection(c, number, name="x" * 100_000)

    with pytest.raises(GalleryError, match="full"):
        fill()
    with store.read() as c:
        assert rows.collection(c, number).name == "n"
    store.close()


def test_cutting_the_log_does_not_wait_long_for_readers(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("visavis.gallery.store.CUT_SECONDS", 0.05)
    store = Store(path)
    number = collection(store)
    log = path.with_name("gallery.db-wal")
    assert store.cut_log()
    assert log.stat().st_size == 0
    with store.read() as c:
        rows.collection(c, number)
        with store.write() as other:
            rows.next_revision(other, number)
        assert not store.cut_log()
    assert store.cut_log()
    store.close()
