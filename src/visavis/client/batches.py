"""Many pictures in one request: each with its result or its error."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, Unpack

from visavis.client.bodies import File, Form
from visavis.client.decisions import Identified
from visavis.client.errors import ServiceError, error_of
from visavis.client.faces import Detected, Embedded, embedded
from visavis.client.operation import DEFAULT, Asked, Fields, Operation, Query, path
from visavis.client.photos import Photo, photo_bytes

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What became of one picture, by its place: a value, or why there is none."""

    index: int
    value: T | None = None
    error: ServiceError | None = None


def batch_detect(photos: Sequence[Photo]) -> Operation[tuple[Outcome[Detected], ...]]:
    """All faces in each picture."""
    return _batch(path("batch", "detect"), Detected.of, photos, {})


def batch_embed(
    photos: Sequence[Photo], **asked: Unpack[Asked]
) -> Operation[tuple[Outcome[tuple[Embedded, ...]], ...]]:
    """Every face of each picture as a vector. Needs the scope `scores`."""
    return _batch(path("batch", "embed"), embedded, photos, asked)


def batch_identify(
    photos: Sequence[Photo],
    *,
    collection: str = DEFAULT,
    **asked: Unpack[Asked],
) -> Operation[tuple[Outcome[Identified], ...]]:
    """Who each face of each picture is."""
    address = path("collections", collection, "batch", "identify")
    return _batch(address, Identified.of, photos, asked)


def _batch(
    address: str, read: Callable[[Any], T], photos: Sequence[Photo], query: Query
) -> Operation[tuple[Outcome[T], ...]]:
    def outcome(found: Fields) -> Outcome[T]:
        if found["error"] is not None:
            return Outcome(int(found["index"]), error=error_of(found))
        return Outcome(int(found["index"]), read(found["result"]))

    def outcomes(found: Fields) -> tuple[Outcome[T], ...]:
        return tuple(map(outcome, found["items"]))

    form = Form([File("images", photo_bytes(photo)) for photo in photos])
    return Operation("POST", address, outcomes, query, form)
