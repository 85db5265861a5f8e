"""Tests of a difference between two measurements, and Holm's correction for making many."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from visavis.extras import needs


@dataclass(frozen=True, slots=True)
class Interval:
    """A measured value between two limits of the given confidence."""

    value: float
    low: float
    high: float
    confidence: float = 0.95


@dataclass(frozen=True, slots=True)
class Test:
    """How much a second measurement exceeds a first, with a 95 % interval and a two-sided p."""

    name: str
    difference: float
    low: float
    high: float
    p: float


def intervals(first: Interval, second: Interval) -> Test | None:
    """Two independent figures by their intervals alone, whatever these were computed from.

    None where intervals without width leave nothing to judge a difference by. Limits by Newcombe
    (Statistics in Medicine 17, 1998, method 10), for any interval after Zou and Donner (Statistics
    in Medicine 27, 2008); p by taking the limit next to zero as normal.
    """
    difference = second.value - first.value
    below = math.hypot(_reach(second, -1), _reach(first, 1))
    above = math.hypot(_reach(second, 1), _reach(first, -1))
    towards_zero = below if difference > 0 else above
    if not towards_zero:
        return None
    low, high = (difference + _quantile(0.95) * reach for reach in (-below, above))
    return Test("intervals", difference, low, high, _tail(difference / towards_zero))


def counts(first: tuple[int, int], second: tuple[int, int]) -> float:
    """p of two independent counts (events, trials): Fisher's exact test (JRSS 98, 1935)."""
    with needs("evaluate", "Fisher's test"):
        from scipy.stats import fisher_exact
    table = [[events, trials - events] for events, trials in (first, second)]
    return float(fisher_exact(table).pvalue)


def exact(events: int, trials: int, given: Interval) -> bool:
    """Whether the interval is Clopper and Pearson's, and so says that trials are independent."""
    with needs("evaluate", "confidence intervals"):
        from scipy.stats import binomtest
    if not trials:
        return False
    limits = binomtest(events, trials).proportion_ci(given.confidence, "exact")
    return bool(np.allclose((given.low, given.high), limits, rtol=1e-4, atol=1e-9))


def outcomes(first: Sequence[bool], second: Sequence[bool]) -> Test:
    """The same trials decided twice: McNemar's exact test (Psychometrika 12, 1947).

    Limits of the difference after Agresti and Min (Statistics in Medicine 24, 2005).
    """
    with needs("evaluate", "McNemar's test"):
        from scipy.stats import binomtest
    before, after = np.asarray(first, bool), np.asarray(second, bool)
    lost, won = int((before & ~after).sum()), int((after & ~before).sum())
    p = float(binomtest(won, won + lost).pvalue) if won + lost else 1.0
    padded = before.size + 2
    middle = (won - lost) / padded
    spread = math.sqrt(won + lost + 1 - (won - lost) ** 2 / padded) / padded
    reach = spread * _quantile(0.95)
    return Test("McNemar", (won - lost) / before.size, middle - reach, middle + reach, p)


def folds(first: Sequence[float], second: Sequence[float]) -> Test:
    """The same folds measured twice: the paired t-test; 1 where no fold differs."""
    with needs("evaluate", "the paired t-test"):
        from scipy.stats import t
    gains = np.asarray(second, np.float64) - np.asarray(first, np.float64)
    mean, error = float(gains.mean()), float(gains.std(ddof=1)) / math.sqrt(gains.size)
    freedom = gains.size - 1
    reach = float(t.ppf(0.975, freedom)) * error
    p = float(2 * t.sf(abs(mean) / error, freedom)) if error else float(mean == 0)
    return Test("paired t", mean, mean - reach, mean + reach, p)


def holm(ps: Sequence[float]) -> list[float]:
    """The p-values, raised for having made so many tests (Holm, Scand. J. Statistics 6, 1979)."""
    adjusted, highest = [0.0] * len(ps), 0.0
    for rank, place in enumerate(sorted(range(len(ps)), key=lambda i: ps[i])):
        highest = max(highest, min(1.0, (len(ps) - rank) * ps[place]))
        adjusted[place] = highest
    return adjusted


def _reach(of: Interval, side: int) -> float:
    """A standard error: how far the limit on that side is away, over its normal quantile."""
    far = of.high - of.value if side > 0 else of.value - of.low
    return max(far, 0.0) / _quantile(of.confidence)


def _quantile(confidence: float) -> float:
    with needs("evaluate", "confidence intervals"):
        from scipy.stats import norm
    return float(norm.ppf(0.5 + confidence / 2))


def _tail(deviations: float) -> float:
    with needs("evaluate", "confidence intervals"):
        from scipy.stats import norm
    return float(2 * norm.sf(abs(deviations)))
