"""A report as data: what is said, shown and measured, before anybody decides how it looks."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from visavis.errors import InputError


@dataclass(frozen=True, slots=True)
class Text:
    """Paragraphs in Markdown: emphasis, `code`, links and lists; no headings, no HTML."""

    markdown: str


@dataclass(frozen=True, slots=True)
class Note:
    """A remark that must not be missed: a limit, a warning, a negative result. Markdown."""

    markdown: str


Cell: TypeAlias = str | int | float | None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under columns; the caption says what to conclude.

    Texts stand as they are (format figures before: "99.57 ± 0.12 %"), None is an empty cell; a
    column whose cells are all numbers or begin with a digit is set to the right.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise InputError(f"expected rows of {len(self.columns)} cells: {self.caption}")


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing: `name` is its file's stem, `svg` the markup, `alt` says it in words.

    The caption says what to conclude. Colours follow the page (see `plots`).
    """

    name: str
    svg: str
    caption: str
    alt: str


@dataclass(frozen=True, slots=True)
class Photograph:
    """A photograph or picture made from one, with its licence: public domain or CC BY alone.

    `data` is a whole JPEG or PNG file. Raises InputError for other licences: pictures of people
    in research sets are not ours to publish.
    """

    name: str
    data: bytes
    caption: str
    alt: str
    licence: str
    credit: str

    def __post_init__(self) -> None:
        if self.licence not in ("public domain", "CC BY 4.0", "CC BY 3.0", "CC BY 2.0"):
            raise InputError(f"expected public domain or CC BY, got {self.licence!r}: {self.name}")


Block: TypeAlias = Text | Note | Table | Figure | Photograph


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Provenance:
    """How to get the same figures: the exact command, what ran it, and on what.

    `versions` by library, `models` and `data` as name to SHA-256; no path of a machine.
    """

    command: str
    versions: Mapping[str, str]
    machine: str
    models: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)
    made_on: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """A whole report. `slug` names its files, `lead` is the conclusion in a few sentences.

    The lead is Markdown, like Text and Note; titles, captions and cells are shown literally.
    `results` is everything measured, as `plain` turns it into JSON.
    """

    slug: str
    title: str
    lead: str
    sections: tuple[Section, ...]
    provenance: Provenance
    results: Mapping[str, Any]


def plain(value: Any) -> Any:
    """The value as JSON knows it: data classes by field, arrays as lists, NaN as null."""
    match value:
        case None | bool() | int() | str() if not isinstance(value, Enum):
            return value
        case float():
            return value if math.isfinite(value) else None
        case Enum():
            return plain(value.value)
        case Path():
            return value.name
        case np.ndarray() | np.generic():
            return plain(value.tolist())
        case Mapping():
            return {str(k): plain(v) for k, v in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(v) for v in value]
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
        case _:
            raise InputError(f"expected something JSON can hold, got {type(value).__name__}")
