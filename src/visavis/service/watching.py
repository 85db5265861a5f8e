"""Whether the service can do its work: each part is asked, and says so."""

import logging
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from visavis.errors import VisavisError
from visavis.service.logs import log

logger = logging.getLogger("visavis.service")

UNEXPECTED: Final = "internal"
"""What is told of an exception that is no VisavisError."""
_MEGABYTE: Final = 10**6


@dataclass(frozen=True, slots=True)
class Finding:
    """What a probe found; `detail` is shown to callers without a key: figures and codes alone."""

    ok: bool
    detail: str = ""


Probe: TypeAlias = Callable[[], object]
"""Gives a Finding, or a bool, or a detail (a string) of a part that works; anything else that it
returns means that the part works, and an exception that it does not."""


@dataclass(frozen=True, slots=True)
class Component:
    """A part of the service, whether it works, and what was found."""

    name: str
    ok: bool
    detail: str


class Readiness:
    """Asks the probes, by name of their part, in order. Thread-safe.

    Probes may read files: call it on a worker thread, or see that they are quick. A part that
    stops or starts to work is told to the log, once.
    """

    def __init__(self, probes: Mapping[str, Probe]) -> None:
        self._probes = dict(probes)
        self._failing: frozenset[str] = frozenset()

    @property
    def ready(self) -> bool:
        """Whether every part works, asked anew."""
        return all(part.ok for part in self.check())

    def check(self) -> tuple[Component, ...]:
        """Every part as it is now. Raises nothing: an exception is a part that does not work,
        with its code for a detail.
        """
        before = self._failing
        parts = tuple(_asked(name, probe, before) for name, probe in self._probes.items())
        self._failing = frozenset(part.name for part in parts if not part.ok)
        for part in parts:
            if part.ok and part.name in before:
                log(logger, logging.INFO, "part works again", part=part.name)
        return parts


def disk_left(folder: Path, megabytes: float) -> Probe:
    """A probe that asks for `megabytes` (10^6 bytes) or more free where `folder` is."""

    def probe() -> Finding:
        free = shutil.disk_usage(folder).free / _MEGABYTE
        return Finding(free >= megabytes, f"{free:.0f} MB left, {megabytes:.0f} needed")

    return probe


def workers_free(waiting: Callable[[], int], most: int) -> Probe:
    """A probe that asks for fewer than `most` calls waiting for a worker; 0 is no limit."""

    def probe() -> Finding:
        count = waiting()
        return Finding(not most or count < most, f"{count} waiting, room for {most}")

    return probe


def _asked(name: str, probe: Probe, failing: frozenset[str]) -> Component:
    try:
        part = _component(name, probe())
        error = None
    except Exception as caught:  # a probe that breaks is an answer
        code = caught.code if isinstance(caught, VisavisError) else UNEXPECTED
        part, error = Component(name, False, code), caught
    if not part.ok and name not in failing:
        log(
            logger,
            logging.ERROR,
            "part does not work",
            exc_info=error,
            part=name,
            detail=part.detail,
        )
    return part


def _component(name: str, found: object) -> Component:
    match found:
        case Finding(ok, detail):
            return Component(name, ok, detail)
        case bool(ok):
            return Component(name, ok, "" if ok else "failed")
        case str(detail):
            return Component(name, True, detail)
        case _:
            return Component(name, True, "")
