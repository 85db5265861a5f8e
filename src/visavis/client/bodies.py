"""What goes with a request: a picture as it is, files and text, or JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class File:
    """A file of a form: the field's name, the bytes, the file's own name."""

    name: str
    data: bytes = field(repr=False)
    filename: str = "photo"


@dataclass(frozen=True, slots=True)
class Form:
    """A body of files and text."""

    files: Sequence[File]
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)


Body: TypeAlias = bytes | Form | dict[str, Any] | None
"""A picture as it is, a form, or what becomes JSON."""
