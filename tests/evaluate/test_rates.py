"""Rates: exact intervals, and what so few trials can carry."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from visavis.errors import InputError
from visavis.evaluate.rates import Rate


def test_hand_worked_intervals() -> None:
    # none of 30: the upper limit p solves (1 - p)^30 = 0.025
    none = Rate.of(0, 30)
    assert (none.value, none.low) == (0, 0)
    assert none.high == pytest.approx(1 - 0.025 ** (1 / 30))
    # all of 30, the mirror image
    assert Rate.of(30, 30).low == pytest.approx(0.025 ** (1 / 30))
    assert Rate.of(30, 30).high == 1
    # 1 of 2: below, the chance of one or more is 1 - (1 - p)^2 = 0.025
    assert Rate.of(1, 2).low == pytest.approx(1 - math.sqrt(0.975))


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_is_the_exact_one_of_scipy(numbers: tuple[int, int]) -> None:
    events, trials = numbers
    for confidence in (0.9, 0.95):
        expected = binomtest(events, trials).proportion_ci(confidence, method="exact")
        found = Rate.of(events, trials, confidence)
        assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-9)
        assert found.low <= found.value <= found.high


def test_without_trials_nothing_is_known() -> None:
    empty = Rate.of(0, 0)
    assert (empty.low, empty.high) == (0, 1)
    assert math.isnan(empty.value)


@pytest.mark.parametrize(("events", "trials"), [(2, 1), (-1, 5)])
def test_impossible_counts_are_refused(events: int, trials: int) -> None:
    with pytest.raises(InputError, match=f"0 to {trials}"):
        Rate.of(events, trials)


def test_the_rule_of_thirty() -> None:
    assert Rate.of(30, 1000).measurable()
    assert not Rate.of(29, 1000).measurable()
    assert Rate.of(0, 3000).measurable(at=0.01)
    assert not Rate.of(0, 2999).measurable(at=0.01)
