"""How often the service's liveness checks err."""

from dataclasses import dataclass
from typing import Self

from visavis.client.operation import Fields, Operation, path
from visavis.client.reading import texts


@dataclass(frozen=True, slots=True)
class LivePoint:
    """At a threshold: the share of live people who are refused, and of attacks of the worst
    species that pass.
    """

    threshold: float
    bpcer: float
    apcer: float


@dataclass(frozen=True, slots=True)
class Combination:
    """Checks that answer together, what was measured of them and on what. `threshold`: that of the
    service's policy, None where its rate was not measured.
    """

    checks: tuple[str, ...]
    threshold: float | None
    bona_fide: str
    attacks: str
    points: tuple[LivePoint, ...]

    @classmethod
    def of(cls, found: Fields) -> Self:
        return cls(
            checks=texts(found["checks"]),
            threshold=found["threshold"],
            bona_fide=str(found["bona_fide"]),
            attacks=str(found["attacks"]),
            points=tuple(
                LivePoint(float(p["threshold"]), float(p["bpcer"]), float(p["apcer"]))
                for p in found["points"]
            ),
        )


def liveness_table() -> Operation[tuple[Combination, ...]]:
    """How often the liveness checks err, by which of them can tell; nothing where nothing was
    measured of them.
    """
    return Operation("GET", path("models", "liveness"), _combinations)


def _combinations(found: Fields | None) -> tuple[Combination, ...]:
    return () if found is None else tuple(map(Combination.of, found["combinations"]))
