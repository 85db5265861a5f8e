"""Resampled identities: against weights by hand, repeated trials, and the binomial law."""

from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visavis.errors import InputError
from visavis.evaluate.bootstrap import (
    Ints,
    estimate,
    interval,
    rate,
    rates,
    resample,
    score_figures,
)
from visavis.evaluate.metrics import Rates, Scores

FMRS = (0.0, 0.1, 0.3)


def alone(count: int) -> Ints:
    """Everybody in one trial."""
    return np.column_stack([np.arange(count)] * 2)


def test_weights_are_counts_and_products() -> None:
    # people 3, 5 and 9; three trials of one person each show how often each was drawn
    people = np.array([[3, 3], [5, 5], [9, 9], [3, 5], [9, 3], [5, 5]])
    weights = resample(lambda w: w, people, draws=200)
    three, five, nine = weights[:, 0], weights[:, 1], weights[:, 2]
    assert weights.shape == (200, 6)
    assert (three + five + nine == 3).all()  # as many draws as people
    np.testing.assert_array_equal(weights[:, 3], three * five)
    np.testing.assert_array_equal(weights[:, 4], nine * three)
    np.testing.assert_array_equal(weights[:, 5], five)
    assert len(np.unique(weights, axis=0)) == 10  # all ways to put 3 draws on 3 people


def test_draws_follow_the_seed_and_not_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    def total(weights: Rates) -> Rates:
        return weights @ np.arange(50.0)[:, None]

    people = alone(50)
    first = resample(total, people, draws=40, seed=1)
    assert not np.array_equal(first, resample(total, people, draws=40, seed=2))
    monkeypatch.setattr("visavis.evaluate.bootstrap._CELLS", 150)  # three draws at once
    np.testing.assert_array_equal(first, resample(total, people, draws=40, seed=1))


def test_people_come_in_pairs() -> None:
    with pytest.raises(InputError, match="people of each trial"):
        resample(lambda w: w, np.arange(5))


@given(st.data())
@settings(max_examples=60)
def test_weighted_figures_are_those_of_repeated_scores(data: st.DataObject) -> None:
    """A weight of 3 is the score three times over."""
    count = data.draw(st.integers(2, 25))
    values = st.lists(st.integers(0, 6), min_size=count, max_size=count)
    scores = np.array(data.draw(values), np.float32) / 6
    weights = np.array(data.draw(values))
    same = np.array(data.draw(values)) >= 3
    found = score_figures(scores, same, FMRS)(weights[None].astype(float))[0]
    genuine, impostor = (np.repeat(scores[side], weights[side]) for side in (same, ~same))
    if not len(genuine) or not len(impostor):
        assert np.isnan(found).all()
        return
    whole = Scores(genuine, impostor)
    expected = [whole.auc(), whole.eer(), *(whole.tmr(fmr) for fmr in FMRS)]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_with_a_trial_a_person_the_interval_is_the_binomial_one() -> None:
    # 40 of 400: the draws' number of events is binomial with n = 400, p = 0.1
    events = np.arange(400) < 40
    found = rate(events, alone(400), draws=4000)
    law = np.cumsum([comb(400, k) * 0.1**k * 0.9 ** (400 - k) for k in range(401)])
    low, high = (float(np.searchsorted(law, tail)) / 400 for tail in (0.025, 0.975))
    assert (found.events, found.trials, found.value) == (40, 400, 0.1)
    assert found.low == pytest.approx(low, abs=0.005)
    assert found.high == pytest.approx(high, abs=0.005)


def test_repeated_people_widen_the_interval() -> None:
    # 400 trials of 40 people, ten each, all ten alike: as good as 40 trials
    events = np.arange(400) < 40
    repeated = np.column_stack([np.arange(400) // 10] * 2)
    narrow, wide = (rate(events, people, draws=4000) for people in (alone(400), repeated))
    ratio = (wide.high - wide.low) / (narrow.high - narrow.low)
    assert ratio == pytest.approx(np.sqrt(10), rel=0.15)


def test_pairs_that_share_people_widen_the_interval(rng: np.random.Generator) -> None:
    # 30 people all paired; everything with person 0 or 1 fails
    first, second = np.triu_indices(30, 1)
    events = (first < 2) | (second < 2)
    shared = rate(events, np.column_stack([first, second]))
    lone = rate(events, alone(len(events)))
    assert shared.high - shared.low > 2 * (lone.high - lone.low)


@pytest.mark.parametrize("events", [0, 60])
def test_without_spread_people_are_what_counts(events: int) -> None:
    # 60 trials of 30 people, none (or all) an event: (1 - p)^30 = 0.025
    people = np.column_stack([np.arange(60) // 2] * 2)
    found = rate(np.full(60, events > 0), people)
    limit = 1 - 0.025 ** (1 / 30)
    expected = (0, limit) if not events else (1 - limit, 1)
    assert (found.events, found.trials) == (events, 60)
    assert (found.low, found.high) == pytest.approx(expected)


def test_several_columns_are_several_rates(rng: np.random.Generator) -> None:
    events = rng.random((100, 3)) < (0.1, 0.5, 0.9)
    people = np.column_stack([np.arange(100) // 3] * 2)
    found = rates(events, people, seed=5)
    assert list(found) == [rate(column, people, seed=5) for column in events.T]


def test_no_trials_no_knowledge() -> None:
    [empty] = rates(np.empty((0, 1), bool), np.empty((0, 2), np.int64))
    assert (empty.low, empty.high) == (0, 1)


def test_intervals_leave_out_draws_that_gave_nothing() -> None:
    assert interval(np.array([np.nan, *range(101)])) == pytest.approx((2.5, 97.5))
    assert np.isnan(interval(np.array([np.nan]))).all()
    assert np.isnan(estimate(1.0, np.ones(5)).low)
    assert estimate(1.0, np.arange(101.0)).high == pytest.approx(97.5)
