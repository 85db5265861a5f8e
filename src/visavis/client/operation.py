"""What is asked of the service, before anything is sent: one value for both clients."""

import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Literal, TypeAlias, TypedDict, TypeVar
from urllib.parse import quote

from visavis.client.bodies import Body
from visavis.client.errors import Answer
from visavis.errors import InputError

T = TypeVar("T")

Fields: TypeAlias = Mapping[str, Any]
"""A JSON object. What it holds beyond what is read here is ignored: newer services say more."""
Query: TypeAlias = Mapping[str, object]
"""What stands behind the `?` of an address; None is left out."""

DEFAULT: Final = "default"
"""The collection where none is named."""


class Asked(TypedDict, total=False):
    """What a call may say about its decision; what is left out is as the service is set.

    Rates and `threshold` as in `visavis.Policy`; `top_k` candidates a face; `face` is the one
    meant in a photo of several; `liveness` may be stricter than the service's setting.
    """

    fmr: float
    fpir: float
    threshold: float
    top_k: int
    face: Literal["only", "dominant", "largest", "central"]
    liveness: Literal["off", "report", "require"]


@dataclass(frozen=True, slots=True)
class Operation(Generic[T]):
    """A request, and how its answer is read.

    `again`: whether sending it twice does no more than sending it once. `answers`: statuses that
    are answers although they are no successes. `raw`: the answer is read as bytes, not as JSON.
    """

    method: str
    path: str
    read: Callable[[Any], T]
    query: Query = field(default_factory=dict)
    body: Body = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    again: bool = True
    answers: tuple[int, ...] = ()
    raw: bool = False

    def result(self, answer: Answer) -> T:
        """What the answer says. Raises ServiceError."""
        if not (200 <= answer.status < 300 or answer.status in self.answers):
            raise answer.error()
        if self.raw:
            return self.read(answer.body)
        return answer.read(self.read, f"what {self.method} {self.path} answers")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some of a list, and the cursor of the page that follows; None at the end."""

    items: tuple[T, ...]
    next: str | None

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """A list that comes in pages."""

    path: str
    read: Callable[[Any], T]
    query: Query = field(default_factory=dict)

    def page(self, cursor: str | None = None) -> Operation[Page[T]]:
        """The operation that gives the first page, or the one of a cursor."""

        def read(found: Fields) -> Page[T]:
            return Page(tuple(map(self.read, found["items"])), found["next"])

        return Operation("GET", self.path, read, {**self.query, "cursor": cursor})


def once(key: str | None) -> dict[str, str]:
    """Headers by which a request is done once however often it comes, under a key of its own
    unless one is given.
    """
    return {"Idempotency-Key": key or secrets.token_hex(16)}


def path(*parts: str) -> str:
    """The address of a thing by the parts of its path below /v1.

    Raises InputError for a part that no address can hold.
    """
    for part in parts:
        if not part or "/" in part or part in (".", ".."):
            raise InputError(f"expected a name without '/', and not '.' or '..', got {part!r}")
    return "/".join(("/v1", *(quote(part, safe="") for part in parts)))
