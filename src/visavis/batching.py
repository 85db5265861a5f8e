"""Many inputs through one function: on all cores, in order, in bounded memory."""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from visavis.errors import VisavisError

Item = TypeVar("Item")
Result = TypeVar("Result")
Progress: TypeAlias = Callable[[int, int], None]
"""Called with how much of a long work is done, and of how much."""


@dataclass(frozen=True, slots=True)
class Outcome(Generic[Result]):
    """The result for one input of a batch, or the typed error it gave."""

    index: int
    value: Result | None = None
    error: VisavisError | None = None

    def unwrap(self) -> Result:
        """The value; raises the error if that is what came."""
        if self.error is not None:
            raise self.error
        return self.value  # type: ignore[return-value]  # None only where Result allows it


def batch(
    function: Callable[[Item], Result], items: Iterable[Item], workers: int | None = None
) -> Generator[Outcome[Result], None, None]:
    """Outcomes of `function` for each item, in order, as they become ready.

    Runs on `workers` threads (default: one a core); at most four items a worker are read ahead,
    so that endless inputs and large outputs fit in memory. Errors other than VisavisError are
    raised at once: they are defects, not bad input.
    """
    workers = workers or os.cpu_count() or 1

    def attempt(index: int, item: Item) -> Outcome[Result]:
        try:
            return Outcome(index, function(item))
        except VisavisError as error:
            return Outcome(index, error=error)

    with ThreadPoolExecutor(workers, thread_name_prefix="visavis-batch") as pool:
        waiting: deque[Future[Outcome[Result]]] = deque()
        try:
            for index, item in enumerate(items):
                waiting.append(pool.submit(attempt, index, item))
                if len(waiting) >= workers * 4:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
