"""Cameras as rows: where each is stands there sealed, for it may hold a password."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Boolean, Column, Integer, LargeBinary, Row, Table, Text, select
from sqlalchemy import delete as deleting
from sqlalchemy import insert as inserting
from sqlalchemy import update as updating

from visavis.gallery.sealing import stamp
from visavis.gallery.vault import DataKey
from visavis.service.cameras.values import Camera, DuplicateCamera
from visavis.service.database import ServiceDatabase, metadata
from visavis.service.errors import NotHere
from visavis.serving import CameraOptions

table = Table(
    "cameras",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False, unique=True),
    Column("collection", Text, nullable=False),
    Column("options", Text, nullable=False),  # JSON, as asked
    Column("asked", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("created_at", Text, nullable=False),
)
_SOURCE: Final = "visavis/service/cameras/source"


class CameraStore:
    """The cameras that were added by calls. Thread-safe.

    Raises DatabaseUnusable where its database refuses, TamperedTemplate for what does not open.
    """

    def __init__(self, database: ServiceDatabase, key: bytes) -> None:
        """`key` is of 32 bytes, and seals where cameras are."""
        self._database = database
        self._key = DataKey(key)

    def all(self) -> list[Camera]:
        """Every camera, the oldest first."""
        with self._database.read() as c:
            return [self._camera(row) for row in c.execute(select(table).order_by(table.c.number))]

    def get(self, ident: str) -> Camera:
        """Raises NotHere."""
        with self._database.read() as c:
            row = c.execute(select(table).where(table.c.id == ident)).one_or_none()
        if row is None:
            raise NotHere("there is no such camera")
        return self._camera(row)

    def add(self, camera: Camera) -> None:
        """Raises DuplicateCamera where the name is taken."""
        fields = {**self._fields(camera), "created_at": stamp(camera.created_at)}
        with self._database.write() as c:
            self._check_name(c.execute(_named(camera)).all(), camera)
            c.execute(inserting(table).values(**fields))

    def change(self, camera: Camera) -> None:
        """Stores a camera anew. Raises NotHere, DuplicateCamera."""
        with self._database.write() as c:
            self._check_name(c.execute(_named(camera)).all(), camera)
            query = updating(table).where(table.c.id == camera.id).values(**self._fields(camera))
            if not c.execute(query).rowcount:
                raise NotHere("there is no such camera")

    def delete(self, ident: str) -> None:
        """Raises NotHere."""
        with self._database.write() as c:
            if not c.execute(deleting(table).where(table.c.id == ident)).rowcount:
                raise NotHere("there is no such camera")

    def _check_name(self, found: Sequence[Row[Any]], camera: Camera) -> None:
        if any(row.id != camera.id for row in found):
            raise DuplicateCamera(f"the name {camera.name!r} is taken")

    def _fields(self, camera: Camera) -> dict[str, Any]:
        return {
            "id": camera.id,
            "name": camera.name,
            "collection": camera.collection,
            "options": camera.options.model_dump_json(),
            "asked": json.dumps(dict(camera.asked)),
            "enabled": camera.enabled,
            "sealed": self._key.seal(camera.source.encode(), _SOURCE, camera.id),
        }

    def _camera(self, row: Row[Any]) -> Camera:
        return Camera(
            id=row.id,
            name=row.name,
            collection=row.collection,
            source=self._key.unseal(row.sealed, _SOURCE, row.id).decode(),
            options=CameraOptions.model_validate_json(row.options),
            asked=json.loads(row.asked),
            enabled=row.enabled,
            created_at=datetime.fromisoformat(row.created_at).astimezone(UTC),
        )


def _named(camera: Camera) -> Any:
    return select(table.c.id).where(table.c.name == camera.name)
