"""Genuine and impostor scores, and the error rates that follow from them."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visavis.errors import InputError
from visavis.evaluate.rates import RULE_OF_30
from visavis.types import Floats

Rates: TypeAlias = NDArray[np.float64]
_ROUNDING = 1e-9  # so that 0.01 of 300 pairs are 3 whatever binary fractions make of it


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Error rates by threshold, thresholds rising: FMR falls and FNMR rises. All (P,)."""

    thresholds: Floats
    fmr: Rates
    fnmr: Rates

    @property
    def tmr(self) -> Rates:
        """1 - FNMR: the ordinate of a ROC."""
        tmr: Rates = 1 - self.fnmr
        return tmr


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Comparison scores of one set: a score at or above a threshold is a match.

    `genuine` and `impostor` are 1-D, finite and not empty (else InputError); both are kept sorted
    as float32. A rate is exact: thresholds are compared with the scores as real numbers.
    """

    genuine: Floats
    impostor: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "genuine", _sorted(self.genuine, "genuine"))
        object.__setattr__(self, "impostor", _sorted(self.impostor, "impostor"))

    def fmr(self, threshold: float) -> float:
        """The share of impostor scores that match."""
        return float(self.fmr_at([threshold])[0])

    def fnmr(self, threshold: float) -> float:
        """The share of genuine scores that do not match."""
        return float(self.fnmr_at([threshold])[0])

    def fmr_at(self, thresholds: ArrayLike) -> Rates:
        """(P,) FMR at each of P thresholds."""
        below = np.searchsorted(self.impostor, _reach(thresholds))
        rates: Rates = (len(self.impostor) - below) / len(self.impostor)
        return rates

    def fnmr_at(self, thresholds: ArrayLike) -> Rates:
        """(P,) FNMR at each of P thresholds."""
        rates: Rates = np.searchsorted(self.genuine, _reach(thresholds)) / len(self.genuine)
        return rates

    def threshold(self, fmr: float) -> float:
        """The lowest threshold whose FMR is at most `fmr`, just above an impostor score.

        Below one impostor in all of them it lies above the highest; see `supported`. Raises
        InputError unless 0 <= fmr < 1.
        """
        if not 0 <= fmr < 1:
            raise InputError(f"expected an FMR of 0 or more and less than 1, got {fmr}")
        allowed = int(fmr * len(self.impostor) + _ROUNDING)
        last = max(len(self.impostor) - 1 - allowed, 0)
        return float(np.nextafter(self.impostor[last], np.float32(np.inf)))

    def tmr(self, fmr: float) -> float:
        """1 - FNMR at the threshold of this FMR: TAR at FAR in other words."""
        return 1 - self.fnmr(self.threshold(fmr))

    def supported(self, fmr: float) -> bool:
        """Whether there are impostor scores enough for this FMR: 30 false matches expected."""
        return fmr * len(self.impostor) + _ROUNDING >= RULE_OF_30

    def eer(self) -> float:
        """The rate at which FMR and FNMR are equal, linear between the points where they cross."""
        full = self._full()
        lead = full.fmr - full.fnmr  # 1 at the lowest threshold, -1 above the highest
        after = int(np.argmax(lead <= 0))
        share = lead[after - 1] / (lead[after - 1] - lead[after])
        step = full.fmr[after] - full.fmr[after - 1]
        return float(full.fmr[after - 1] + share * step)

    def auc(self) -> float:
        """The chance that a genuine score beats an impostor's, ties counting half: Mann-Whitney."""
        below = int(np.searchsorted(self.impostor, self.genuine, side="left").sum())
        within = int(np.searchsorted(self.impostor, self.genuine, side="right").sum())
        return (below + within) / (2 * len(self.genuine) * len(self.impostor))

    def curve(self, points: int = 400) -> Curve:
        """At most about `points` thresholds: all of them, or close together where a rate is small.

        Both ends are there: all match at the first threshold, nothing at the last.
        """
        full = self._full()
        if len(full.thresholds) <= points:
            return full
        kept = np.concatenate([_ranks(self.genuine, points), _ranks(self.impostor, points)])
        return self._curve(np.concatenate([full.thresholds[[0, -1]], kept]))

    def _full(self) -> Curve:
        highest = max(self.genuine[-1], self.impostor[-1])
        above = np.nextafter(highest, np.float32(np.inf))
        return self._curve(np.concatenate([self.genuine, self.impostor, [above]]))

    def _curve(self, thresholds: Floats) -> Curve:
        steps = np.unique(thresholds)
        return Curve(steps, self.fmr_at(steps), self.fnmr_at(steps))


def _sorted(scores: ArrayLike, side: str) -> Floats:
    array: Floats = np.sort(np.asarray(scores, np.float32), axis=None)
    if np.ndim(scores) != 1 or not len(array):
        raise InputError(f"expected a row of {side} scores, got shape {np.shape(scores)}")
    if not (np.isfinite(array[0]) and np.isfinite(array[-1])):  # sorting puts NaN last
        raise InputError(f"expected finite {side} scores, got a NaN or an infinite one")
    array.setflags(write=False)
    return array


def _reach(thresholds: ArrayLike) -> Floats:
    """The lowest float32 at or above each threshold: what a float32 score must reach."""
    exact = np.asarray(thresholds, np.float64)
    near = exact.astype(np.float32)
    return np.where(near < exact, np.nextafter(near, np.float32(np.inf)), near)


def _ranks(scores: Floats, points: int) -> Floats:
    """About half of `points` scores: evenly by rank, and closer and closer at the errors' end."""
    count = len(scores)
    even = np.linspace(0, count - 1, points // 8)
    few = np.geomspace(1, count, points // 8) - 1
    ranks = np.concatenate([even, few, count - 1 - few]).round().astype(np.int64)
    return scores[np.unique(ranks)]
