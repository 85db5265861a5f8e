"""Collections: what they are, how they are made, the receipt of one that was deleted."""

from datetime import datetime
from typing import Self

from pydantic import Field

from visavis.gallery.discard import Deletion
from visavis.gallery.gallery import CollectionInfo
from visavis.service.schemas.base import Message, Request
from visavis.service.schemas.values import Addressable


class CollectionIn(Request):
    """A collection to be made, of the service's model."""

    name: Addressable = Field(examples=["staff"])
    keep_crops: bool | None = Field(
        None,
        examples=[False],
        description="whether aligned crops are kept, so that the model can be changed without the "
        "photos; left out, it stays as it is, at first off",
    )


class CollectionOut(Message):
    """A collection: the model of all its templates, and how many of them there are."""

    name: str = Field(examples=["staff"])
    model: str = Field(examples=["sface-2021dec-int8bq"])
    dim: int = Field(examples=[128], description="length of its vectors")
    subjects: int = Field(examples=[42])
    templates: int = Field(examples=[130])
    keep_crops: bool = Field(examples=[False])
    created_at: datetime

    @classmethod
    def of(cls, info: CollectionInfo) -> Self:
        return cls(
            name=info.name,
            model=info.model,
            dim=info.dim,
            subjects=info.subjects,
            templates=info.templates,
            keep_crops=info.keep_crops,
            created_at=info.created_at,
        )


class CollectionsOut(Message):
    """A page of collections, by name."""

    items: list[CollectionOut]
    next: str | None = Field(
        examples=[None], description="cursor of the next page, null at the end"
    )


class DeletionOut(Message):
    """What a deleted collection took with it, what that cannot reach, and its audit record."""

    collection: str = Field(examples=["staff"])
    subjects: int = Field(examples=[42])
    templates: int = Field(examples=[130])
    keys_destroyed: int = Field(examples=[43])
    audit_seq: int = Field(examples=[1205], description="number of the audit record")
    at: datetime
    beyond_reach: list[str] = Field(examples=[["copies of the key store made before this"]])

    @classmethod
    def of(cls, found: Deletion) -> Self:
        return cls(
            collection=found.collection,
            subjects=found.subjects,
            templates=found.templates,
            keys_destroyed=found.keys_destroyed,
            audit_seq=found.audit_seq,
            at=found.at,
            beyond_reach=list(found.beyond_reach),
        )
