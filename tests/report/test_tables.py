"""Cells and the side their columns are set to."""

import pytest

from visavis.report.document import Cell, Table
from visavis.report.tables import cell, right


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "yes"),
        (3, "3"),
        (0.123456, "0.1235"),
        (float("nan"), "n/m"),
        ("a\nb\x00", "a b\ufffd"),
    ],
)
def test_cells(value: Cell, text: str) -> None:
    assert cell(value) == text


@pytest.mark.parametrize(
    ("column", "aligned"),
    [
        ((1, 2.5, None), True),
        (("99.1 ± 0.1 %", "-0.3", "−0.3", "n/m", "< 1e-5"), True),
        (("0.5", "text"), False),
        (("n/m", None), False),
        ((), False),
    ],
)
def test_columns_of_figures_are_set_to_the_right(column: tuple[Cell, ...], aligned: bool) -> None:
    assert right(Table(("c",), tuple((c,) for c in column), "")) == [aligned]
