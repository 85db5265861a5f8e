"""Error rates of comparisons that share people, with intervals that know it."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Z: Final = 1.959964
"""Standard deviations to either side of a 95 % interval."""
_NONE_SEEN: Final = 3.688879  # -ln(0.025): the expectation that shows nothing once in forty times


@dataclass(frozen=True, slots=True)
class Estimate:
    """A rate and how far chance in who was photographed moves it.

    `events` counts comparisons that erred, `effective` how many equally weighty pairs of people
    (or people) the errors amount to: (sum w)^2 / sum w^2 (Kish, Survey Sampling, 1965).
    `spread` is the standard error of ln(value), infinite without events. `trials` is the number
    of people or pairs of people, by weight, that were there to err.
    """

    value: float
    spread: float
    events: int
    effective: float
    trials: float

    def interval(self, *, another: bool = False) -> tuple[float, float]:
        """95 %, on the log scale: of the true rate, or of what `another` set as large will show.

        The second is wider by sqrt 2: that set is drawn by chance too.
        """
        if not self.events:
            return 0.0, min(_NONE_SEEN / self.trials, 1.0)
        factor = math.exp(Z * self.spread * (math.sqrt(2) if another else 1))
        return self.value / factor, min(self.value * factor, 1.0)


def of_pairs(
    people: NDArray[np.int32], weights: NDArray[np.float64], reach: NDArray[np.float64]
) -> Estimate:
    """The rate of errors (M, 2) `people` with (M,) `weights`, from leaving out one person each.

    `reach` (K,) is the weight of all comparisons of a person. The delete-one jackknife counts the
    chance of each pair of people twice, once for either, and so errs to the wide side (Efron and
    Stein, Annals of Statistics 9, 1981). Taking that off once gives the right variance on average,
    but intervals that hold 89 to 94 times in 100 on halves of LFW, not 95.
    """
    total = float(reach.sum() / 2)
    present = reach > 0
    count = int(present.sum())
    trials = count * (count - 1) / 2
    if not len(weights):
        return Estimate(0.0, math.inf, 0, 0.0, trials)
    value = float(weights.sum() / total)
    both = np.bincount(people.ravel(), np.repeat(weights, 2), len(reach))
    without = (value * reach - both)[present] / (total - reach[present])  # minus the whole's rate
    variance = (count - 1) / count * float(((without - without.mean()) ** 2).sum())
    mass = _by_pair(people, weights, len(reach))
    effective = float(mass.sum() ** 2 / (mass**2).sum())
    return Estimate(value, math.sqrt(variance) / value, len(weights), effective, trials)


def of_people(errors: NDArray[np.float64], trials: NDArray[np.float64], events: int) -> Estimate:
    """The rate of (K,) weight that erred among (K,) weight tried, each person's one cluster.

    The ratio estimator's variance (Cochran, Sampling Techniques, 1977, section 6.3).
    """
    tried = trials > 0
    errors, trials = errors[tried], trials[tried]
    count, total = len(trials), float(trials.sum())
    wrong = float(errors.sum())
    if not wrong:
        return Estimate(0.0, math.inf, 0, 0.0, float(count))
    value = wrong / total
    residual = float(((errors - value * trials) ** 2).sum())
    spread = math.sqrt(count / max(count - 1, 1) * residual) / total / value
    return Estimate(value, spread, events, wrong**2 / float((errors**2).sum()), float(count))


def _by_pair(
    people: NDArray[np.int32], weights: NDArray[np.float64], count: int
) -> NDArray[np.float64]:
    """The weight of each pair of people that erred at all."""
    low, high = np.sort(people.astype(np.int64), axis=1).T
    _, place = np.unique(low * count + high, return_inverse=True)
    return np.asarray(np.bincount(place, weights), np.float64)
