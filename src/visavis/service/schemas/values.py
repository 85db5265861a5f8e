"""Values that bodies hold: ids that a path can name, text, times."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final, TypeAlias

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field

from visavis.errors import InputError
from visavis.gallery.sealing import check_name

_DOTS: Final = (".", "..")
_PATTERN: Final = r"^(?!\.{1,2}$)[^/\u0000-\u001f\u007f-\u009f]+$"


def check_addressable(name: str, what: str) -> None:
    """Raises InputError for a name that no path can hold, or that is no name at all."""
    check_name(name, what)
    if "/" in name or name in _DOTS:
        raise InputError(f"expected a {what} that is part of a path: no '/' in it, no '.' or '..'")


def check_future(when: datetime | None) -> None:
    """Raises InputError for a time that has come."""
    if when is not None and when <= datetime.now(UTC):
        raise InputError(f"expected a time in the future, got {when.isoformat()}")


def _addressable(name: str) -> str:
    try:
        check_addressable(name, "name")
    except InputError as error:
        raise ValueError(str(error)) from None
    return name


def _iso(given: Any) -> datetime:
    if not isinstance(given, str):
        raise ValueError("expected a time in ISO 8601 with a zone")
    return datetime.fromisoformat(given)


def _utc(when: datetime) -> datetime:
    try:
        return when.astimezone(UTC)
    except OverflowError:
        raise ValueError("expected a time before the year 10000") from None


Addressable: TypeAlias = Annotated[
    str,
    Field(min_length=1, max_length=200, json_schema_extra={"pattern": _PATTERN}),
    AfterValidator(_addressable),
]
"""The id of a subject or the name of a collection that is to be made."""

Text: TypeAlias = Annotated[str, Field(max_length=200)]

Metadata: TypeAlias = Annotated[
    dict[
        Annotated[str, Field(min_length=1, max_length=100)],
        Annotated[str, Field(max_length=1000)],
    ],
    Field(max_length=50, examples=[{"department": "archive"}]),
]
"""What a client notes of a subject: at most 50 entries."""

Moment: TypeAlias = Annotated[
    AwareDatetime,
    Field(examples=["2199-12-31T23:00:00+01:00"]),
    AfterValidator(_utc),
    BeforeValidator(_iso),
]
"""A time in ISO 8601 with a zone."""
