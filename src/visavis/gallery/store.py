"""The gallery's database file: connections, transactions, and whether others have written."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, exc

from visavis.errors import ConfigError, GalleryError
from visavis.gallery import schema
from visavis.gallery.vault import private_file

BUSY_SECONDS = 30.0
CUT_SECONDS = 2.0
PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "secure_delete = ON",
    "foreign_keys = ON",
    "temp_store = MEMORY",
    "trusted_schema = OFF",
)


class Busy(GalleryError):
    """Another process is writing, and was for longer than one would wait."""

    code = "busy"


class Store:
    """One SQLite file. What a write transaction did is synced to disk when its block ends.

    Safe for threads, and for processes that each open it themselves. Raises GalleryError where
    SQLite refuses: a full disk, a damaged file, a lock held for more than 30 seconds.
    """

    def __init__(self, path: Path) -> None:
        """Opens the file, or makes it with mode 0600; brings its schema up to date.

        Raises ConfigError for a file of another kind or of a newer Visavis.
        """
        self.path = path
        self._writing = Lock()  # threads queue here; processes at BEGIN IMMEDIATE
        self._watching = Lock()
        self._engine = _engine(path)
        try:
            with _typed_errors(path):
                if not path.exists():
                    _create(path)
                self._watch = _connect(path)
            with self.read() as connection:
                current = schema.is_current(connection)
            if not current:
                with self.write() as connection:
                    schema.prepare(connection)
        except GalleryError as error:
            self.close()
            raise ConfigError(f"{path} cannot be opened as a gallery: {error}") from error
        except BaseException:
            self.close()
            raise

    @contextmanager
    def write(self, wait: float = BUSY_SECONDS) -> Iterator[Connection]:
        """A transaction that holds the write lock from its start; committed at the end.

        Raises Busy if another process holds the lock for longer than `wait` seconds.
        """
        options = {"visavis_wait": wait}
        with (
            self._writing,
            _typed_errors(self.path),
            self._engine.connect().execution_options(**options) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database throughout."""
        with _typed_errors(self.path), self._engine.connect() as connection:
            yield connection

    def version(self) -> int:
        """A number that changes whenever anybody, also another process, has committed."""
        with self._watching, _typed_errors(self.path):
            return int(self._watch.execute("PRAGMA data_version").fetchone()[0])

    def cut_log(self) -> bool:
        """Folds the write-ahead log into the file and empties it, so that what was deleted is on
        disk no longer; False if a reader stood in the way.
        """
        with _typed_errors(self.path), closing(_connect(self.path, CUT_SECONDS)) as connection:
            return not connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]

    def copy(self, target: Path) -> None:
        """Writes one consistent state to an empty file, without a trace of deleted rows."""
        with _typed_errors(self.path), closing(_connect(self.path)) as connection:
            connection.execute("VACUUM INTO ?", (str(target),))

    def close(self) -> None:
        """Closes all connections; the store cannot be used afterwards."""
        self._engine.dispose()
        if hasattr(self, "_watch"):
            self._watch.close()


def _create(path: Path) -> None:
    """An empty database in WAL mode appears at `path`, ready for several processes at once."""
    try:
        with (
            private_file(path, replace=False) as temporary,
            closing(_connect(temporary)) as connection,
        ):
            connection.execute("PRAGMA user_version = 1")  # writes the file's header
    except FileExistsError:
        return  # another process was first


def _connect(path: Path, timeout: float = BUSY_SECONDS) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=timeout, isolation_level=None, check_same_thread=False
    )
    try:
        _configure(connection, None)
    except BaseException:
        connection.close()
        raise
    return connection


def _engine(path: Path) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
        max_overflow=-1,
        hide_parameters=True,
    )
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def _configure(connection: sqlite3.Connection, _: Any) -> None:
    connection.isolation_level = None  # transactions begin where we say
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    wait = connection.get_execution_options().get("visavis_wait")
    if wait is None:
        connection.exec_driver_sql("BEGIN")
    else:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(wait * 1000)}")
        connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextmanager
def _typed_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise GalleryError(f"the database {path} cannot be used: {error}") from error
    except exc.DBAPIError as error:
        if getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
            raise Busy(f"another process holds the database {path} locked") from error
        raise GalleryError(f"the database {path} cannot be used: {error.orig}") from error
    except exc.SQLAlchemyError as error:
        raise GalleryError(f"the database {path}: {type(error).__name__}") from error
