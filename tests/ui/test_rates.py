"""Rates as they are chosen."""

import pytest

pytest.importorskip("gradio")

from visavis.errors import InputError
from visavis.ui.rates import rate_input, rate_of


def test_a_choice_is_a_rate_or_nothing() -> None:
    assert rate_of("1e-06") == 1e-6
    assert rate_of("") is None
    assert rate_of(None) is None
    with pytest.raises(InputError):
        rate_of("often")


def test_choices_read_as_one_in_so_many() -> None:
    made = rate_input("Strangers", (1e-3, 1e-6))
    assert [text for text, _ in made.choices] == [
        "As the service is set",
        "1 in 1,000",
        "1 in 1,000,000",
    ]
    assert all(rate_of(value) in (None, 1e-3, 1e-6) for _, value in made.choices)
