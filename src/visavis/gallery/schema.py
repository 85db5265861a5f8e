"""The tables of a gallery, and the steps that bring older files up to date.

What is sealed: `subjects.profile` (id, name, metadata, consent), `templates.sealed` (vector and
quality), `crops.sealed`, and what sightings, their events and shots hold. `lookup` and
`sightings.camera` are keyed pseudonyms of the subject's id and the camera's name. Plain are only
collection names, names of receivers, model ids, times, expiry and counts.
"""

from collections.abc import Callable

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    insert,
    inspect,
    select,
    update,
)

from visavis import audit
from visavis.errors import ConfigError

metadata = MetaData()

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
collections = Table(
    "collections",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("uid", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False, unique=True),
    Column("model", Text, nullable=False),
    Column("dim", Integer, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("revision", Integer, nullable=False, server_default="0"),  # of its last change
    Column("keep_crops", Boolean, nullable=False, server_default="0"),
    sqlite_autoincrement=True,
)
subjects = Table(
    "subjects",
    metadata,
    Column("id", Integer, primary_key=True),  # never used twice: removals name it
    Column("collection", ForeignKey("collections.id"), nullable=False),
    Column("uid", Text, nullable=False, unique=True),  # the owner of its data key
    Column("lookup", Text, nullable=False),
    Column("profile", LargeBinary, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("expires_at", Text),
    Column("revision", Integer, nullable=False),  # the collection's when this last changed
    UniqueConstraint("collection", "lookup"),
    Index("subjects_by_revision", "collection", "revision"),
    sqlite_autoincrement=True,
)
templates = Table(
    "templates",
    metadata,
    Column(  # random
        "id",
        BigInteger().with_variant(Integer(), "sqlite"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("subject", ForeignKey("subjects.id"), nullable=False, index=True),
    Column("owner", Text, nullable=False),  # whose key seals it: another subject's after a merge
    Column("sealed", LargeBinary, nullable=False),
    Column("enrolled_at", Text, nullable=False),
)
crops = Table(
    "crops",
    metadata,
    Column("template", ForeignKey("templates.id"), primary_key=True, autoincrement=False),
    Column("sealed", LargeBinary, nullable=False),
)
removals = Table(  # for other processes: drop this subject from memory
    "removals",
    metadata,
    Column("subject", Integer, primary_key=True, autoincrement=False),
    Column("collection", ForeignKey("collections.id"), nullable=False),
    Column("revision", Integer, nullable=False),
    Index("removals_by_revision", "collection", "revision"),
)

sightings = Table(
    "sightings",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("collection", ForeignKey("collections.id"), nullable=False),
    Column("uid", Text, nullable=False, unique=True),
    Column("subject", ForeignKey("subjects.id"), index=True),  # none: somebody unknown
    Column("owner", Text, nullable=False),  # whose key seals it: of somebody unknown, the
    Column("camera", Text, nullable=False),  # collection; after a merge, another subject
    Column("open", Boolean, nullable=False),  # has not left
    Column("last_seen", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Index("sightings_by_time", "collection", "last_seen"),
    sqlite_autoincrement=True,
)
shots = Table(
    "shots",
    metadata,
    Column("sighting", ForeignKey("sightings.id"), primary_key=True, autoincrement=False),
    Column("sealed", LargeBinary, nullable=False),
)
sighting_events = Table(  # sealed with its sighting's key
    "sighting_events",
    metadata,
    Column(
        "seq",
        BigInteger().with_variant(Integer(), "sqlite"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("sighting", ForeignKey("sightings.id"), nullable=False, index=True),
    Column("sealed", LargeBinary, nullable=False),
)
receivers = Table(  # up to which event somebody has them
    "receivers",
    metadata,
    Column("collection", ForeignKey("collections.id"), primary_key=True, autoincrement=False),
    Column("name", Text, primary_key=True),
    Column("delivered", BigInteger, nullable=False),
)

NUMBER = "schema"  # keys of `meta`
LAST_EVENT = "last_event"
OWN_UID = "gallery"
KEEP_KEYS = "keep_keys"

BACKED_UP_KEYS = "backed_up_keys"  # the table that a backup with keys has besides
FIRST = 1  # the schema number of the oldest files


def _kept_crops(connection: Connection) -> None:
    """1 to 2: crops may be kept."""
    connection.exec_driver_sql(
        "ALTER TABLE collections ADD COLUMN keep_crops BOOLEAN DEFAULT '0' NOT NULL"
    )
    crops.create(connection)


def _sightings(connection: Connection) -> None:
    """2 to 3: sightings, their events, and who has received them."""
    for table in (sightings, shots, sighting_events, receivers):
        table.create(connection)


MIGRATIONS: tuple[Callable[[Connection], None], ...] = (_kept_crops, _sightings)
CURRENT = FIRST + len(MIGRATIONS)


def prepare(connection: Connection) -> None:
    """Makes the tables, or brings them up to date, inside the caller's transaction.

    Raises ConfigError for a database of something else, or of a newer Visavis.
    """
    present = inspect(connection).get_table_names()
    if not present:
        metadata.create_all(connection)
        audit.metadata.create_all(connection)
        connection.execute(insert(meta).values(key=NUMBER, value=str(CURRENT)))
        return
    if BACKED_UP_KEYS in present:
        raise ConfigError("expected a gallery database, got a backup with keys: restore it")
    number = schema_number(connection) if meta.name in present else None
    if number is None or not FIRST <= number <= CURRENT:
        raise ConfigError(
            f"expected a gallery database of schema {FIRST} to {CURRENT}, got "
            + ("another kind of database" if number is None else f"schema {number}")
        )
    for step in MIGRATIONS[number - FIRST :]:
        step(connection)
    if number < CURRENT:
        changed = update(meta).where(meta.c.key == NUMBER)
        connection.execute(changed.values(value=str(CURRENT)))


def is_current(connection: Connection) -> bool:
    """Whether `prepare` has nothing to do, which also says what is wrong with other databases."""
    present = inspect(connection).get_table_names()
    ours = meta.name in present and BACKED_UP_KEYS not in present
    return ours and schema_number(connection) == CURRENT


def schema_number(connection: Connection) -> int | None:
    """The schema number that the database says it has."""
    found = connection.scalar(select(meta.c.value).where(meta.c.key == NUMBER))
    return int(found) if found is not None and found.isdecimal() else None
