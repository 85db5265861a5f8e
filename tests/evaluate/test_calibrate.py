"""Calibration tables from sets whose impostor scores are known."""

import numpy as np
import pytest

from visavis.errors import BadDataset, NotMeasured
from visavis.evaluate.allpairs import AllPairs, compare_vectors
from visavis.evaluate.calibrate import calibrate
from visavis.policy import Policy


def people(count: int, each: int = 2, seed: int = 0, dim: int = 16, **options) -> AllPairs:
    """`count` people in random directions, `each` pictures close to one another."""
    rng = np.random.default_rng(seed)
    centres = np.repeat(rng.standard_normal((count, dim)), each, axis=0)
    raw = (centres + 0.3 * rng.standard_normal(centres.shape)).astype(np.float32)
    rows = raw / np.linalg.norm(raw, axis=1, keepdims=True)
    names = [f"p{k:04}" for k in np.repeat(np.arange(count), each)]
    return compare_vectors(rows, names, dataset="set", model="fake", weigh="people", **options)


def test_points_are_what_was_counted() -> None:
    found = people(300)
    table = calibrate(found)
    assert (table.dataset, table.pairs, table.identities) == ("set", found.impostor_pairs, 300)
    assert table.measured is not None
    for fmr, threshold, low, high in table.points:
        if fmr >= table.measured:
            share = found.fmr(threshold)
            assert share == pytest.approx(fmr, rel=0.1)
            assert low <= share <= high
            assert found.false_matches(threshold).effective > 29


def test_thirty_pairs_of_people_are_needed_to_measure() -> None:
    """300 people with a picture each are 44,850 pairs, of which 30 are 6.69e-4."""
    table = calibrate(people(300, each=1))
    assert 30 / 44_850 <= table.measured < 30 / 44_850 * 1.13
    assert table.points[-1][0] == pytest.approx(table.measured / 100, rel=1e-3)


def test_more_pictures_of_the_same_people_measure_no_lower_rate_than_people_allow() -> None:
    few, many = calibrate(people(100, each=1)), calibrate(people(100, each=8))
    assert many.measured > 30 / (100 * 99 / 2) / 8
    assert many.measured >= few.measured / 4


def test_what_lies_beyond_is_said_and_then_refused() -> None:
    table = calibrate(people(300))
    beyond = table.threshold(table.measured / 10)
    assert beyond.extrapolated
    assert beyond.interval[0] <= table.measured / 10 <= beyond.interval[1]
    assert not table.threshold(table.measured).extrapolated
    with pytest.raises(NotMeasured, match="300 people of set"):
        table.threshold(table.measured / 1000)
    with pytest.raises(NotMeasured, match="does not extrapolate"):
        Policy(fmr=table.measured / 10, beyond="refuse").verification(table)


def test_intervals_grow_towards_low_rates() -> None:
    table = calibrate(people(400))
    ratios = [high / low for _, _, low, high in table.points]
    assert ratios[-1] > 2 * ratios[2]
    assert [p[1] for p in table.points] == sorted(p[1] for p in table.points)


def test_another_set_of_the_same_kind_lies_in_the_interval() -> None:
    """A table from one set of people, its FMR measured on others: 19 of 20 times in theory."""
    held = 0
    for seed in range(40):
        one, other = people(150, seed=seed), people(150, seed=1000 + seed)
        limit = one.threshold(1e-2)
        low, high = one.false_matches(limit).interval(another=True)
        held += low <= other.fmr(limit) <= high
    assert held >= 34  # below that once in two hundred times


def test_too_few_people_are_refused() -> None:
    with pytest.raises(BadDataset, match="20 people or more to calibrate on, got 12"):
        calibrate(people(12))
    alike = np.ones((30, 1), np.float32)
    names = [f"p{k}" for k in range(30)]
    with pytest.raises(BadDataset, match="add people"):
        calibrate(compare_vectors(alike, names, dataset="one face", model="fake"))


def test_the_name_stands_in_the_table() -> None:
    assert calibrate(people(100), name="our staff").dataset == "our staff"


def test_rates_above_the_kept_scores_are_left_out() -> None:
    table = calibrate(people(300, tail=2000))
    assert table.points[0][0] < 2000 / 179_400
    assert len(table.points) > 3


def test_a_higher_threshold_never_has_a_higher_upper_end() -> None:
    """Label errors make heavy tails and wide fits; what lies below still bounds them."""
    table = calibrate(people(60, each=1, dim=4))
    highs = [high for _, _, _, high in table.points]
    assert highs == sorted(highs, reverse=True)
    assert all(low <= fmr <= high for fmr, _, low, high in table.points[len(highs) // 2 :])
