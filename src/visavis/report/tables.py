"""How the cells of a table read, and which columns hold figures."""

import math
import re
from typing import Final

from visavis.report.document import Cell, Table
from visavis.report.words import clean

_FIGURE: Final = re.compile(r"[<>≤≥≈~±+−-]?\s?\.?\d")
_BLANK: Final = frozenset({"", "-", "–", "—", "n/m"})


def cell(value: Cell) -> str:
    """A cell's text: "n/m" (not measured) for NaN, nothing for None."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.4g}" if math.isfinite(value) else "n/m"
        case _:
            return clean(value)


def right(table: Table) -> list[bool]:
    """Whether each column is set to the right: all that is in it are figures."""
    return [_figures([row[place] for row in table.rows]) for place in range(len(table.columns))]


def _figures(column: list[Cell]) -> bool:
    texts = [cell(value) for value in column]
    told = [text for text in texts if text not in _BLANK]
    return bool(told) and all(_FIGURE.match(text) for text in told)
