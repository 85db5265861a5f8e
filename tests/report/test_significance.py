"""Tests of differences, against values worked by hand or published."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, ttest_rel

from visavis.report.significance import (
    Interval,
    counts,
    exact,
    folds,
    holm,
    intervals,
    outcomes,
)


def test_fisher_and_the_lady_tasting_tea() -> None:
    # 3 of 4 against 1 of 4: C(4,k)C(4,4-k)/C(8,4) = 1, 16, 36, 16, 1 of 70; as rare or rarer
    # than k = 3 are all but k = 2: 34 of 70.
    assert counts((3, 4), (1, 4)) == pytest.approx(34 / 70)


def test_intervals_are_newcombes_where_wilsons_are_given() -> None:
    # Newcombe 1998, table II, contrast (a): 56/70 - 48/80 has 0.0524 to 0.3339 by method 10.
    first, second = (
        Interval(e / n, *binomtest(e, n).proportion_ci(0.95, "wilson"))
        for e, n in ((48, 80), (56, 70))
    )
    test = intervals(first, second)
    assert test is not None
    assert (round(test.low, 4), round(test.high, 4)) == (0.0524, 0.3339)
    assert test.difference == pytest.approx(0.2)
    assert 0.001 < test.p < 0.05  # the interval excludes zero


def test_p_of_intervals_is_normal_where_they_are() -> None:
    # Errors 3 and 4 make one of 5: a difference of 9.8 is 1.96 of them.
    first = Interval(0, -3 * 1.959964, 3 * 1.959964)
    second = Interval(9.8, 9.8 - 4 * 1.959964, 9.8 + 4 * 1.959964)
    test = intervals(first, second)
    assert test is not None
    assert test.p == pytest.approx(0.05, abs=1e-4)
    assert (test.low, test.high) == pytest.approx((0, 19.6), abs=1e-3)


def test_intervals_of_another_confidence_are_scaled() -> None:
    wide = intervals(Interval(0, -2.575829, 2.575829, 0.99), Interval(1, 1, 1))
    assert wide is not None
    assert wide.p == pytest.approx(2 * 0.158655, abs=1e-5)  # one standard error


def test_intervals_without_width_judge_nothing() -> None:
    assert intervals(Interval(0, 0, 0), Interval(0.1, 0.1, 0.1)) is None


def test_mcnemar_by_hand() -> None:
    # 2 lost and 8 won: 2 (1 + 10 + 45) / 1024.
    first = [True] * 2 + [False] * 8 + [True] * 90
    second = [False] * 2 + [True] * 8 + [True] * 90
    test = outcomes(first, second)
    assert test.p == pytest.approx(112 / 1024)
    assert test.difference == pytest.approx(0.06)
    # Agresti and Min: (8 - 2) / 102 ± 1.96 sqrt(8.5 + 2.5 - 36 / 102) / 102
    reach = 1.959964 * math.sqrt(11 - 36 / 102) / 102
    assert (test.low, test.high) == pytest.approx((6 / 102 - reach, 6 / 102 + reach))


def test_mcnemar_without_a_difference() -> None:
    assert outcomes([True, False], [True, False]).p == 1


def test_paired_t_by_hand() -> None:
    # Gains 1, 2, 3: mean 2, error 1/sqrt(3), t = 3.4641; with two degrees p = 1 - t/sqrt(t² + 2).
    test = folds([0, 0, 0], [1, 2, 3])
    assert test.p == pytest.approx(1 - math.sqrt(12 / 14))
    assert test.low < 0 < test.difference == 2


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)), min_size=3, max_size=12))
def test_paired_t_is_scipys(pairs: list[tuple[int, int]]) -> None:
    first, second = np.array(pairs, float).T
    if np.ptp(second - first):
        assert folds(first, second).p == pytest.approx(ttest_rel(second, first).pvalue)


def test_folds_that_all_agree_or_all_gain_the_same() -> None:
    assert folds([1, 2], [1, 2]).p == 1
    assert folds([1, 2], [2, 3]).p == 0


def test_holm_by_hand() -> None:
    # 3 · 0.01, 2 · 0.03, and 1 · 0.04 raised to the one before.
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1, 1]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_raises_and_keeps_the_order(ps: list[float]) -> None:
    raised = holm(ps)
    assert all(p <= q <= 1 for p, q in zip(ps, raised, strict=True))
    order = np.argsort(ps, kind="stable")
    assert np.all(np.diff(np.array(raised)[order]) >= 0)


def test_only_clopper_and_pearsons_interval_is_exact() -> None:
    # 0 of 10: 1 - 0.025^(1/10)
    assert exact(0, 10, Interval(0, 0, round(1 - 0.025**0.1, 6)))
    assert not exact(0, 10, Interval(0, 0, 0.25))
    assert not exact(0, 0, Interval(0, 0, 1))
