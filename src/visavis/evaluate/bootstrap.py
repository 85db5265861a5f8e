"""Intervals for figures whose trials share people: identities are drawn again, not pairs.

Two pairs with one person in common are not independent, so an interval that counts them as such
is too narrow. A draw takes as many identities as there are, with replacement; a pair counts as
often as its people were drawn together (the product), a genuine pair as often as its one person.
Bolle, Ratha and Pankanti, "Error analysis of pattern recognition systems: the subsets bootstrap"
(CVIU 93, 2004); Owen, "The pigeonhole bootstrap" (Annals of Applied Statistics 1, 2007), who shows
that the product errs towards wide intervals.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from visavis.errors import InputError
from visavis.evaluate.metrics import Rates
from visavis.evaluate.rates import Rate
from visavis.types import Floats

Statistic: TypeAlias = Callable[[Rates], Rates]
"""(D, P) weights of P trials in D draws to (D, S) figures; NaN where a draw gives none."""
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]
DRAWS: Final = 1000
_CELLS = 2_000_000  # weights held at once


@dataclass(frozen=True, slots=True)
class Estimate:
    """A measured figure with a two-sided interval of the given confidence; NaN for an interval
    that the data cannot show.
    """

    value: float
    low: float
    high: float
    confidence: float = 0.95


def resample(statistic: Statistic, people: Ints, *, draws: int = DRAWS, seed: int = 0) -> Rates:
    """(draws, S) figures of `statistic`, each with other identities.

    `people` is (P, 2): who is in each trial, twice the same number where it is one person.
    """
    if people.ndim != 2 or people.shape[1] != 2 or not len(people):
        raise InputError(f"expected (P, 2) people of each trial, got shape {people.shape}")
    known, rows = np.unique(people, return_inverse=True)
    first, second = rows.reshape(people.shape).T
    alone = first == second
    rng = np.random.default_rng(seed)
    found = []
    for size in _blocks(draws, max(len(people), len(known))):
        counts = _counts(rng, size, len(known))
        weights = counts[:, first]
        weights *= np.where(alone, 1.0, counts[:, second])
        found.append(statistic(weights))
    return np.concatenate(found)


def interval(figures: Rates, confidence: float = 0.95) -> tuple[float, float]:
    """The middle of (draws,) resampled figures, by percentiles; NaN if no draw gave one."""
    known = figures[np.isfinite(figures)]
    if not len(known):
        return float("nan"), float("nan")
    tail = 50 * (1 - confidence)
    low, high = np.percentile(known, [tail, 100 - tail])
    return float(low), float(high)


def estimate(value: float, figures: Rates) -> Estimate:
    """The value with the interval of its resampled figures; NaN where all draws give the same."""
    low, high = interval(figures)
    return Estimate(value, low, high) if low < high else Estimate(value, np.nan, np.nan)


def rate(events: Bools, people: Ints, *, draws: int = DRAWS, seed: int = 0) -> Rate:
    """The share of true `events` (P,) with a 95 % interval; see `rates`."""
    return rates(events[:, None], people, draws=draws, seed=seed)[0]


def rates(events: Bools, people: Ints, *, draws: int = DRAWS, seed: int = 0) -> tuple[Rate, ...]:
    """The share of true events in each column of (P, S), with intervals of resampled identities.

    Where all trials or none are events, resampling shows no spread: there the interval is Clopper
    and Pearson's, with the people and not the trials as what is independent. Without trials it is
    0..1.
    """
    trials = len(events)
    if not trials:
        return tuple(Rate.of(0, 0) for _ in events.T)
    persons = len(np.unique(people))
    figures = resample(lambda weights: _shares(weights, events), people, draws=draws, seed=seed)
    found = []
    for count, column in zip(events.sum(axis=0).tolist(), figures.T, strict=True):
        if count in (0, trials):
            exact = Rate.of(persons if count else 0, persons)
            found.append(Rate(count, trials, exact.low, exact.high))
        else:
            found.append(Rate(count, trials, *interval(column)))
    return tuple(found)


def _shares(weights: Rates, events: Bools) -> Rates:
    with np.errstate(invalid="ignore"):
        shares: Rates = weights @ events.astype(np.float64) / weights.sum(axis=1, keepdims=True)
    return shares


def score_figures(scores: Floats, same: Bools, fmrs: Sequence[float]) -> Statistic:
    """The statistic AUC, EER and TMR at each of `fmrs` (S = 2 + len(fmrs)), as `Scores` has them.

    The thresholds are found anew in every draw, so that their chance is in the interval too.
    """
    order = np.argsort(scores, kind="stable")
    genuine = same[order]
    ranked = scores[order]
    ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))  # last of each tie

    def statistic(weights: Rates) -> Rates:
        sorted_weights = weights[:, order]
        fnmr = _risen(sorted_weights * genuine, ends)
        fmr = 1 - _risen(sorted_weights * ~genuine, ends)
        tmrs = [_tmr(fmr, fnmr, limit) for limit in fmrs]
        return np.stack([_auc(fmr, fnmr), _eer(fmr, fnmr), *tmrs], axis=1)

    return statistic


def _risen(weights: Rates, ends: Ints) -> Rates:
    """(D, T + 1): the share of each draw's weight at or below each distinct score, from 0 up."""
    sums = np.cumsum(weights, axis=1)
    with np.errstate(invalid="ignore"):
        shares = sums[:, ends] / sums[:, -1:]
    return np.pad(shares, ((0, 0), (1, 0)))


def _auc(fmr: Rates, fnmr: Rates) -> Rates:
    area: Rates = ((fmr[:, :-1] - fmr[:, 1:]) * (2 - fnmr[:, :-1] - fnmr[:, 1:])).sum(axis=1) / 2
    return area


def _eer(fmr: Rates, fnmr: Rates) -> Rates:
    lead = fmr - fnmr
    rows = np.arange(len(lead))
    after = np.maximum(np.argmax(lead <= 0, axis=1), 1)
    before = after - 1
    part = lead[rows, before] / (lead[rows, before] - lead[rows, after])
    found: Rates = fmr[rows, before] + part * (fmr[rows, after] - fmr[rows, before])
    return found


def _tmr(fmr: Rates, fnmr: Rates, limit: float) -> Rates:
    first = np.argmax(fmr <= limit + 1e-12, axis=1)
    found: Rates = 1 - fnmr[np.arange(len(fmr)), first]
    found[np.isnan(fmr[:, -1])] = np.nan
    return found


def _counts(rng: np.random.Generator, draws: int, people: int) -> Rates:
    """(draws, people): how often each was drawn, with replacement, as many as there are."""
    drawn = rng.integers(0, people, (draws, people)) + people * np.arange(draws)[:, None]
    counts = np.bincount(drawn.ravel(), minlength=draws * people)
    return counts.reshape(draws, people).astype(np.float64)


def _blocks(draws: int, width: int) -> list[int]:
    size = max(_CELLS // width, 1)
    return [min(size, draws - start) for start in range(0, draws, size)]
