"""A measured error rate with its interval, and whether the data can carry it."""

from dataclasses import dataclass
from typing import Final

from visavis.errors import InputError
from visavis.extras import needs

RULE_OF_30: Final = 30
"""Errors needed for a rate to be within about 30 % of its true value with 90 % confidence
(Doddington et al., Speech Communication 31, 2000; ISO/IEC 19795-1)."""


@dataclass(frozen=True, slots=True)
class Rate:
    """`events` out of `trials`, with a two-sided interval of the given confidence.

    `low` and `high` are what the maker computed: Clopper-Pearson for independent trials
    (`Rate.of`), a resampling of identities where trials share people.
    """

    events: int
    trials: int
    low: float
    high: float
    confidence: float = 0.95

    @classmethod
    def of(cls, events: int, trials: int, confidence: float = 0.95) -> "Rate":
        """With the exact interval of Clopper and Pearson (Biometrika, 1934): trials independent.

        Without trials the interval is 0..1. Raises InputError for more events than trials.
        """
        if not 0 <= events <= trials:
            raise InputError(f"expected 0 to {trials} events, got {events}")
        with needs("evaluate", "confidence intervals"):
            from scipy.stats import beta
        tail = (1 - confidence) / 2
        low = float(beta.ppf(tail, events, trials - events + 1)) if events else 0.0
        high = float(beta.ppf(1 - tail, events + 1, trials - events)) if events < trials else 1.0
        return cls(events, trials, low, high, confidence)

    @property
    def value(self) -> float:
        """The share; NaN without trials."""
        return self.events / self.trials if self.trials else float("nan")

    def measurable(self, at: float | None = None) -> bool:
        """Whether 30 or more events were seen, or would be expected at the rate `at`."""
        return (self.events if at is None else at * self.trials) >= RULE_OF_30
