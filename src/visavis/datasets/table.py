"""Tables of labels: CSV files of any usual delimiter, and rows that cost little each."""

import csv
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from visavis.errors import BadDataset


class Row(Mapping[str, str]):
    """Labels of one picture by column; rows of a table share their columns."""

    __slots__ = ("_columns", "_values")

    def __init__(self, columns: Mapping[str, int], values: tuple[str, ...]) -> None:
        self._columns, self._values = columns, values

    def __getitem__(self, column: str) -> str:
        return self._values[self._columns[column]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def __repr__(self) -> str:
        return repr(dict(self))


@dataclass(frozen=True)
class Table:
    """A header and rows of as many fields, stripped."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def place(self, *names: str) -> int | None:
        """The first of these names that heads a column, whatever its case, as its index."""
        heads = [column.lower() for column in self.columns]
        return next((heads.index(name) for name in names if name in heads), None)

    def labels(self, without: Collection[int | None] = ()) -> list[Row]:
        """Each row as labels, but for some columns."""
        columns = {name: at for at, name in enumerate(self.columns) if name and at not in without}
        return [Row(columns, row) for row in self.rows]


def read_table(file: Path) -> Table:
    """A CSV file with a header, its delimiter one of comma, semicolon and tab.

    Empty fields may be missing or stand over at the ends of lines. Raises BadDataset for a file
    that is no such table.
    """
    found = list(records(file))
    if not found:
        raise BadDataset(f"expected a table with a header, got an empty file: {file}")
    (_, header), *body = found
    columns = tuple(header)
    return Table(columns, tuple(_fitted(row, len(columns), file, at) for at, row in body))


def records(file: Path) -> Iterator[tuple[int, list[str]]]:
    """The lines of a CSV file that are not empty, with their numbers, as stripped fields."""
    try:
        with file.open(newline="", encoding="utf-8-sig") as text:
            first = text.readline()
            text.seek(0)
            delimiter = max(",;\t", key=first.count)
            reader = csv.reader(text, delimiter=delimiter, skipinitialspace=True)
            for row in reader:
                if any(field.strip() for field in row):
                    yield reader.line_num, [field.strip() for field in row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadDataset(f"expected a CSV file, got {type(error).__name__}: {file}") from error


def _fitted(row: list[str], width: int, file: Path, line: int) -> tuple[str, ...]:
    if any(row[width:]):
        raise BadDataset(f"expected {width} fields in line {line} of {file}, got {len(row)}")
    return tuple(row[:width] + [""] * (width - len(row)))
