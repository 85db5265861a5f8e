"""Pauses between tries."""

import pytest

from visavis.errors import ConfigError
from visavis.video.backoff import Backoff


def test_pauses_double_up_to_the_longest() -> None:
    longest = Backoff(1.0, 10.0, draw=lambda: 1.0)
    assert [longest.pause(n) for n in (1, 2, 3, 4, 5, 10_000)] == [1, 2, 4, 8, 10, 10]


def test_each_is_drawn_from_its_upper_half() -> None:
    assert Backoff(1.0, 10.0, draw=lambda: 0.0).pause(2) == 1.0
    assert {Backoff(1.0).pause(1) for _ in range(20)} != {1.0}


@pytest.mark.parametrize(("first", "longest"), [(-1.0, 1.0), (2.0, 1.0), (float("nan"), 1.0)])
def test_numbers_are_checked(first: float, longest: float) -> None:
    with pytest.raises(ConfigError, match="first <= longest"):
        Backoff(first, longest)
