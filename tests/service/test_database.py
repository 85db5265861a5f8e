"""The service's database: durable, private, and nobody else's."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text, insert, inspect, select, text

from visavis.errors import ConfigError
from visavis.gallery.store import Store
from visavis.service import database as module
from visavis.service.database import DatabaseUnusable, ServiceDatabase, service_database_of


@pytest.fixture(autouse=True)
def things(monkeypatch: pytest.MonkeyPatch) -> Table:
    """A table of the test's, in place of the service's."""
    metadata = MetaData()
    monkeypatch.setattr(module, "metadata", metadata)
    columns = Column("id", Integer, primary_key=True), Column("word", Text, unique=True)
    return Table("things", metadata, *columns)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "beside" / "service.db"


@pytest.fixture
def database(path: Path) -> Iterator[ServiceDatabase]:
    with closing(ServiceDatabase(path)) as opened:
        yield opened


def words(database: ServiceDatabase, things: Table) -> list[str]:
    with database.read() as c:
        return list(c.scalars(select(things.c.word).order_by(things.c.id)))


def add(database: ServiceDatabase, things: Table, word: str) -> None:
    with database.write() as c:
        c.execute(insert(things).values(word=word))


def test_settings_that_durability_and_deletion_rest_on(database: ServiceDatabase) -> None:
    expected = {"synchronous": 2, "secure_delete": 1, "foreign_keys": 1, "trusted_schema": 0}
    for block in (database.read, database.write):
        with block() as c:
            found = {name: c.scalar(text(f"PRAGMA {name}")) for name in expected}
            assert found == expected
            assert c.scalar(text("PRAGMA journal_mode")) == "wal"
            assert c.scalar(text("PRAGMA busy_timeout")) == 30_000


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")
def test_nobody_else_may_read_it(database: ServiceDatabase, things: Table) -> None:
    add(database, things, "one")
    found = {p.name: p.stat().st_mode & 0o777 for p in database.path.parent.iterdir()}
    assert set(found) >= {"service.db", "service.db-wal"}
    assert set(found.values()) == {0o600}
    assert database.path.parent.stat().st_mode & 0o777 == 0o700


def test_what_was_written_is_there_when_opened_again(
    database: ServiceDatabase, path: Path, things: Table
) -> None:
    add(database, things, "one")
    with closing(ServiceDatabase(path)) as again:
        assert words(again, things) == ["one"]


def test_a_failed_write_leaves_nothing(database: ServiceDatabase, things: Table) -> None:
    def fail() -> None:
        with database.write() as c:
            c.execute(insert(things).values(word="one"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert words(database, things) == []


def test_a_read_sees_one_state(database: ServiceDatabase, things: Table) -> None:
    with database.read() as c:
        assert c.scalars(select(things.c.word)).all() == []
        add(database, things, "one")
        assert c.scalars(select(things.c.word)).all() == []
    assert words(database, things) == ["one"]


def test_a_read_leaves_nothing_behind(database: ServiceDatabase, things: Table) -> None:
    with database.read() as c:
        c.execute(insert(things).values(word="one"))
    assert words(database, things) == []


def test_version_tells_writes_of_own_and_other_connections(
    database: ServiceDatabase, path: Path, things: Table
) -> None:
    with closing(ServiceDatabase(path)) as other:
        seen = database.version()
        assert words(database, things) == []
        assert database.version() == seen
        for writer in (database, other):
            add(writer, things, f"by {id(writer)}")
            assert database.version() != seen
            seen = database.version()


def test_writers_of_many_threads_and_two_openings_take_turns(
    database: ServiceDatabase, path: Path, things: Table
) -> None:
    with closing(ServiceDatabase(path)) as other:

        def count(number: int) -> None:
            for turn in range(10):
                with (database, other)[number % 2].write() as c:
                    c.execute(select(things)).all()
                    c.execute(insert(things).values(word=f"{number} {turn}"))

        threads = [threading.Thread(target=count, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(words(database, things)) == 40


def test_many_who_make_it_at_once_get_one_database(path: Path, things: Table) -> None:
    opened: list[ServiceDatabase] = []
    threads = [
        threading.Thread(target=lambda: opened.append(ServiceDatabase(path))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    add(opened[0], things, "one")
    assert [words(each, things) for each in opened] == [["one"]] * 4
    for each in opened:
        each.close()


def test_tables_declared_later_are_made_at_the_next_opening(
    database: ServiceDatabase, path: Path, things: Table
) -> None:
    add(database, things, "one")
    more = Table("more", things.metadata, Column("id", Integer, primary_key=True))
    with closing(ServiceDatabase(path)) as again:
        with again.read() as c:
            assert inspect(c).get_table_names() == ["more", "things"]
            assert c.execute(select(more)).all() == []
        assert words(again, things) == ["one"]


def test_refuses_other_files_and_leaves_them_as_they_are(tmp_path: Path) -> None:
    text_file, foreign, gallery = (tmp_path / name for name in ("a.txt", "b.db", "gallery.db"))
    text_file.write_bytes(b"not a database" * 100)
    with closing(sqlite3.connect(foreign)) as db:
        db.execute("CREATE TABLE t (x)")
    Store(gallery).close()
    for path in (text_file, foreign, gallery):
        before = path.read_bytes()
        with pytest.raises(ConfigError, match=path.name):
            ServiceDatabase(path)
        assert path.read_bytes() == before


def test_refuses_a_newer_schema(database: ServiceDatabase, path: Path) -> None:
    with database.write() as c:
        c.exec_driver_sql("PRAGMA user_version = 99")
    with pytest.raises(ConfigError, match=r"schema 1 .* got 99"):
        ServiceDatabase(path)


def test_refuses_a_place_where_no_file_can_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="file"):
        ServiceDatabase(tmp_path / "file" / "service.db")
    with pytest.raises(ConfigError):
        ServiceDatabase(tmp_path)


def test_errors_of_the_database_are_typed_and_show_no_values(
    database: ServiceDatabase, things: Table
) -> None:
    add(database, things, "a secret")
    with pytest.raises(DatabaseUnusable, match="UNIQUE") as caught:
        add(database, things, "a secret")
    assert caught.value.code == "database"
    assert "a secret" not in f"{caught.value} {caught.value.__cause__}"


def test_a_full_disk_is_a_typed_error_and_nothing_is_half_written(
    database: ServiceDatabase, things: Table
) -> None:
    def fill() -> None:
        with database.write() as c:
            pages = c.scalar(text("PRAGMA page_count"))
            c.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
            c.execute(insert(things).values(word="x" * 100_000))

    with pytest.raises(DatabaseUnusable, match="full"):
        fill()
    assert words(database, things) == []


def test_a_lock_held_by_another_process_is_a_typed_error(
    path: Path, things: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BUSY_SECONDS", 0.01)
    with (
        closing(ServiceDatabase(path)) as database,
        closing(ServiceDatabase(path)) as other,
        other.write(),
        pytest.raises(DatabaseUnusable, match="locked"),
    ):
        add(database, things, "one")


def test_closed_is_closed(database: ServiceDatabase) -> None:
    database.close()
    database.close()
    with pytest.raises(DatabaseUnusable, match="closed"):
        database.version()


def test_lies_in_a_folder_beside_the_gallerys(tmp_path: Path) -> None:
    expected = tmp_path / "gallery-service" / "service.db"
    assert service_database_of(tmp_path / "gallery") == expected
