"""How counts and shares read in the text of reports."""

import math
from collections.abc import Iterable, Mapping

from visavis.report.document import Cell
from visavis.report.words import shorten


def number(value: float) -> str:
    """13,232; below 10 with as many digits as tell: 0.34."""
    if not math.isfinite(value):
        return "n/m"
    return f"{value:,.0f}" if value == int(value) or abs(value) >= 10 else f"{value:.2g}"


def share(part: float, whole: float) -> str:
    """12.3 %; "under 0.1 %" for what would be rounded away."""
    return percent(part / whole) if whole else "n/m"


def percent(value: float) -> str:
    """A share of one in per cent."""
    if not math.isfinite(value):
        return "n/m"
    if 0 < value < 0.001:
        return "under 0.1 %"
    shown = "100" if value == 1 else f"{min(value * 100, 99.9):.3g}"
    return f"{shown} %"


def figure(value: float) -> str:
    """A measurement in three or four digits, without exponents."""
    if not math.isfinite(value):
        return "n/m"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{round(value, 4):.4g}"


def rate(value: float) -> str:
    """1e-6."""
    return f"{value:.0e}".replace("e-0", "e-")


def labelled(label: str, counts: tuple[int, ...]) -> tuple[Cell, ...]:
    """A row of a cross table."""
    return shorten(label or "(not told)"), *counts


def count(value: int, one: str, many: str = "") -> str:
    """1 picture, 2 pictures."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"


def expected(value: float) -> str:
    """About how many chance gives: "fewer than one", "about 17"."""
    if not math.isfinite(value):
        return "an unknown number"
    return "fewer than one" if value < 1 else f"about {number(round(value))}"


def listed(counts: Mapping[str, int]) -> str:
    """no_face 3, bad_image 1: the most first."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {number(n)}" for name, n in ranked)


def file(name: str) -> Cell:
    """A file's name in a cell, its middle cut out where it is long."""
    return shorten(name, 56)


def names(values: Iterable[str], most: int = 6) -> str:
    """The first few, and how many more."""
    every = list(values)
    rest = f" and {len(every) - most:,} more" if len(every) > most else ""
    return ", ".join(shorten(v, 56) for v in every[:most]) + rest
