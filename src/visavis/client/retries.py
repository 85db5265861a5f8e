"""When a request that failed is sent again."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from visavis.client.errors import ServiceError, Unreachable
from visavis.client.operation import Operation
from visavis.errors import InputError

_PASSING: Final = (429, 503)
_UNDER_WAY: Final = "idempotency_in_progress"


@dataclass(frozen=True, slots=True)
class Retries:
    """How often and after how long, in seconds.

    The pause is `first` before the first retry and doubles up to `longest`, each drawn from its
    upper half, on top of what the service asks for; when it asks for more than `patience`, there
    is no retry. `draw` gives numbers of 0 to 1. Raises InputError for a negative `most`.
    """

    most: int = 3
    first: float = 0.25
    longest: float = 8.0
    patience: float = 30.0
    draw: Callable[[], float] = random.random

    def __post_init__(self) -> None:
        if self.most < 0:
            raise InputError(f"expected 0 retries or more, got {self.most}")

    @classmethod
    def of(cls, given: "int | Retries") -> "Retries":
        """That many retries, or what was given."""
        return cls(given) if isinstance(given, int) else given

    def pause(self, operation: Operation[Any], done: int, error: ServiceError) -> float:
        """Seconds until the next try, after `done` retries; raises the error if there is none."""
        if done >= self.most or (error.retry_after or 0.0) > self.patience:
            raise error
        return self.patient(operation, done, error)

    def patient(self, operation: Operation[Any], done: int, error: ServiceError) -> float:
        """As `pause`, for what is tried for as long as the error is one that passes."""
        if not (operation.again and _passing(error)):
            raise error
        least = error.retry_after or 0.0
        step = min(self.longest, self.first * 2.0 ** min(done, 30))
        return least + step * (0.5 + 0.5 * self.draw())


def _passing(error: ServiceError) -> bool:
    """Whether it may be over soon."""
    unreachable = isinstance(error, Unreachable)
    return unreachable or error.status in _PASSING or error.code == _UNDER_WAY
