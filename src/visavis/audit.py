"""The audit log: an append-only chain of records, each authenticated together with the one before.

mac_n = HMAC-SHA256(key, fields of record n, mac_{n-1}). Edits, reorders, insertions and inner cuts
break the chain. A cut tail does not: it shows only against an anchor, a head noted elsewhere. Who
holds the key can write any chain and is outside the model.
"""

import hmac
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from itertools import islice
from types import MappingProxyType, NoneType
from typing import Any, TypeAlias

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    MetaData,
    Row,
    Select,
    Table,
    Text,
    func,
    select,
)

from visavis.errors import BrokenAudit, ConfigError, InputError

Detail: TypeAlias = str | int | float | bool | None
Head: TypeAlias = tuple[int, str]

EMPTY: Head = (0, "")
DOMAIN = "visavis-audit-1"

metadata = MetaData()
table = Table(
    "audit",
    metadata,
    Column(
        "seq",
        BigInteger().with_variant(Integer(), "sqlite"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("at", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("collection", Text),
    Column("subject", Text),
    Column("details", Text, nullable=False),
    Column("mac", Text, nullable=False),
)


class Action(StrEnum):
    """What is recorded: stable codes."""

    ENROL = "enrol"
    VERIFY = "verify"
    IDENTIFY = "identify"
    FORGET = "forget"
    RENAME = "rename"
    MERGE = "merge"
    UPDATE = "update"
    KEYS_ROTATED = "keys_rotated"
    POLICY = "policy"
    EXPORT = "export"
    IMPORT = "import"
    COLLECTION_CREATED = "collection_created"
    REEMBED = "reembed"
    PURGE = "purge"
    DETECT = "detect"
    EMBED = "embed"
    COMPARE = "compare"
    LIVENESS = "liveness"
    CHALLENGE = "challenge"
    COLLECTION_DELETED = "collection_deleted"
    KEY_CREATED = "api_key_created"
    KEY_ROTATED = "api_key_rotated"
    KEY_REVOKED = "api_key_revoked"
    ALERT = "alert"
    JOB = "job"
    CAMERA = "camera"
    SHOT = "sighting_shot"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """What is to be recorded. `subject` is a pseudonym. Raises InputError as `flat` does."""

    action: str
    collection: str | None = None
    subject: str | None = None
    details: Mapping[str, Detail] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "details", flat(self.details))


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One record as stored: `seq` counts from 1, `at` is UTC in ISO 8601, `mac` hexadecimal."""

    seq: int
    at: str
    action: str
    collection: str | None
    subject: str | None
    details: Mapping[str, Any]
    mac: str


@dataclass(frozen=True, slots=True)
class AuditReport:
    """A chain that verified: its length, its head (seq, mac), and whether an anchor confirms it."""

    records: int
    head: Head
    anchored: bool


class AuditChain:
    """Appends to and verifies the chain under one key of 32 or more bytes. Thread-safe."""

    def __init__(self, key: bytes) -> None:
        if len(key) < 32:
            raise ConfigError(f"an audit key has 32 or more bytes, got {len(key)}")
        self._key = key

    def append(self, connection: Connection, entries: Sequence[AuditEntry]) -> Head:
        """Adds records inside the caller's transaction and returns the new head (seq, mac).

        The transaction must hold the write lock already (SQLite: BEGIN IMMEDIATE), so that nobody
        else appends between reading the head and the commit.
        """
        last = select(table.c.seq, table.c.mac).order_by(table.c.seq.desc()).limit(1)
        found = connection.execute(last).first()
        seq, mac = EMPTY if found is None else (found.seq, found.mac)
        at = datetime.now(UTC).isoformat(timespec="microseconds")
        rows = []
        for entry in entries:
            seq += 1
            details = _compact(entry.details)
            fields = (at, str(entry.action), entry.collection, entry.subject, details)
            mac = self._mac(seq, fields, mac)
            rows.append(dict(zip(table.c.keys(), (seq, *fields, mac), strict=True)))
        if rows:
            connection.execute(table.insert(), rows)
        return seq, mac

    def verify(self, connection: Connection, anchor: Head | None) -> AuditReport:
        """Reads the whole chain in order, with bounded memory.

        Raises BrokenAudit naming the first bad record: edited, reordered, cut, or not agreeing
        with `anchor`, a head that `append` returned and that was kept elsewhere. Read the anchor
        before the transaction begins, or records appended meanwhile look cut off.
        """
        head = EMPTY
        for row in _stream(connection):
            if row.seq < 1:
                raise _broken(row.seq, "does not belong here: records count from 1")
            if row.seq > head[0] + 1:
                raise _broken(head[0] + 1, f"is missing: cut out before record {row.seq}")
            if not self._authentic(row, row.seq, head[1]):
                raise _broken(row.seq, self._diagnose(connection, row))
            head = (row.seq, row.mac)
        if anchor is not None:
            self.check(connection, anchor)
        return AuditReport(head[0], head, anchored=anchor is not None)

    def check(self, connection: Connection, anchor: Head) -> None:
        """Raises BrokenAudit unless the log still holds the anchored record: quick, and enough
        to see a cut tail or a rolled-back copy before anything is appended to it.
        """
        if anchor == EMPTY:
            return
        mac = connection.scalar(select(table.c.mac).where(table.c.seq == anchor[0]))
        if mac is None:
            end = connection.scalar(select(func.max(table.c.seq))) or 0
            raise _broken(
                end + 1,
                f"is missing: the anchor stands at record {anchor[0]}, so the tail was cut off or "
                "an older copy was put back",
            )
        if mac != anchor[1]:
            raise _broken(
                anchor[0],
                "differs from the anchor: an older copy was put back and continued, or the "
                "anchor was forged",
            )

    def tail(self, connection: Connection, n: int) -> list[AuditRecord]:
        """The last `n` records, oldest first. Not verified."""
        newest = select(table).order_by(table.c.seq.desc()).limit(n)
        return [_record(row) for row in reversed(connection.execute(newest).all())]

    def iterate(self, connection: Connection) -> Iterator[AuditRecord]:
        """All records in order, with bounded memory. Not verified."""
        return map(_record, _stream(connection))

    def newest(
        self,
        connection: Connection,
        limit: int,
        *,
        before: int | None = None,
        after: int | None = None,
        fields: Mapping[str, str | None] | None = None,
        detail: tuple[str, str] | None = None,
    ) -> list[AuditRecord]:
        """Up to `limit` records that match, newest first, with bounded memory. Not verified.

        `before` and `after` are sequence numbers, both left out; `fields` are columns and their
        values, None for any; `detail` is a key and its text value.
        """
        query = _bounded(before, after)
        for column, value in (fields or {}).items():
            if value is not None:
                query = query.where(table.c[column] == value)
        if detail is not None:  # no record without this text has the detail
            query = query.where(func.instr(table.c.details, _compact(dict([detail]))[1:-1]) > 0)
        rows = _stream(connection, query.order_by(table.c.seq.desc()), min(limit, 1000))
        records = map(_record, rows)
        found = (r for r in records if detail is None or r.details.get(detail[0]) == detail[1])
        return list(islice(found, limit))

    def recent(self, connection: Connection, detail: tuple[str, str], n: int) -> AuditRecord | None:
        """The newest of the last `n` records that has this detail. Not verified."""
        end = connection.scalar(select(func.max(table.c.seq))) or 0
        return next(iter(self.newest(connection, 1, after=end - n, detail=detail)), None)

    def _authentic(self, row: Row[Any], seq: int, previous: str) -> bool:
        """Whether `row`, taken as record `seq` after the one with MAC `previous`, has its MAC."""
        fields, mac = row[1:-1], row[-1]
        if not all(isinstance(value, (str, NoneType)) for value in (*row[1:], previous)):
            return False  # SQLite stores any type in any column
        expected = self._mac(seq, fields, previous)
        return mac is not None and hmac.compare_digest(encode((expected,)), encode((mac,)))

    def _diagnose(self, connection: Connection, bad: Row[Any]) -> str:
        """What is wrong with `bad`: it stood elsewhere, or else it was edited."""
        before = EMPTY[1]
        for row in _stream(connection):
            # After a swap of neighbours the record that came before `bad` stands in its place.
            if self._authentic(bad, row.seq, before) or self._authentic(bad, row.seq, row.mac):
                return f"is out of order: it was written as record {row.seq}"
            before = row.mac
        return "was edited: its MAC does not match its fields, or the chain has another key"

    def _mac(self, seq: int, fields: Sequence[str | None], previous: str) -> str:
        message = encode((DOMAIN, str(seq), *fields, previous))
        return hmac.digest(self._key, message, "sha256").hex()


def encode(parts: Iterable[str | None]) -> bytes:
    """The parts as UTF-8, each behind a byte that tells text from None and its length (4 bytes,
    big-endian). Injective: no two different sequences give the same bytes.
    """
    pieces = []
    for part in parts:
        if part is None:
            pieces.append(b"\0")
        else:
            text = part.encode("utf-8", "surrogatepass")
            pieces += [b"\1", len(text).to_bytes(4, "big"), text]
    return b"".join(pieces)


def flat(details: Mapping[str, Detail]) -> Mapping[str, Detail]:
    """A copy of an operation's details that nobody can change.

    They are flat: text, finite numbers, booleans and None, so that no image or vector gets into
    the log; anything else raises InputError.
    """
    for name, value in details.items():
        if not isinstance(name, str) or not isinstance(value, (str, int, float, NoneType)):
            raise InputError(
                "audit details must be text, numbers, booleans or None under text keys, "
                f"got {type(value).__name__} under {type(name).__name__} {name}"
            )
        if isinstance(value, float) and not math.isfinite(value):
            raise InputError(f"audit details must be finite, got {value} under {name}")
    return MappingProxyType(dict(details))


def _compact(details: Mapping[str, Detail]) -> str:
    return json.dumps(dict(details), sort_keys=True, separators=(",", ":"))


def _bounded(before: int | None, after: int | None) -> Select[Any]:
    query = select(table)
    query = query if before is None else query.where(table.c.seq < before)
    return query if after is None else query.where(table.c.seq > after)


def _stream(
    connection: Connection, query: Select[Any] | None = None, part: int = 1000
) -> Iterator[Row[Any]]:
    """The rows of a query, by default all in order, some at a time."""
    chosen = select(table).order_by(table.c.seq) if query is None else query
    with connection.execute(chosen, execution_options={"yield_per": part}) as rows:
        yield from rows


def _record(row: Row[Any]) -> AuditRecord:
    try:
        details = MappingProxyType(dict(json.loads(row.details)))
    except (ValueError, TypeError):
        raise _broken(row.seq, "was edited: its details are not a JSON object") from None
    return AuditRecord(row.seq, row.at, row.action, row.collection, row.subject, details, row.mac)


def _broken(seq: int, what: str) -> BrokenAudit:
    return BrokenAudit(f"audit record {seq} {what}")
