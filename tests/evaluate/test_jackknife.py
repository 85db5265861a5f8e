"""Intervals of rates whose comparisons share people, against bootstraps and fresh samples."""

import math

import numpy as np
import pytest

from visavis.evaluate.jackknife import Estimate, of_pairs, of_people


def matches(rng: np.random.Generator, people: int, level: float, spread: float):
    """Pairs of people who match: each has a liability, and pairs match by the product."""
    own = rng.lognormal(0, spread, people)
    first, second = np.triu_indices(people, 1)
    hit = rng.random(len(first)) < np.minimum(level * own[first] * own[second], 1)
    return np.stack([first[hit], second[hit]], axis=1).astype(np.int32)


def estimate(pairs, people: int) -> Estimate:
    return of_pairs(pairs, np.ones(len(pairs)), np.full(people, people - 1.0))


def test_a_rate_worked_by_hand() -> None:
    """Four people, six pairs, of which 0-1 and 0-2 match: 2 / 6.

    Without 0: 0 of 3; without 1: 1 of 3; without 2: 1 of 3; without 3: 2 of 3. Minus the whole's
    1/3: -1/3, 0, 0, 1/3. Variance (n - 1) / n * (1/9 + 1/9) = 1/6; the spread is its root over 1/3.
    """
    found = estimate(np.array([[0, 1], [0, 2]], np.int32), 4)
    assert found.value == pytest.approx(1 / 3)
    assert found.spread == pytest.approx(3 / math.sqrt(6))
    assert (found.events, found.effective, found.trials) == (2, 2, 6)


def test_one_pair_of_people_in_many_pictures_is_one_event() -> None:
    """Ten comparisons of people 0 and 1 amount to one pair; one of 2 and 3 adds little."""
    pairs = np.array([[0, 1]] * 10 + [[2, 3]], np.int32)
    found = estimate(pairs, 30)
    assert found.effective == pytest.approx(11**2 / (10**2 + 1))


@pytest.mark.parametrize(("level", "spread"), [(0.02, 0.0), (0.01, 0.7)])
def test_the_spread_covers_that_of_fresh_samples(level: float, spread: float) -> None:
    """What one sample foretells is the standard deviation of ln(rate) over new people, or up to
    sqrt 2 more where single pairs and not people decide.
    """
    rng = np.random.default_rng(1)
    found = [estimate(matches(rng, 120, level, spread), 120) for _ in range(300)]
    true = np.std([math.log(one.value) for one in found])
    stated = math.sqrt(np.mean([one.spread**2 for one in found]))
    assert 0.95 * true <= stated <= 1.1 * math.sqrt(2) * true


def test_the_interval_holds_the_rate_of_another_set() -> None:
    rng = np.random.default_rng(2)
    held = 0
    for _ in range(300):
        a, b = (estimate(matches(rng, 120, 0.01, 0.7), 120) for _ in range(2))
        low, high = a.interval(another=True)
        held += low <= b.value <= high
    assert held / 300 >= 0.94


def test_close_to_a_bootstrap_of_people() -> None:
    """Where people and not single pairs decide, a bootstrap of people says the same."""
    rng = np.random.default_rng(3)
    people = 150
    pairs = matches(rng, people, 0.05, 0.8)
    table = np.zeros((people, people))
    table[pairs[:, 0], pairs[:, 1]] = 1
    table += table.T
    rates = []
    for _ in range(600):
        drawn = np.bincount(rng.integers(0, people, people), minlength=people).astype(float)
        total = (drawn.sum() ** 2 - (drawn**2).sum()) / 2
        rates.append(math.log(drawn @ table @ drawn / 2 / total))
    assert estimate(pairs, people).spread == pytest.approx(np.std(rates), rel=0.15)


def test_no_events_bound_the_rate_from_above() -> None:
    """3.69 expected events show none once in forty times: exp(-3.69) = 0.025."""
    found = estimate(np.zeros((0, 2), np.int32), 100)
    low, high = found.interval()
    assert low == 0
    assert math.exp(-high * 4950) == pytest.approx(0.025)


def test_another_set_is_wider_by_the_root_of_two() -> None:
    found = Estimate(1e-3, 0.1, 100, 100.0, 1e5)
    low, high = found.interval()
    wide_low, wide_high = found.interval(another=True)
    assert math.log(wide_high / 1e-3) / math.log(high / 1e-3) == pytest.approx(math.sqrt(2))
    assert wide_low < low < 1e-3 < high < wide_high


def test_people_are_clusters_of_genuine_comparisons() -> None:
    """Spread over fresh samples of people who fail together, against one sample's statement."""
    rng = np.random.default_rng(5)
    stated, seen = [], []
    for _ in range(300):
        trials = rng.integers(1, 20, 200).astype(float)
        errors = rng.binomial(trials.astype(int), rng.beta(0.3, 3, 200)).astype(float)
        found = of_people(errors, trials, int(errors.sum()))
        stated.append(found.spread**2)
        seen.append(math.log(found.value))
    assert math.sqrt(np.mean(stated)) == pytest.approx(np.std(seen), rel=0.15)


def test_people_without_trials_do_not_count() -> None:
    found = of_people(np.array([1.0, 0, 0]), np.array([2.0, 2, 0]), 1)
    assert (found.value, found.trials) == (0.25, 2)
    assert of_people(np.zeros(3), np.ones(3), 0).interval()[0] == 0
