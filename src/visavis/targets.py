"""Where a liveness check draws the line: by an error rate that the user states."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visavis.errors import ConfigError, NotMeasured

LivenessPoint: TypeAlias = tuple[float, float, float]
"""(threshold, BPCER, APCER of the worst species)."""
_DEFAULT_BPCER: Final = 0.05
_BY_FACE: Final = ":face"


@dataclass(frozen=True, slots=True)
class LiveTarget:
    """One of: the share of live people that may be refused (`bpcer`), the share of attacks of the
    worst species that may pass (`apcer`), or a score (`threshold`). BPCER 5 % if none is given.

    Raises ConfigError for more than one, or a value outside 0..1.
    """

    bpcer: float | None = None
    apcer: float | None = None
    threshold: float | None = None

    def __post_init__(self) -> None:
        given = [v for v in (self.bpcer, self.apcer, self.threshold) if v is not None]
        if len(given) > 1:
            raise ConfigError(f"expected one of bpcer, apcer and threshold, got {self}")
        if given and not 0 < given[0] < 1:
            raise ConfigError(f"expected a liveness target between 0 and 1, got {given[0]}")
        if not given:
            object.__setattr__(self, "bpcer", _DEFAULT_BPCER)


DEFAULT_TARGET: Final = LiveTarget()


@dataclass(frozen=True, slots=True)
class LivenessTable:
    """Thresholds of a liveness score with the error rates measured there, and on what.

    `points` have rising thresholds, so rising BPCER and falling APCER. `bona_fide` and `attacks`
    name the sets and how many presentations each had.
    """

    points: tuple[LivenessPoint, ...]
    bona_fide: str
    attacks: str

    def __post_init__(self) -> None:
        columns = np.array(self.points, np.float64)
        if columns.ndim != 2 or columns.shape[1] != 3 or len(columns) < 2:
            raise ConfigError("expected two or more points (threshold, BPCER, APCER)")
        steps = np.diff(columns, axis=0)
        if not ((steps[:, 0] > 0).all() and (steps[:, 1] >= 0).all() and (steps[:, 2] <= 0).all()):
            raise ConfigError("expected rising thresholds and BPCER, and falling APCER")

    def threshold(self, target: LiveTarget) -> float:
        """The score for a target: the highest with at most its BPCER, or the lowest with at most
        its APCER. Raises NotMeasured for a rate below the table's.
        """
        scores, bpcer, apcer = np.array(self.points, np.float64).T
        if target.threshold is not None:
            return target.threshold
        if target.bpcer is not None:
            good = np.flatnonzero(bpcer <= target.bpcer)
            if not good.size:
                raise NotMeasured(f"expected a BPCER of {bpcer[0]:g} or more, got {target.bpcer:g}")
            return float(scores[good[-1]])
        good = np.flatnonzero(apcer <= (target.apcer or 0))
        if not good.size:
            raise NotMeasured(f"expected an APCER of {apcer[-1]:g} or more, got {target.apcer:g}")
        return float(scores[good[0]])


@dataclass(frozen=True, slots=True)
class Combination:
    """How the logits of some checks become one probability of a live person.

    sigmoid(bias + weights * logits): calibrated logistic regression, of one check Platt scaling.
    `checks` are ModelCard ids in order; no weight is negative. Raises ConfigError otherwise.
    """

    checks: tuple[str, ...]
    weights: tuple[float, ...]
    bias: float
    table: LivenessTable

    def __post_init__(self) -> None:
        if not self.checks or list(self.checks) != sorted(set(self.checks)):
            raise ConfigError(f"expected checks in order, each once, got {self.checks}")
        if len(self.weights) != len(self.checks):
            raise ConfigError(f"expected a weight for each of {self.checks}, got {self.weights}")
        if not np.isfinite((*self.weights, self.bias)).all() or min(self.weights) < 0:
            raise ConfigError(f"expected weights of 0 or more, got {self.weights}, {self.bias}")

    def scores(self, logits: ArrayLike) -> NDArray[np.float64]:
        """(…,) probabilities of a live person for (…, checks) logits; NaN where one is NaN."""
        odds = np.asarray(logits, np.float64) @ np.array(self.weights) + self.bias
        found: NDArray[np.float64] = 0.5 * (1 + np.tanh(odds / 2))
        return found


@dataclass(frozen=True)
class FusionTable:
    """A Combination for every set of checks that may answer together, and so for each alone."""

    combinations: tuple[Combination, ...]

    def __post_init__(self) -> None:
        if len({c.checks for c in self.combinations}) != len(self.combinations):
            raise ConfigError("expected one combination for each set of checks, got some twice")

    @cached_property
    def _by_checks(self) -> dict[tuple[str, ...], Combination]:
        return {c.checks: c for c in self.combinations}

    def of(self, checks: Iterable[str]) -> Combination:
        """The combination of these checks, in any order. Raises ConfigError if it has none."""
        wanted = tuple(sorted(checks))
        if wanted not in self._by_checks:
            known = ", ".join("+".join(c.checks) for c in self.combinations)
            raise ConfigError(
                f"no liveness table for {'+'.join(wanted)}; there is one for: {known or 'none'}"
            )
        return self._by_checks[wanted]


def by_face(check: str) -> str:
    """The name under which a table has a check that judged by the face alone."""
    return f"{check}{_BY_FACE}"


def subsets(checks: Iterable[str]) -> list[tuple[str, ...]]:
    """All sets of checks that may answer together, small ones first, each in order: any, but one
    that judged by the face alone only where no other could tell.
    """
    names = sorted(checks)
    apart = [(name,) for name in names if name.endswith(_BY_FACE)]
    whole = [name for name in names if not name.endswith(_BY_FACE)]
    sizes = range(1, len(whole) + 1)
    return apart + [found for size in sizes for found in combinations(whole, size)]
