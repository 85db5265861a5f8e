"""The same request twice, done once: what an `Idempotency-Key` header promises.

A row is written before the work and completed after it, so that a retry finds out: done (and what
was answered), under way, or cut off by the end of the process. Rows hold digests, a status and a
short JSON that the route chooses (ids of templates): nothing biometric, no subject's id. They are
not sealed, so routes must keep it that way.
"""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from sqlalchemy import (
    Column,
    Connection,
    Delete,
    Integer,
    Table,
    Text,
    Update,
    delete,
    insert,
    select,
    update,
)

from visavis.errors import ConfigError, InputError, VisavisError
from visavis.gallery.sealing import stamp
from visavis.gallery.vault import length_prefixed
from visavis.service.database import ServiceDatabase, metadata

LONGEST_KEY = 200
PENDING = "pending"
DONE = "done"

table = Table(
    "idempotency",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("request_hash", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("status", Integer),
    Column("body", Text),
    Column("created_at", Text, nullable=False, index=True),
)


class IdempotencyMismatch(InputError):
    """Raised when an idempotency key comes again with another request."""

    code = "idempotency_mismatch"


class InProgress(VisavisError):
    """Raised while the first request with the key is being served; `retry_after` in seconds."""

    code = "idempotency_in_progress"
    retry_after = 1.0


@dataclass(frozen=True, slots=True)
class Fresh:
    """The first request with its key: do the work."""


@dataclass(frozen=True, slots=True)
class Stored:
    """The request was done before: what was answered."""

    status: int
    body: str


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The request was begun and nobody knows how it ended: the audit log tells whether it did."""


Begun: TypeAlias = Fresh | Stored | Interrupted


class Idempotency:
    """Which requests were begun and done, for the time `keep`. Thread-safe; one process at a time.

    After Fresh or Interrupted the request is the caller's until exactly one of `finish`, `abandon`
    or `leave` is called. Do it all in one piece of work on a worker's thread: it waits for the
    disk, and it is not cut short when the client goes.
    """

    def __init__(
        self,
        database: ServiceDatabase,
        keep: timedelta = timedelta(hours=24),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Raises ConfigError for no time to keep."""
        if keep <= timedelta(0):
            raise ConfigError(f"expected to keep idempotency keys for some time, got {keep}")
        self._database = database
        self._keep = keep
        self._clock = clock
        self._running: set[str] = set()
        self._lock = threading.Lock()

    @staticmethod
    def digest(key_id: str, method: str, path: str, idempotency_key: str) -> str:
        """SHA-256 (hexadecimal) of what makes a request the same one.

        Raises InputError unless the key has 1 to 200 printable ASCII characters.
        """
        printable = idempotency_key.isascii() and idempotency_key.isprintable()
        if not printable or not 1 <= len(idempotency_key) <= LONGEST_KEY:
            raise InputError(
                f"expected an idempotency key of 1 to {LONGEST_KEY} printable ASCII characters, "
                f"got {len(idempotency_key)}{'' if printable else ', not all of them printable'}"
            )
        parts = (key_id, method, path, idempotency_key)
        return hashlib.sha256(length_prefixed(parts)).hexdigest()

    def begin(self, digest: str, request_hash: str) -> Begun:
        """Whether to do the request, and writes down, durably, that it was begun.

        Raises IdempotencyMismatch for another request, InProgress while the first is served.
        """
        with self._lock:
            with self._database.write() as connection:
                self._forget(connection)
                begun = self._begun(connection, digest, request_hash)
                if isinstance(begun, Fresh):
                    row = {"digest": digest, "request_hash": request_hash, "state": PENDING}
                    created = stamp(self._clock())
                    connection.execute(insert(table).values(**row, created_at=created))
            if not isinstance(begun, Stored):
                self._running.add(digest)
            return begun

    def finish(self, digest: str, status: int, body: str) -> None:
        """Keeps the answer for those who ask again. Should this fail, they get Interrupted."""
        done = update(table).where(table.c.digest == digest)
        self._end(digest, done.values(state=DONE, status=status, body=body))

    def abandon(self, digest: str) -> None:
        """Forgets a request that failed and changed nothing: the next one is fresh."""
        self._end(digest, delete(table).where(table.c.digest == digest))

    def leave(self, digest: str) -> None:
        """The request ended and nobody knows how: the next one with its key gets Interrupted."""
        with self._lock:
            self._running.discard(digest)

    def sweep(self) -> int:
        """Deletes what is older than `keep` and not being served, and says how many."""
        with self._lock, self._database.write() as connection:
            return self._forget(connection)

    def _begun(self, connection: Connection, digest: str, request_hash: str) -> Begun:
        row = connection.execute(select(table).where(table.c.digest == digest)).one_or_none()
        if row is None:
            return Fresh()
        if row.request_hash != request_hash:
            raise IdempotencyMismatch(
                "expected the same request as before with this idempotency key, got another"
            )
        if row.state == DONE:
            return Stored(row.status, row.body)
        if digest in self._running:
            raise InProgress(
                "expected the first request with this idempotency key to have ended, got one that "
                "is being served"
            )
        return Interrupted()

    def _end(self, digest: str, change: Update | Delete) -> None:
        with self._lock:
            try:
                with self._database.write() as connection:
                    connection.execute(change)
            finally:
                self._running.discard(digest)

    def _forget(self, connection: Connection) -> int:
        old = table.c.created_at <= stamp(self._clock() - self._keep)
        done = table.c.digest.not_in(self._running)
        return connection.execute(delete(table).where(old, done)).rowcount
