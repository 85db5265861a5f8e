"""Receipts: what is left of those who were forgotten."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from visavis.client.operation import Fields
from visavis.client.reading import moment, texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Destruction:
    """What was destroyed in a collection, what that cannot reach, and its audit record."""

    collection: str
    templates: int
    keys_destroyed: int
    audit_seq: int
    at: datetime
    beyond_reach: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt(Destruction):
    """Proof that a subject was forgotten; `pseudonym` is what the audit log calls the subject."""

    pseudonym: str

    @classmethod
    def of(cls, found: Fields) -> Self:
        return cls(pseudonym=str(found["pseudonym"]), **_shared(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion(Destruction):
    """Proof that a collection was deleted, and how many subjects it took with it."""

    subjects: int

    @classmethod
    def of(cls, found: Fields) -> Self:
        return cls(subjects=int(found["subjects"]), **_shared(found))


def _shared(found: Fields) -> dict[str, Any]:
    return {
        "collection": str(found["collection"]),
        "templates": int(found["templates"]),
        "keys_destroyed": int(found["keys_destroyed"]),
        "audit_seq": int(found["audit_seq"]),
        "at": moment(found["at"]),
        "beyond_reach": texts(found["beyond_reach"]),
    }
