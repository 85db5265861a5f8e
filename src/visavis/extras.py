"""Optional dependencies: loaded on first use, and missed in one clear sentence."""

from collections.abc import Iterator
from contextlib import contextmanager

from visavis.errors import MissingExtra


@contextmanager
def needs(extra: str, purpose: str) -> Iterator[None]:
    """Wraps the import of an optional library; raises MissingExtra where it is not installed."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtra(extra, purpose) from error
