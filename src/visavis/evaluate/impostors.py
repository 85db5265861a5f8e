"""The most alike pairs of different people, one by one: what thresholds at low rates rest on."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from visavis.errors import InputError, NotMeasured
from visavis.evaluate.jackknife import Estimate, of_pairs
from visavis.types import Floats

Weighing: TypeAlias = Literal["people", "pictures"]
"""Whether two people count once, however many pictures there are of them, or once a comparison.

`pictures` is how results on LFW are commonly given, and one celebrity's 530 pictures rule it:
half of all false matches at 1e-4 are George W. Bush's. `people` is what a stranger at a door is.
"""
_ROUNDING = 1e-9  # so that 0.01 of 300 is 3 whatever binary fractions make of it


@dataclass(frozen=True, eq=False)
class Impostors:
    """All impostor comparisons that score `cut` or more, the highest first.

    `scores` (M,) float32; `pictures` and `people` (M, 2) indices; `weights` (M,); `sizes` (K,) is
    the weight of each person, so that two people a, b weigh sizes[a] * sizes[b] in all; `merged`
    (E, 2) are people who are one person under two names and are never compared.
    """

    scores: Floats
    pictures: NDArray[np.int32]
    people: NDArray[np.int32]
    weights: NDArray[np.float64]
    sizes: NDArray[np.float64]
    merged: NDArray[np.int64]
    cut: float

    @cached_property
    def reach(self) -> NDArray[np.float64]:
        """(K,) weight of all comparisons, also below the cut, that a person takes part in."""
        found: NDArray[np.float64] = self.sizes * (self.sizes.sum() - self.sizes)
        for a, b in self.merged:
            found[[a, b]] -= self.sizes[a] * self.sizes[b]
        return found

    @cached_property
    def total(self) -> float:
        """The weight of all comparisons, also below the cut."""
        return float(self.reach.sum() / 2)

    @cached_property
    def _sums(self) -> NDArray[np.float64]:
        """(M + 1,) weight of the first m comparisons."""
        return np.concatenate([[0.0], np.cumsum(self.weights)])

    @property
    def lowest(self) -> float:
        """The highest rate that can be read here: that at the cut."""
        return float(self._sums[-1] / self.total)

    def count(self, threshold: float) -> int:
        """How many comparisons match. Raises InputError below the cut."""
        if threshold < self.cut:
            raise InputError(f"expected a threshold of {self.cut:.4f} or more, got {threshold:.4f}")
        return int(np.searchsorted(-self.scores.astype(np.float64), -threshold, side="right"))

    def fmr(self, threshold: float) -> float:
        """The share of the weight that matches. Raises InputError below the cut."""
        return float(self._sums[self.count(threshold)] / self.total)

    def threshold(self, fmr: float) -> float:
        """The lowest threshold whose FMR is at most `fmr`: just above an impostor's score.

        Raises NotMeasured for rates above that of the cut.
        """
        allowed = fmr * self.total * (1 + _ROUNDING)
        kept = int(np.searchsorted(self._sums, allowed, side="right")) - 1
        if kept == len(self.scores):
            if self.cut > -1:
                raise NotMeasured(f"expected a rate below {self.lowest:.1e}, got {fmr:.1e}")
            return -1.0
        return float(np.nextafter(self.scores[kept], np.float32(np.inf)))

    def estimate(self, threshold: float) -> Estimate:
        """The FMR with its uncertainty, as people are drawn and not comparisons."""
        matched = self.count(threshold)
        return of_pairs(self.people[:matched], self.weights[:matched], self.reach)

    def above(self, cut: float) -> "Impostors":
        """The comparisons that score `cut` or more alone."""
        kept = self.count(cut)
        return Impostors(
            self.scores[:kept],
            self.pictures[:kept],
            self.people[:kept],
            self.weights[:kept],
            self.sizes,
            self.merged,
            cut,
        )

    def among(self, chosen: NDArray[np.bool_]) -> "Impostors":
        """The comparisons among these people (K,) alone."""
        kept = chosen[self.people].all(axis=1)
        return Impostors(
            self.scores[kept],
            self.pictures[kept],
            self.people[kept],
            self.weights[kept],
            np.where(chosen, self.sizes, 0.0),
            self.merged[chosen[self.merged].all(axis=1)],
            self.cut,
        )
