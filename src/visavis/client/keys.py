"""API keys."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self

from visavis.client.operation import Fields, Listing, Operation, path
from visavis.client.reading import maybe, moment, texts


@dataclass(frozen=True, slots=True)
class Key:
    """A key without its token, of which `prefix` is the beginning. `collections` are all that it
    reaches, None for every one.
    """

    id: str
    name: str
    prefix: str
    scopes: tuple[str, ...]
    collections: tuple[str, ...] | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None

    @classmethod
    def of(cls, found: Fields) -> Self:
        return cls(
            id=str(found["id"]),
            name=str(found["name"]),
            prefix=str(found["prefix"]),
            scopes=texts(found["scopes"]),
            collections=maybe(texts, found["collections"]),
            created_at=moment(found["created_at"]),
            expires_at=maybe(moment, found["expires_at"]),
            revoked_at=maybe(moment, found["revoked_at"]),
            last_used_at=maybe(moment, found["last_used_at"]),
        )


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key and its token, which the service tells this once."""

    key: Key
    token: str = field(repr=False)

    @classmethod
    def of(cls, found: Fields) -> Self:
        return cls(Key.of(found["key"]), str(found["token"]))


@dataclass(frozen=True, slots=True)
class OwnKey:
    """What the caller may do. Where the service runs without keys, `id` is empty."""

    id: str
    name: str
    scopes: tuple[str, ...]
    collections: tuple[str, ...] | None
    expires_at: datetime | None

    @classmethod
    def of(cls, found: Fields) -> Self:
        return cls(
            id=str(found["id"]),
            name=str(found["name"]),
            scopes=texts(found["scopes"]),
            collections=maybe(texts, found["collections"]),
            expires_at=maybe(moment, found["expires_at"]),
        )


def keys() -> Listing[Key]:
    """All keys ever made, the oldest first."""
    return Listing(path("keys"), Key.of)


def own_key() -> Operation[OwnKey]:
    """What the key of this client is good for."""
    return Operation("GET", path("keys", "self"), OwnKey.of)


def create_key(
    name: str,
    scopes: Sequence[str],
    *,
    collections: Sequence[str] | None = None,
    expires_at: datetime | None = None,
) -> Operation[NewKey]:
    """Makes a key. Without `collections` it reaches all."""
    body = {
        "name": name,
        "scopes": list(scopes),
        "collections": None if collections is None else list(collections),
        "expires_at": None if expires_at is None else expires_at.isoformat(),
    }
    return Operation("POST", path("keys"), NewKey.of, body=body, again=False)


def rotate_key(key: str, *, grace: timedelta = timedelta(0)) -> Operation[NewKey]:
    """Gives a key a new token; the last one works until the grace, of whole seconds, is over."""
    body = {"grace_seconds": int(grace.total_seconds())}
    return Operation("POST", path("keys", key, "rotate"), NewKey.of, body=body, again=False)


def revoke_key(key: str) -> Operation[Key]:
    """Ends a key for good."""
    return Operation("DELETE", path("keys", key), Key.of)
