"""Enrolment as requests ask for it: once, however often the same request comes."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from visavis.audit import AuditRecord, Detail
from visavis.errors import (
    ConfigError,
    DuplicateSubject,
    InputError,
    ModelMismatch,
    UnknownSubject,
)
from visavis.policy import Policy
from visavis.service.idempotency import Idempotency, Interrupted, Stored
from visavis.service.schemas.enrolment import EnrolFields, EnrolledOut, EnrolQuery
from visavis.service.schemas.values import check_future
from visavis.service.state import Call
from visavis.types import Photo, Region

_KEPT: Final = timedelta(hours=24)
"""As long as requests are remembered: an older audit record is of another one."""
_FAR_BACK: Final = 10_000_000
_UNCHANGED: Final = (InputError, UnknownSubject, DuplicateSubject, ModelMismatch, ConfigError)
"""After these nothing was stored; after any other error nobody knows."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a request asks to be enrolled. Raises InputError for a box and several pictures."""

    collection: str
    subject: str
    pictures: tuple[bytes, ...]
    fields: EnrolFields
    asked: EnrolQuery
    policy: Policy

    def __post_init__(self) -> None:
        if self.asked.box is not None and len(self.pictures) != 1:
            raise InputError(f"expected one picture with a box, got {len(self.pictures)}")

    @property
    def photos(self) -> tuple[Photo, ...]:
        corners = self.asked.corners
        if corners is None:
            return self.pictures
        return (Region(self.pictures[0], np.array(corners, np.float32)),)

    def digest(self, secret: bytes) -> str:
        """What another request for the same has too; tells nothing without the secret."""
        said = {
            "pictures": [hashlib.sha256(picture).hexdigest() for picture in self.pictures],
            "fields": self.fields.model_dump(mode="json"),
            "asked": self.asked.model_dump(mode="json"),
        }
        text = json.dumps(said, sort_keys=True)
        return hmac.digest(secret, text.encode(), "sha256").hex()


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered, and whether that was done for a request before this one."""

    enrolled: EnrolledOut
    replayed: bool = False


def enrol(call: Call, order: Order, details: Mapping[str, Detail] | None = None) -> EnrolledOut:
    """Enrols on this thread. Raises as Recognizer.enrol, and InputError for an expiry that has
    passed.
    """
    fields = order.fields
    check_future(fields.expires_at)
    found = call.services.recognizers.of(order.collection).enrol(
        order.subject,
        order.photos,
        name=fields.name,
        metadata=fields.metadata,
        consent_ref=fields.consent_ref,
        expires_at=fields.expires_at,
        policy=order.policy,
        details={**(details or {}), **call.origin},
    )
    for rejection in found.rejected:
        call.services.metrics.observe_error(rejection.code)
    return EnrolledOut.of(found)


def enrol_once(call: Call, order: Order, key: str) -> Answer:
    """Enrols, unless a request with this idempotency key did. All on this thread, so that it ends
    even when the client goes.

    Raises as `enrol`, IdempotencyMismatch for another request with the key, InProgress.
    """
    idempotency = call.services.idempotency
    secret = call.services.gallery.derive("visavis/service/idempotency")
    digest = _digest(secret, call.caller.key_id, order, key)
    begun = idempotency.begin(digest, order.digest(secret))
    if isinstance(begun, Stored):
        kept = json.loads(begun.body)
        return Answer(EnrolledOut.model_validate({"subject": order.subject, **kept}), True)
    try:
        earlier = _done_before(call, order, digest) if isinstance(begun, Interrupted) else None
        enrolled = earlier or enrol(call, order, {"idempotency": digest})
    except _UNCHANGED:
        idempotency.abandon(digest)
        raise
    except BaseException:
        idempotency.leave(digest)
        raise
    idempotency.finish(digest, 201, enrolled.model_dump_json(exclude={"subject"}))
    return Answer(enrolled, earlier is not None)


def _digest(secret: bytes, key_id: str, order: Order, key: str) -> str:
    """Goes into the audit log: under a secret, lest ids of subjects be guessed from it."""
    place = json.dumps([order.collection, order.subject]).encode()
    return Idempotency.digest(key_id, "POST", hmac.digest(secret, place, "sha256").hex(), key)


def _done_before(call: Call, order: Order, digest: str) -> EnrolledOut | None:
    """What an interrupted request stored, by the audit log; None if it did not get so far."""
    gallery = call.services.gallery
    record = gallery.audit_find("idempotency", digest, limit=_FAR_BACK)
    if record is None or not _stored(record):
        return None
    try:
        templates = gallery.open_collection(order.collection).templates(order.subject)
    except UnknownSubject:  # forgotten since
        templates = ()
    return EnrolledOut.made(order.subject, templates)


def _stored(record: AuditRecord) -> bool:
    refused = record.details.get("accepted") is False
    return not refused and datetime.fromisoformat(record.at) > datetime.now(UTC) - _KEPT
