"""Receipts out of JSON; how the service comes to make them is tested with subjects."""

from datetime import UTC, datetime
from typing import Any

import pytest

from visavis.client.receipts import Deletion, Receipt

SAID = {
    "collection": "staff",
    "templates": 3,
    "keys_destroyed": 1,
    "audit_seq": 12,
    "at": "2026-03-01T00:00:00Z",
    "beyond_reach": ["backups"],
    "newer": "than this client",
}
SHARED: dict[str, Any] = {
    "collection": "staff",
    "templates": 3,
    "keys_destroyed": 1,
    "audit_seq": 12,
    "at": datetime(2026, 3, 1, tzinfo=UTC),
    "beyond_reach": ("backups",),
}


def test_of_a_subject() -> None:
    assert Receipt.of({**SAID, "pseudonym": "9c11"}) == Receipt(pseudonym="9c11", **SHARED)


def test_of_a_collection() -> None:
    assert Deletion.of({**SAID, "subjects": 2}) == Deletion(subjects=2, **SHARED)


def test_says_what_is_missing() -> None:
    with pytest.raises(KeyError, match="subjects"):
        Deletion.of(SAID)
