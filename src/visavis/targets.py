"""Where a liveness check draws the line: by an error rate that the user states."""

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from visavis.errors import ConfigError, NotMeasured

LivenessPoint: TypeAlias = tuple[float, float, float]
"""(threshold, BPCER, APCER of the worst species)."""
_DEFAULT_BPCER: Final = 0.05


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
