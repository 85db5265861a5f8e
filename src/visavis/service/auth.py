"""Who calls, and what they may do."""

from collections.abc import Mapping
from dataclasses import dataclass

from visavis.errors import VisavisError
from visavis.service.apikeys import ApiKey, ApiKeys, Scope


class Unauthorized(VisavisError):
    """Raised for a call without an API key, or with one that opens nothing."""

    code = "unauthorized"


class Forbidden(VisavisError):
    """Raised for a call that its API key is not good for."""

    code = "forbidden"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: the holder of a key, or anybody at all where the service runs without keys."""

    key_id: str
    name: str
    scopes: frozenset[Scope]
    collections: tuple[str, ...] | None = None

    @classmethod
    def open(cls) -> "Caller":
        """Anybody, with every scope; `key_id` is empty."""
        return cls("", "open", frozenset(Scope))

    @classmethod
    def of(cls, key: ApiKey) -> "Caller":
        """The holder of a key."""
        return cls(key.id, key.name, key.scopes, key.collections)

    def may(self, scope: Scope, collection: str | None = None) -> bool:
        """Whether this is allowed, in that collection if one is named."""
        return self._allows(scope) and self._reaches(collection)

    def require(self, scope: Scope, collection: str | None = None) -> None:
        """Raises Forbidden unless `may`, naming what is missing."""
        if not self._allows(scope):
            raise Forbidden(f"this API key lacks the scope {scope}")
        if not self._reaches(collection):
            raise Forbidden(f"this API key does not reach the collection {collection!r}")

    def _allows(self, scope: Scope) -> bool:
        return scope in self.scopes or Scope.ADMIN in self.scopes

    def _reaches(self, collection: str | None) -> bool:
        return collection is None or self.collections is None or collection in self.collections


class Gate:
    """Lets callers in by their tokens."""

    def __init__(self, keys: ApiKeys, open_access: bool) -> None:
        """With `open_access` anybody may call until the first key is made, and nobody without one
        from then on, even when all keys are revoked or expired.
        """
        self._keys = keys
        self._open_access = open_access

    def admit(self, token: str | None) -> Caller:
        """The caller with this token. Raises Unauthorized."""
        if self._open_access and self._keys.empty():
            return Caller.open()
        if token is None:
            raise Unauthorized(
                "expected an API key, as `Authorization: Bearer KEY` or `X-API-Key: KEY`, got none"
            )
        key = self._keys.find(token)
        if key is None:
            raise Unauthorized("the API key is not valid here, or no longer")
        self._keys.touch(key.id)
        return Caller.of(key)


def token_of(headers: Mapping[str, str]) -> str | None:
    """The token in the headers of a request, in any case of their names; None without one."""
    lowered = {name.lower(): value for name, value in headers.items()}
    scheme, _, given = lowered.get("authorization", "").strip().partition(" ")
    bearer = given.strip() if scheme.lower() == "bearer" else ""
    return bearer or lowered.get("x-api-key", "").strip() or None
