"""The service's own database: API keys and whatever else it must remember besides the gallery."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, Final

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    MetaData,
    PoolProxiedConnection,
    create_engine,
    event,
    exc,
    inspect,
)

from visavis.errors import ConfigError, VisavisError
from visavis.gallery.store import BUSY_SECONDS, PRAGMAS
from visavis.gallery.vault import private_file

APPLICATION: Final = 0x56735376  # "VsSv", in the file's header: not another program's
SCHEMA: Final = 1

metadata = MetaData()
"""Each module of the service that stores something declares its tables here."""


class DatabaseUnusable(VisavisError):
    """Raised where SQLite refuses: a full disk, a damaged file, a lock held for too long."""

    code = "database"


class ServiceDatabase:
    """One SQLite file. What a write transaction did is synced to disk when its block ends.

    Safe for threads, and for processes that each open it themselves (after a fork, not before).
    """

    def __init__(self, path: Path) -> None:
        """Opens the file, or makes it with mode 0600; makes the tables that it lacks.

        Raises ConfigError for a file of another kind or of a newer Visavis.
        """
        self.path = path
        self._writing = Lock()  # threads queue here; processes at BEGIN IMMEDIATE
        self._watching = Lock()
        self._engine = _engine(path)
        self._watch: PoolProxiedConnection | None = None
        try:
            self._open()
        except (DatabaseUnusable, OSError) as error:
            self.close()
            raise ConfigError(f"{path} is no database of the service: {error}") from error
        except BaseException:
            self.close()
            raise

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database throughout."""
        with _refusals(self.path), self._engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that holds the write lock from its start; committed at the end.

        Raises DatabaseUnusable if another process holds the lock for longer than 30 seconds.
        """
        with self._writing, _refusals(self.path), self._engine.begin() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection

    def version(self) -> int:
        """A number that changes whenever anybody, also another process, has committed."""
        with self._watching, _refusals(self.path):
            if self._watch is None:
                raise DatabaseUnusable(f"the service's database {self.path} is closed")
            cursor = self._watch.cursor()
            cursor.execute("PRAGMA data_version")
            return int(cursor.fetchall()[0][0])

    def close(self) -> None:
        """Closes all connections; the database cannot be used afterwards."""
        with self._watching:
            if self._watch is not None:
                self._watch.close()
            self._watch = None
        self._engine.dispose()

    def _open(self) -> None:
        with _refusals(self.path):
            if not self.path.exists():
                _create(self.path)
            _check(self.path)
            self._watch = self._engine.raw_connection()
        with self.read() as connection:
            complete = set(inspect(connection).get_table_names()) >= metadata.tables.keys()
        if not complete:
            with self.write() as connection:
                metadata.create_all(connection)


def service_database_of(gallery: Path) -> Path:
    """Where the service of a gallery keeps its database: in a folder beside the gallery's."""
    whole = Path(gallery).absolute()
    return whole.with_name(f"{whole.name}-service") / "service.db"


def _create(path: Path) -> None:
    try:
        with (
            private_file(path, replace=False) as temporary,
            closing(sqlite3.connect(temporary, isolation_level=None)) as connection,
        ):
            _configure(connection, None)
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute(f"PRAGMA user_version = {SCHEMA}")
    except FileExistsError:
        return  # another process was first


def _check(path: Path) -> None:
    """Reads the header alone: another program's file is left as it is."""
    with closing(sqlite3.connect(path)) as connection:
        application, schema = (
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("application_id", "user_version")
        )
    if application != APPLICATION:
        raise ConfigError(f"expected a database of the service, got another kind of file: {path}")
    if schema != SCHEMA:
        raise ConfigError(f"expected schema {SCHEMA} of the service, got {schema}: {path}")


def _engine(path: Path) -> Engine:
    url = URL.create("sqlite", database=str(path))
    options = {"timeout": BUSY_SECONDS, "check_same_thread": False}
    engine = create_engine(url, connect_args=options, max_overflow=-1, hide_parameters=True)
    event.listen(engine, "connect", _configure)
    return engine


def _configure(connection: sqlite3.Connection, _: Any) -> None:
    connection.isolation_level = None  # transactions begin where `read` and `write` say
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


@contextmanager
def _refusals(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, exc.SQLAlchemyError) as error:
        orig = error.orig if isinstance(error, exc.DBAPIError) else error
        why = str(orig) if isinstance(orig, sqlite3.Error) else type(error).__name__
        raise DatabaseUnusable(f"the service's database {path} cannot be used: {why}") from error
