"""Subjects: what is known of them, what may be changed, the receipt of one who was forgotten."""

from datetime import UTC, datetime
from typing import Any, Literal, Self, TypeAlias

from pydantic import ConfigDict, Field, model_validator

from visavis.service.schemas.base import Message, Name, Request
from visavis.service.schemas.pages import PageQuery
from visavis.service.schemas.values import Addressable, Metadata, Moment, Text
from visavis.types import Receipt, Subject

Described: TypeAlias = Literal["name", "metadata", "consent_ref", "expires_at"]


class SubjectOut(Message):
    """A subject and what the client said of it."""

    id: str = Field(examples=["ada"])
    name: str = Field(examples=["Ada Lovelace"])
    templates: int = Field(examples=[3], description="how many are stored")
    created_at: datetime
    metadata: dict[str, str] = Field(examples=[{"department": "archive"}])
    consent_ref: str | None = Field(examples=["form-2025-117"])
    expires_at: datetime | None = Field(examples=[None])
    expired: bool = Field(examples=[False], description="whether it decides nothing any more")

    @classmethod
    def of(cls, subject: Subject) -> Self:
        expiry = subject.expires_at
        return cls(
            id=subject.id,
            name=subject.name,
            templates=subject.templates,
            created_at=subject.created_at,
            metadata=dict(subject.metadata),
            consent_ref=subject.consent_ref,
            expires_at=expiry,
            expired=expiry is not None and expiry <= datetime.now(UTC),
        )


class SubjectsOut(Message):
    """A page of subjects, by id."""

    items: list[SubjectOut]
    next: str | None = Field(
        examples=[None], description="cursor of the next page, null at the end"
    )


class SubjectsQuery(PageQuery):
    """Which subjects: all, or those with a text in their id or name."""

    search: str | None = Field(
        None, min_length=1, max_length=200, description="part of the id or name, whatever the case"
    )


class SubjectPatch(Request):
    """What is to be changed of a subject: null clears, and what is left out stays."""

    model_config = ConfigDict(
        json_schema_extra={
            "minProperties": 1,
            "examples": [{"name": "Ada Lovelace", "metadata": {"department": "archive"}}],
        }
    )

    name: Text | None = None
    metadata: Metadata | None = None
    consent_ref: Text | None = None
    expires_at: Moment | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("expected one field or more")
        return self

    @property
    def given(self) -> dict[str, Any]:
        """The fields to be replaced."""
        said = {name: getattr(self, name) for name in self.model_fields_set}
        return {name: value for name, value in said.items() if value is not None}

    @property
    def cleared(self) -> tuple[Described, ...]:
        """The fields to be cleared."""
        every: tuple[Described, ...] = ("name", "metadata", "consent_ref", "expires_at")
        said = self.model_fields_set - self.given.keys()
        return tuple(name for name in every if name in said)


class RenameIn(Request):
    """The id that a subject is to have."""

    id: Addressable = Field(examples=["ada-lovelace"])


class MergeIn(Request):
    """The subject whose templates another one gets, and which is no more then."""

    source: Name


class ReceiptOut(Message):
    """Proof that a subject was forgotten: what was destroyed, what that cannot reach, and its
    audit record. `pseudonym` is what the audit log calls the subject.
    """

    pseudonym: str = Field(examples=["9c1185a5c5e9fc54612808977ee8f548"])
    collection: str = Field(examples=["default"])
    templates: int = Field(examples=[3])
    keys_destroyed: int = Field(examples=[1])
    audit_seq: int = Field(examples=[1204], description="number of the audit record")
    at: datetime
    beyond_reach: list[str] = Field(examples=[["copies of the key store made before this"]])

    @classmethod
    def of(cls, receipt: Receipt) -> Self:
        return cls(
            pseudonym=receipt.subject,
            collection=receipt.collection,
            templates=receipt.templates,
            keys_destroyed=receipt.keys_destroyed,
            audit_seq=receipt.audit_seq,
            at=receipt.at,
            beyond_reach=list(receipt.beyond_reach),
        )
