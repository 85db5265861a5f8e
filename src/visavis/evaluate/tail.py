"""The highest impostor scores as a distribution, to say what rates lie beyond the measured."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from visavis.errors import InputError, NotMeasured
from visavis.evaluate.impostors import Impostors
from visavis.policy import Tail

Column: TypeAlias = NDArray[np.float64]
Kind: TypeAlias = Literal["pareto", "quadratic"]
KINDS: Final[tuple[Kind, ...]] = ("pareto", "quadratic")
_STARTS: Final = (10, 30, 100)  # times the lowest measured rate
_BULK: Final = 0.3  # above this rate there is no tail
_HALVES: Final = 10
_GROUPS: Final = 20
_STEEPEST: Final = 0.95  # of the way to where the highest score would be impossible
_IMPOSSIBLE: Final = -50.0  # log-likelihood of a score that a fit rules out


@dataclass(frozen=True, slots=True)
class Candidate:
    """A fit, and the mean log-likelihood it gave to the highest scores of people held out."""

    tail: Tail
    held_out: float


@dataclass(frozen=True, slots=True)
class Choice:
    """All candidates, the likeliest first; (G,) fits of it with a group of people left out each."""

    candidates: tuple[Candidate, ...]
    without: tuple[Tail, ...]

    @property
    def tail(self) -> Tail:
        return self.candidates[0].tail

    def interval(self, score: float) -> tuple[float, float]:
        """Where the FMR of another set of as many people lies at `score`: 95 % by the jackknife
        over groups of people, wide enough to hold what every other candidate says.
        """
        middle = float(_log(self.tail, score))
        others = np.array([_log(tail, score) for tail in self.without])
        groups = len(others)
        variance = (groups - 1) / groups * float(((others - others.mean()) ** 2).sum())
        spread = float(np.sqrt(2 * variance))  # twice: that set is drawn by chance too
        rivals = [float(_log(c.tail, score)) for c in self.candidates]
        low, high = min(middle - 1.96 * spread, *rivals), max(middle + 1.96 * spread, *rivals)
        return float(np.exp(low)), float(np.exp(min(high, 0.0)))


def fit(impostors: Impostors, rate: float, kind: Kind) -> Tail:
    """The tail of the scores above the threshold of `rate`, by maximum likelihood.

    Each comparison counts by its weight. Of two parameters one follows from the other, which is
    searched for (for the generalised Pareto: Grimshaw, Technometrics 35, 1993). Raises InputError
    for fewer than ten scores.
    """
    start = impostors.threshold(rate)
    count = impostors.count(start)
    if count < 10:
        raise InputError(f"expected ten scores or more above {start:.4f}, got {count}")
    x = impostors.scores[:count].astype(np.float64) - float(np.nextafter(np.float32(start), -1))
    shares = impostors.weights[:count] / impostors.weights[:count].sum()
    found = impostors.fmr(start)
    match kind:
        case "pareto":
            scale, shape = _pareto(x, shares)
        case "quadratic":
            scale, shape = _quadratic(x, shares)
    return Tail(kind, start, found, float(scale), float(shape))


def choose(impostors: Impostors, measured: float, seed: int = 0) -> Choice | None:
    """The fit that best foretells the highest scores of people it has not seen; None without data.

    Both kinds are fitted from 10, 30 and 100 times the lowest measured rate upwards, on random
    halves of the people, and judged on comparisons within the other half above the first start.
    """
    rng = np.random.default_rng(seed)
    most = min(impostors.lowest * 0.8, _BULK)  # room for a half's rates to differ
    starts = [measured * times for times in _STARTS if measured * times <= most]
    plans = [(start, kind) for start in starts for kind in KINDS]
    if not plans:
        return None
    if 2 * starts[-1] < impostors.lowest:
        impostors = impostors.above(impostors.threshold(2 * starts[-1]))
    groups = rng.permutation(np.arange(len(impostors.sizes)) % _GROUPS)
    try:
        marks = _judge(impostors, starts[0], plans, rng)
        order = np.argsort(-marks, kind="stable").tolist()
        candidates = tuple(Candidate(fit(impostors, *plans[k]), float(marks[k])) for k in order)
        parts = (impostors.among(groups != group) for group in range(_GROUPS))
        return Choice(candidates, tuple(fit(part, *plans[order[0]]) for part in parts))
    except (InputError, NotMeasured):  # a part of the people leaves too few scores
        return None


def log_likelihood(tail: Tail, scores: Column, weights: Column, above: float) -> float:
    """The weighted mean log-density of scores, given that they lie above `above`."""
    x = scores - tail.start
    grown = 1 / tail.scale + 2 * tail.shape * x
    if tail.kind == "pareto":
        with np.errstate(divide="ignore"):
            grown = 1 / np.maximum(tail.scale + tail.shape * x, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        density = np.log(grown) + np.log(tail.fmr(scores)) - np.log(tail.fmr(above))
    density = np.where(np.isfinite(density), np.maximum(density, _IMPOSSIBLE), _IMPOSSIBLE)
    return float((weights * density).sum() / weights.sum())


def _judge(
    impostors: Impostors,
    deepest: float,
    plans: Sequence[tuple[float, Kind]],
    rng: np.random.Generator,
) -> Column:
    marks = np.zeros(len(plans))
    people = len(impostors.sizes)
    for _ in range(_HALVES):
        chosen = np.zeros(people, bool)
        chosen[rng.permutation(people)[: people // 2]] = True
        seen, unseen = impostors.among(chosen), impostors.among(~chosen)
        above = seen.threshold(deepest)
        count = unseen.count(above)
        if not count:
            raise InputError("expected scores to judge by, got none")
        scores, weights = unseen.scores[:count].astype(np.float64), unseen.weights[:count]
        fits = [fit(seen, *plan) for plan in plans]
        marks += [log_likelihood(tail, scores, weights, above) for tail in fits]
    return marks / _HALVES


def _log(tail: Tail, score: float) -> Column:
    return np.log(np.maximum(tail.fmr(score), np.finfo(float).tiny))


def _pareto(x: Column, shares: Column) -> tuple[float, float]:
    """Scale and shape. For shape / scale = t the shape is the mean of log(1 + t x)."""

    def profile(t: float) -> tuple[float, float, float]:
        shape = float((shares * np.log1p(t * x)).sum())
        scale = shape / t
        return -np.log(scale) - shape - 1, scale, shape

    mean, highest = float((shares * x).sum()), float(x.max())
    grid = np.geomspace(1e-3, 50, 40) / mean
    best = _best(profile, np.concatenate([-np.geomspace(1e-3, _STEEPEST, 30) / highest, grid]))
    exponential = (-np.log(mean) - 1, mean, 0.0)
    _, scale, shape = max(best, exponential)
    return scale, shape


def _quadratic(x: Column, shares: Column) -> tuple[float, float]:
    """Scale and shape: hazard 1 / scale + 2 shape x, which never falls."""

    def profile(bend: float) -> tuple[float, float, float]:
        slope = 1 / float((shares * (x + bend * x**2)).sum())
        gain = float((shares * np.log1p(2 * bend * x)).sum())
        return np.log(slope) + gain - 1, 1 / slope, slope * bend

    mean = float((shares * x).sum())
    _, scale, shape = _best(profile, np.concatenate([[0.0], np.geomspace(1e-3, 1e3, 50) / mean]))
    return scale, shape


def _best(
    profile: Callable[[float], tuple[float, float, float]], grid: Column
) -> tuple[float, float, float]:
    """The highest point of the profile: by the grid, then by a finer one around the best."""
    grid = np.sort(grid)
    at = int(np.argmax([profile(value)[0] for value in grid]))
    near = np.linspace(grid[max(at - 1, 0)], grid[min(at + 1, len(grid) - 1)], 23)
    return max(profile(value) for value in near if value != 0 or 0 in grid)
