"""Cameras as rows: nothing of where they are in the clear, and each opens in its own row alone."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import update

from visavis.errors import TamperedTemplate
from visavis.service.cameras.store import CameraStore, table
from visavis.service.cameras.values import Camera, DuplicateCamera
from visavis.service.database import ServiceDatabase
from visavis.service.errors import NotHere
from visavis.serving import CameraOptions

DOOR = Camera(
    id="a" * 24,
    name="door",
    collection="staff",
    source="rtsp://user:secret@cam/1",
    options=CameraOptions(cooldown=7),
    asked={"fpir": 0.001},
    enabled=False,
    created_at=datetime(2030, 1, 1, tzinfo=UTC),
)
GATE = replace(DOOR, id="b" * 24, name="gate", source="rtsp://gate/1")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[ServiceDatabase]:
    found = ServiceDatabase(tmp_path / "service.db")
    yield found
    found.close()


@pytest.fixture
def store(database: ServiceDatabase) -> CameraStore:
    return CameraStore(database, bytes(32))


def test_a_camera_comes_back_as_it_was(store: CameraStore) -> None:
    store.add(DOOR)
    store.add(GATE)
    assert store.get(DOOR.id) == DOOR
    assert store.all() == [DOOR, GATE]
    store.change(replace(DOOR, name="front", enabled=True))
    assert store.get(DOOR.id) == replace(DOOR, name="front", enabled=True)
    store.delete(DOOR.id)
    assert store.all() == [GATE]


def test_names_are_taken_once(store: CameraStore) -> None:
    store.add(DOOR)
    store.add(GATE)
    with pytest.raises(DuplicateCamera):
        store.add(replace(DOOR, id="c" * 24))
    with pytest.raises(DuplicateCamera):
        store.change(replace(GATE, name="door"))
    store.change(replace(GATE, enabled=True))


def test_one_that_is_not_there(store: CameraStore) -> None:
    for what in (store.get, store.delete):
        with pytest.raises(NotHere):
            what(DOOR.id)
    with pytest.raises(NotHere):
        store.change(DOOR)


def test_another_key_or_another_row_opens_nothing(
    database: ServiceDatabase, store: CameraStore
) -> None:
    store.add(DOOR)
    with pytest.raises(TamperedTemplate):
        CameraStore(database, bytes([1]) * 32).all()
    with database.write() as c:
        c.execute(update(table).values(id=GATE.id))
    with pytest.raises(TamperedTemplate):
        store.get(GATE.id)


def test_the_source_is_nowhere_in_the_clear(database: ServiceDatabase, store: CameraStore) -> None:
    store.add(DOOR)
    database.close()
    for file in database.path.parent.iterdir():
        assert b"secret" not in file.read_bytes()
    assert "secret" not in repr(DOOR)
