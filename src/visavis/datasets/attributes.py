"""Pictures with a table of labels, as FairFace has them (Karkkainen and Joo, WACV 2021)."""

import re
from pathlib import Path
from typing import Final

from visavis.datasets.listing import contents, counted, first_of, inside
from visavis.datasets.records import Dataset, Picture
from visavis.datasets.table import Table, read_table
from visavis.errors import BadDataset

FILES: Final = ("file", "filename", "file_name", "image", "image_path", "path")
"""Names of the column that holds the picture's path; else it is the first."""
IDENTITIES: Final = ("identity", "subject", "person", "person_id")
_MONTHS: Final = (
    *("jan", "feb", "mar", "apr", "may", "jun"),
    *("jul", "aug", "sep", "oct", "nov", "dec"),
)


def tables(root: Path) -> list[Path]:
    """The tables of labels in `root`: labels.csv, or all *label*.csv, or index.csv."""
    if (root / "labels.csv").is_file():
        return [root / "labels.csv"]
    found = sorted(p for p in root.glob("*.csv") if "label" in p.name.lower())
    index = first_of(root, "index.csv")
    return found or ([] if index is None else [index])


def read_attributes(root: Path) -> Dataset:
    """Pictures in the order of the tables; every other column is an attribute.

    A column `identity` (or subject, person) is the identity. Ages that a spreadsheet took for
    dates ("03-Sep", "Oct-19") are put right ("3-9", "10-19"). Listed pictures that are not there
    are left out; notes count both. Raises BadDataset without tables or without any picture.
    """
    found = tables(root)
    if not found:
        raise BadDataset(
            f"expected labels.csv, *label*.csv or index.csv in {root}, got {contents(root)}"
        )
    mended = [_mended(read_table(file)) for file in found]
    listed = [picture for table, _ in mended for picture in _listed(root, table)]
    there = tuple(p for p in listed if p.path.is_file())
    if not there:
        raise BadDataset(f"expected pictures that {found[0]} lists, found none in {root}")
    gone, ages = len(listed) - len(there), sum(count for _, count in mended)
    notes = (
        [f"left out {gone} of {counted(len(listed), 'listed picture')}: not there"] if gone else []
    )
    notes += (
        [f"put right {counted(ages, 'age')} that a spreadsheet had made a date"] if ages else []
    )
    return Dataset(root.resolve().name, root, there, tuple(notes))


def mend_age(text: str) -> str:
    """The range of ages that a spreadsheet made a date of: "3-9" for "03-Sep"; else the text."""
    parts = text.lower().split("-")
    if len(parts) != 2 or not any(part in _MONTHS for part in parts):
        return text
    numbers = [_MONTHS.index(p) + 1 if p in _MONTHS else p for p in parts]
    if not all(re.fullmatch(r"\d{1,2}", str(n)) for n in numbers):
        return text
    low, high = sorted(map(int, numbers))
    return f"{low}-{high}"


def _mended(table: Table) -> tuple[Table, int]:
    """The table with its ages put right, and how many were wrong."""
    age = table.place("age")
    if age is None:
        return table, 0
    rows = tuple((*row[:age], mend_age(row[age]), *row[age + 1 :]) for row in table.rows)
    changed = sum(a[age] != b[age] for a, b in zip(rows, table.rows, strict=True))
    return Table(table.columns, rows), changed


def _listed(root: Path, table: Table) -> list[Picture]:
    named, person = table.place(*FILES), table.place(*IDENTITIES)
    file = named or 0
    found = []
    for row, labels in zip(table.rows, table.labels({file, person}), strict=True):
        identity = None if person is None else row[person] or None
        path = inside(root, row[file])
        found.append(Picture(path, path.relative_to(root).as_posix(), identity, labels))
    return found
