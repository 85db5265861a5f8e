"""Small readers of what JSON holds."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

T = TypeVar("T")


def moment(text: str) -> datetime:
    """A time with its zone. Raises ValueError for one without."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("expected a time with a zone")
    return found


def maybe(read: Callable[[Any], T], found: Any) -> T | None:
    """What `read` makes of it; None of null."""
    return None if found is None else read(found)


def texts(found: Any) -> tuple[str, ...]:
    """A list of texts. Raises TypeError for a text, which is no list."""
    if isinstance(found, str):
        raise TypeError("expected a list, got text")
    return tuple(map(str, found))


def nothing(found: Any) -> None:
    """Reads an answer without a body."""
