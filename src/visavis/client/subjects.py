"""Subjects and their templates."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self, TypedDict, Unpack

from visavis.client.bodies import File, Form
from visavis.client.operation import DEFAULT, Asked, Fields, Listing, Operation, once, path
from visavis.client.photos import Photo, photo_bytes, several
from visavis.client.reading import maybe, moment, nothing
from visavis.client.receipts import Receipt
from visavis.errors import Rejection


class Described(TypedDict, total=False):
    """What is to be said of a subject: None clears, and what is left out stays."""

    name: str | None
    metadata: Mapping[str, str] | None
    consent_ref: str | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody enrolled, and what was said of them. An `expired` subject decides nothing."""

    id: str
    name: str
    templates: int
    created_at: datetime
    metadata: Mapping[str, str]
    consent_ref: str | None
    expires_at: datetime | None
    expired: bool

    @classmethod
    def of(cls, found: Fields) -> Self:
        return cls(
            id=str(found["id"]),
            name=str(found["name"]),
            templates=int(found["templates"]),
            created_at=moment(found["created_at"]),
            metadata=dict(found["metadata"]),
            consent_ref=found["consent_ref"],
            expires_at=maybe(moment, found["expires_at"]),
            expired=bool(found["expired"]),
        )


@dataclass(frozen=True, slots=True)
class TemplateInfo:
    """A stored template, without its vector; `quality` of the face it was made from, 0..1."""

    id: str
    quality: float
    enrolled_at: datetime

    @classmethod
    def of(cls, found: Fields) -> Self:
        return cls(str(found["id"]), float(found["quality"]), moment(found["enrolled_at"]))


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an enrolment stored, and the photos that it refused, by their place."""

    subject: str
    templates: tuple[TemplateInfo, ...]
    rejected: tuple[Rejection, ...]

    @classmethod
    def of(cls, found: Fields) -> Self:
        return cls(
            subject=str(found["subject"]),
            templates=tuple(map(TemplateInfo.of, found["templates"])),
            rejected=tuple(
                Rejection(int(one["index"]), str(one["code"]), str(one["reason"]))
                for one in found["rejected"]
            ),
        )


def enrol(
    subject: str,
    photos: Photo | Sequence[Photo],
    *,
    collection: str = DEFAULT,
    name: str | None = None,
    metadata: Mapping[str, str] | None = None,
    consent_ref: str | None = None,
    expires_at: datetime | None = None,
    box: tuple[float, float, float, float] | None = None,
    idempotency_key: str | None = None,
    **asked: Unpack[Asked],
) -> Operation[Enrolment]:
    """Adds templates to a subject, who is made if new; says which photos were refused.

    `box`: x1, y1, x2, y2 of the face meant in the one photo. The same enrolment with the same
    `idempotency_key` is done once; without one, the call makes its own.
    """
    said = {
        "name": name,
        "metadata": None if metadata is None else json.dumps(dict(metadata)),
        "consent_ref": consent_ref,
        "expires_at": None if expires_at is None else expires_at.isoformat(),
    }
    texts = {field: text for field, text in said.items() if text is not None}
    return Operation(
        "POST",
        _of(collection, subject, "templates"),
        Enrolment.of,
        {**asked, "box": box and ",".join(f"{corner:.3f}" for corner in box)},
        Form([File("images", photo_bytes(photo)) for photo in several(photos)], texts),
        once(idempotency_key),
    )


def subjects(*, collection: str = DEFAULT, search: str | None = None) -> Listing[Subject]:
    """Everybody enrolled, by id; `search` for part of an id or a name."""
    return Listing(path("collections", collection, "subjects"), Subject.of, {"search": search})


def subject(subject: str, *, collection: str = DEFAULT) -> Operation[Subject]:
    """One subject."""
    return Operation("GET", _of(collection, subject), Subject.of)


def update_subject(
    subject: str, *, collection: str = DEFAULT, **described: Unpack[Described]
) -> Operation[Subject]:
    """Replaces what is said of a subject: None clears, and what is left out stays."""
    body: dict[str, object] = {**described}
    if (expiry := described.get("expires_at")) is not None:
        body["expires_at"] = expiry.isoformat()
    if (metadata := described.get("metadata")) is not None:
        body["metadata"] = dict(metadata)
    return Operation("PATCH", _of(collection, subject), Subject.of, body=body)


def rename_subject(subject: str, to: str, *, collection: str = DEFAULT) -> Operation[Subject]:
    """Gives a subject another id."""
    address = _of(collection, subject, "rename")
    return Operation("POST", address, Subject.of, body={"id": to}, again=False)


def merge_subjects(source: str, into: str, *, collection: str = DEFAULT) -> Operation[Subject]:
    """Gives all templates of `source` to `into`, and removes `source`."""
    address = _of(collection, into, "merge")
    return Operation("POST", address, Subject.of, body={"source": source}, again=False)


def forget_subject(subject: str, *, collection: str = DEFAULT) -> Operation[Receipt]:
    """Destroys a subject's key and everything stored under it."""
    return Operation("DELETE", _of(collection, subject), Receipt.of, again=False)


def templates(subject: str, *, collection: str = DEFAULT) -> Listing[TemplateInfo]:
    """A subject's templates, oldest first."""
    return Listing(_of(collection, subject, "templates"), TemplateInfo.of)


def remove_template(subject: str, template: str, *, collection: str = DEFAULT) -> Operation[None]:
    """Deletes one template; the last one goes with its subject alone."""
    address = _of(collection, subject, "templates", template)
    return Operation("DELETE", address, nothing, again=False)


def _of(collection: str, subject: str, *more: str) -> str:
    return path("collections", collection, "subjects", subject, *more)
