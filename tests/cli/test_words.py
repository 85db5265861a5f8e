"""How figures read."""

import pytest

from visavis.cli import words
from visavis.types import Threshold


@pytest.mark.parametrize(
    ("rate", "text"), [(0.01, "1 %"), (1e-4, "0.01 %"), (1e-6, "0.0001 %"), (1e-7, "1.0e-07")]
)
def test_a_rate_is_never_rounded_to_zero(rate: float, text: str) -> None:
    assert words.percent(rate) == text


def test_a_threshold_says_what_it_stands_for() -> None:
    assert words.stands_for(Threshold(0.4, 1e-4), "FMR") == "FMR 0.01 %"
    assert "extrapolated" in words.stands_for(Threshold(0.6, 1e-9, True), "FMR")
    assert "by hand" in words.stands_for(Threshold(0.6), "FMR")


@pytest.mark.parametrize(("value", "filled"), [(-0.5, 0), (0.5, 20), (1.0, 40)])
def test_the_scale_is_filled_to_the_score(value: float, filled: int) -> None:
    bar = words.scale(value, 0.4).plain
    assert len(bar) == words.BAR + 1
    assert sum(bar.count(c) for c in "━=") == filled


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (5e6, "5.0 MB"), (3e12, "3.0 TB")],
)
def test_sizes(count: float, text: str) -> None:
    assert words.size(count) == text


def test_counts() -> None:
    assert words.count(1, "photo") == "1 photo"
    assert words.count(2000, "photo") == "2,000 photos"


def test_text_of_the_users_is_harmless() -> None:
    assert words.text("a\x1b[31mb").plain == "a\N{REPLACEMENT CHARACTER}[31mb"
