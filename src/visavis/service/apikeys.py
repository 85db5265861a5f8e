"""API keys: who may call the service, for what, until when. Of a secret only a digest is kept."""

import hmac
import json
import re
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from threading import Lock
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import (
    Column,
    Connection,
    LargeBinary,
    Row,
    Table,
    Text,
    bindparam,
    insert,
    select,
    update,
)

from visavis.audit import Action, AuditEntry
from visavis.errors import InputError
from visavis.gallery.sealing import check_name, stamp
from visavis.service.database import DatabaseUnusable, ServiceDatabase, metadata

FRESH_SECONDS: Final = 0.4  # after this, what other processes did to keys is looked for
TOUCH_SECONDS: Final = 60.0
LONGEST_GRACE: Final = timedelta(days=30)

_TOKEN: Final = re.compile(r"vv_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
_ID: Final = re.compile(r"[0-9a-f]{12}")
_SHOWN: Final = 8
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
_NO_DIGEST: Final = bytes(32)

table = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("scopes", Text, nullable=False),  # JSON, as collections
    Column("collections", Text),
    Column("digest", LargeBinary, nullable=False),
    Column("former", LargeBinary),  # the digest before the last rotation, while its grace lasts
    Column("former_until", Text),
    Column("created_at", Text, nullable=False),
    Column("expires_at", Text),
    Column("revoked_at", Text),
    Column("last_used_at", Text),
)


class Scope(StrEnum):
    """What a key is good for. `admin` implies the others."""

    DETECT = "detect"
    IDENTIFY = "identify"
    ENROL = "enrol"
    SCORES = "scores"
    AUDIT = "audit"
    ADMIN = "admin"


class UnknownKey(InputError):
    """Raised for the id of a key that was never made."""

    code = "unknown_key"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key without its secret. `collections` are all that it reaches, None for every one.

    Raises InputError for a bad name, no or unknown scopes, and `admin` limited to collections,
    which could make itself a key without limits.
    """

    id: str
    name: str
    scopes: frozenset[Scope]
    collections: tuple[str, ...] | None
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None

    def __post_init__(self) -> None:
        check_name(self.name, "name of an API key")
        object.__setattr__(self, "scopes", _scopes(self.scopes))
        if self.collections is not None:
            object.__setattr__(self, "collections", _names(self.collections))
            if Scope.ADMIN in self.scopes:
                raise InputError("a key with the scope admin cannot be limited to collections")

    @property
    def prefix(self) -> str:
        """How the token begins: for people to recognise it by."""
        return f"vv_{self.id}"[:_SHOWN]

    def allows(self, scope: Scope) -> bool:
        """Whether the key is good for this."""
        return scope in self.scopes or Scope.ADMIN in self.scopes

    def reaches(self, collection: str) -> bool:
        """Whether the key may touch this collection."""
        return self.collections is None or collection in self.collections

    def active(self, now: datetime) -> bool:
        """Whether the key is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True)
class _Kept:
    """A key with the digests of its secrets."""

    key: ApiKey
    digest: bytes
    former: bytes = _NO_DIGEST
    former_until: datetime = _LONG_AGO

    def opens(self, digest: bytes, now: datetime) -> bool:
        """Compares everything, whatever comes out."""
        present = hmac.compare_digest(digest, self.digest)
        former = hmac.compare_digest(digest, self.former) and now < self.former_until
        return self.key.active(now) and (present or former)


@dataclass(frozen=True, slots=True)
class _Seen:
    """All keys as they were at a moment, at a version of the database."""

    keys: Mapping[str, _Kept] = field(default_factory=dict)
    version: int = -1
    at: float = float("-inf")


class ApiKeys:
    """The keys of one service. Thread-safe; raises DatabaseUnusable where its database refuses.

    What another process does to a key, such as revoking it, is seen within half a second.
    """

    def __init__(
        self,
        database: ServiceDatabase,
        pepper: bytes = b"",
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`pepper` is the key of the digests: tokens made with another one are unknown here."""
        self._database = database
        self._pepper = pepper
        self._now = now
        self._monotonic = monotonic
        self._lock = Lock()
        self._seen = _Seen()
        self._used: dict[str, datetime] = {}
        self._written = float("-inf")
        nobody = ApiKey("", "nobody", frozenset({Scope.DETECT}), None, _LONG_AGO, _LONG_AGO)
        self._nobody = _Kept(nobody, secrets.token_bytes(32))

    def create(
        self,
        name: str,
        scopes: Iterable[str],
        *,
        collections: Iterable[str] | None = None,
        expires_at: datetime | None = None,
    ) -> tuple[ApiKey, str]:
        """A new key and its token, which is told here once. Raises InputError as ApiKey does, and
        for an expiry that has passed or has no time zone.
        """
        now = self._now()
        if expires_at is not None and stamp(expires_at) <= stamp(now):
            raise InputError(f"expected an expiry in the future, got {expires_at.isoformat()}")
        reach = None if collections is None else _names(collections)
        key = ApiKey(secrets.token_hex(6), name, _scopes(scopes), reach, now, expires_at)
        token, digest = self._draw(key.id)
        with self._database.write() as c:
            c.execute(insert(table).values(**_columns(key), digest=digest))
        self._refresh()
        return key, token

    def find(self, token: str) -> ApiKey | None:
        """The key that this token opens now; None for an unknown, revoked or expired one, in the
        same time, and for text that is no token.
        """
        parts = _TOKEN.fullmatch(token)
        if parts is None:
            return None
        ident, secret = parts.groups()
        kept = self._keys().get(ident, self._nobody)
        return kept.key if kept.opens(self._digest(secret), self._now()) else None

    def get(self, ident: str) -> ApiKey:
        """A key by its id, whatever its state. Raises UnknownKey."""
        with self._database.read() as c:
            return self._told(_key(_row(c, ident)))

    def list(self) -> tuple[ApiKey, ...]:
        """All keys ever made, the oldest first."""
        with self._database.read() as c:
            rows = c.execute(select(table).order_by(table.c.created_at, table.c.id)).all()
        return tuple(self._told(_key(row)) for row in rows)

    def revoke(self, ident: str) -> ApiKey:
        """Ends a key for good. Raises UnknownKey."""
        with self._database.write() as c:
            key = _key(_row(c, ident))
            if key.revoked_at is None:
                key = replace(key, revoked_at=self._now())
                _set(c, ident, revoked_at=_text(key.revoked_at))
        self._refresh()
        return self._told(key)

    def rotate(self, ident: str, grace: timedelta = timedelta(0)) -> tuple[ApiKey, str]:
        """A new secret for a key, and its token, told here once; the last one works until the
        grace is over, and any before it no longer.

        Raises UnknownKey, and InputError for a revoked or expired key or a grace beyond 30 days.
        """
        if not timedelta(0) <= grace <= LONGEST_GRACE:
            raise InputError(f"expected a grace of 0 to {LONGEST_GRACE.days} days, got {grace}")
        token, digest = self._draw(ident)
        now = self._now()
        with self._database.write() as c:
            row = _row(c, ident)
            key = _key(row)
            if not key.active(now):
                raise InputError(f"API key {ident} is revoked or expired: make a new one")
            former = (row.digest, stamp(now + grace)) if grace else (None, None)
            _set(c, ident, digest=digest, former=former[0], former_until=former[1])
        self._refresh()
        return self._told(key), token

    def touch(self, ident: str) -> None:
        """Notes that a key was used; written at most once a minute, and at `flush`."""
        with self._lock:
            self._used[ident] = self._now()
            due = self._monotonic() - self._written >= TOUCH_SECONDS
        if due:
            with suppress(DatabaseUnusable):  # tried again in a minute; no caller is refused for it
                self.flush()

    def flush(self) -> None:
        """Writes when keys were last used."""
        with self._lock:
            used, self._used = self._used, {}
            self._written = self._monotonic()
        changed = update(table).where(table.c.id == bindparam("ident"))
        rows = [{"ident": ident, "at": stamp(at)} for ident, at in used.items()]
        try:
            if rows:
                with self._database.write() as c:
                    c.execute(changed.values(last_used_at=bindparam("at")), rows)
        except DatabaseUnusable:
            with self._lock:
                self._used = used | self._used
            raise

    def any_active(self) -> bool:
        """Whether there is a key that opens the service now."""
        now = self._now()
        return any(kept.key.active(now) for kept in self._keys().values())

    def empty(self) -> bool:
        """Whether no key was ever made; revoked and expired ones count as made."""
        return not self._keys()

    def _keys(self) -> Mapping[str, _Kept]:
        if self._monotonic() - self._seen.at >= FRESH_SECONDS:
            self._refresh()
        return self._seen.keys

    def _refresh(self) -> None:
        with self._lock:
            at, version = self._monotonic(), self._database.version()  # before the rows
            keys = self._seen.keys if version == self._seen.version else self._load()
            self._seen = _Seen(keys, version, at)

    def _load(self) -> Mapping[str, _Kept]:
        with self._database.read() as c:
            return MappingProxyType({row.id: _kept(row) for row in c.execute(select(table))})

    def _draw(self, ident: str) -> tuple[str, bytes]:
        secret = secrets.token_urlsafe(32)
        return f"vv_{ident}_{secret}", self._digest(secret)

    def _digest(self, secret: str) -> bytes:
        return hmac.digest(self._pepper, secret.encode("ascii"), "sha256")

    def _told(self, key: ApiKey) -> ApiKey:
        """With a use that is not written yet."""
        return replace(key, last_used_at=self._used.get(key.id, key.last_used_at))


def entry(action: Action, key: ApiKey) -> AuditEntry:
    """What the audit log says of a key that was made, rotated or revoked."""
    return AuditEntry(action, details={"key": key.id, "scopes": ", ".join(sorted(key.scopes))})


def _scopes(given: Iterable[str]) -> frozenset[Scope]:
    try:
        scopes = frozenset(Scope(scope) for scope in given)
    except ValueError:
        scopes = frozenset()
    if not scopes:
        raise InputError(f"expected one or more scopes of {', '.join(Scope)}")
    return scopes


def _names(given: Iterable[str]) -> tuple[str, ...]:
    names = () if isinstance(given, str) else tuple(dict.fromkeys(given))
    if not names:
        raise InputError("expected the names of one or more collections, or None for all")
    for name in names:
        check_name(name, "collection name")
    return names


def _row(c: Connection, ident: str) -> Row[Any]:
    row = c.execute(select(table).where(table.c.id == ident)).first()
    if row is None:  # what came may be a token, which is not repeated
        what = f"no API key {ident}" if _ID.fullmatch(ident) else "no such API key"
        raise UnknownKey(f"{what}: expected the id of one, 12 hexadecimal digits")
    return row


def _set(c: Connection, ident: str, **values: object) -> None:
    c.execute(update(table).where(table.c.id == ident).values(**values))


def _columns(key: ApiKey) -> dict[str, object]:
    reach = None if key.collections is None else json.dumps(key.collections)
    return {
        "id": key.id,
        "name": key.name,
        "scopes": json.dumps(sorted(key.scopes)),
        "collections": reach,
        "created_at": stamp(key.created_at),
        "expires_at": _text(key.expires_at),
    }


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(
        row.id,
        row.name,
        frozenset(json.loads(row.scopes)),
        None if row.collections is None else tuple(json.loads(row.collections)),
        datetime.fromisoformat(row.created_at),
        _moment(row.expires_at),
        _moment(row.revoked_at),
        _moment(row.last_used_at),
    )


def _kept(row: Row[Any]) -> _Kept:
    return _Kept(
        _key(row), row.digest, row.former or _NO_DIGEST, _moment(row.former_until) or _LONG_AGO
    )


def _text(when: datetime | None) -> str | None:
    return None if when is None else stamp(when)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
