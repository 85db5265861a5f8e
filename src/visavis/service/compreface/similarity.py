"""CompreFace's `similarity`, 0 to 1, from our cosines: 0.5 is where the service draws its line.

Above and below it the similarity tells how many strangers score so high: F / (F + FMR(score)),
with F the false-match rate of the service's threshold. So 0.5 or more is accepted, 0.9 is a
false-match rate 9 times lower than the service asks for, and 0.99 one 99 times lower.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from visavis.policy import Calibration
from visavis.types import Threshold

LINE: Final = 0.5
PLACES: Final = 5
_BELOW: Final = LINE - 10**-PLACES
_LEAST_RANGE: Final = 1e-6  # of cosine, for a table whose thresholds are all one
_END: Final = 30.0  # powers of ten beyond which the similarity is 0 or 1


@dataclass(frozen=True, slots=True)
class Scale:
    """The similarities of one decision: `rarity` is -log10 of the false-match rate at each of
    `scores`, both rising, and `line` the rarity at the threshold.
    """

    scores: tuple[float, ...]
    rarity: tuple[float, ...]
    line: float

    @classmethod
    def of(cls, threshold: Threshold, calibration: Calibration) -> Self:
        """By the embedder's table, continued beyond both its ends by its mean slope."""
        rates, scores = np.array([point[:2] for point in calibration.points], np.float64).T
        rarity = -np.log10(rates)
        slope = (rarity[-1] - rarity[0]) / max(scores[-1] - scores[0], _LEAST_RANGE)
        low, high = min(-1.0, scores[0]), max(1.0, scores[-1])
        first = rarity[0] - slope * (scores[0] - low)
        last = rarity[-1] + slope * (high - scores[-1])
        at = (low, *scores.tolist(), high)
        rare = (float(first), *rarity.tolist(), float(last))
        return cls(at, rare, float(np.interp(threshold.score, at, rare)))

    def similarity(self, score: float, *, accepted: bool) -> float:
        """Of a cosine: 0.5 or more if and only if the decision `accepted` it."""
        above = float(np.interp(score, self.scores, self.rarity)) - self.line
        found = round(1 / (1 + 10 ** -min(max(above, -_END), _END)), PLACES)
        return max(found, LINE) if accepted else min(found, _BELOW)
