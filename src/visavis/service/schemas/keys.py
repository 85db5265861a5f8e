"""API keys as their owners see them: never with the secret, but for once."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field

from visavis.service.apikeys import LONGEST_GRACE, ApiKey, Scope
from visavis.service.schemas.base import Message, Name, Request
from visavis.service.schemas.values import Moment

_SCOPES = [Scope.IDENTIFY]


class KeyIn(Request):
    """A key to be made. Without `collections` it reaches all; a key for `admin` always does."""

    name: Name = Field(examples=["door"])
    scopes: list[Scope] = Field(min_length=1, max_length=len(Scope), examples=[_SCOPES])
    collections: Annotated[list[Name], Field(min_length=1, max_length=100)] | None = Field(
        None, examples=[["staff"]]
    )
    expires_at: Moment | None = None


class RotateIn(Request):
    """For how long the last token works beside the new one."""

    grace_seconds: int = Field(0, ge=0, le=int(LONGEST_GRACE.total_seconds()), examples=[3600])


class KeyOut(Message):
    """A key; `prefix` is how its token begins."""

    id: str = Field(examples=["3f9a0c51e2d7"])
    name: str = Field(examples=["door"])
    prefix: str = Field(examples=["vv_3f9a0"])
    scopes: list[Scope] = Field(examples=[_SCOPES])
    collections: list[str] | None = Field(examples=[["staff"]], description="null is all")
    created_at: datetime
    expires_at: datetime | None = Field(examples=[None])
    revoked_at: datetime | None = Field(examples=[None])
    last_used_at: datetime | None = Field(examples=[None])

    @classmethod
    def of(cls, key: ApiKey) -> Self:
        return cls(
            id=key.id,
            name=key.name,
            prefix=key.prefix,
            scopes=sorted(key.scopes),
            collections=None if key.collections is None else list(key.collections),
            created_at=key.created_at,
            expires_at=key.expires_at,
            revoked_at=key.revoked_at,
            last_used_at=key.last_used_at,
        )


class NewKeyOut(Message):
    """A key and its token, which is told this once."""

    key: KeyOut
    token: str = Field(examples=["vv_3f9a0c51e2d7_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdE"])


class KeysOut(Message):
    """A page of keys, the oldest first."""

    items: list[KeyOut]
    next: str | None = Field(
        examples=[None], description="cursor of the next page, null at the end"
    )


class SelfOut(Message):
    """What the caller may do. Where the service runs without keys, `id` is empty."""

    id: str = Field(examples=["3f9a0c51e2d7"])
    name: str = Field(examples=["door"])
    scopes: list[Scope] = Field(examples=[_SCOPES], description="what they imply included")
    collections: list[str] | None = Field(examples=[["staff"]], description="null is all")
    expires_at: datetime | None = Field(examples=[None])
