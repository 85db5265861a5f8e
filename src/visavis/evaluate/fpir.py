"""Strangers named in galleries of many sizes: whether the identification threshold keeps its word.

The threshold takes comparisons as independent: 1 - (1 - FMR)^templates = FPIR. On LFW that holds
within a tenth for galleries of one template a person, erring to the safe side, because some probes
are like many people. It holds only where the FMR is that of two people drawn at random
(`Weighing`): a table dominated by a few often photographed people misses it by far.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from visavis.errors import BadDataset
from visavis.evaluate.embedded import Embedded
from visavis.evaluate.rates import Rate
from visavis.policy import Calibration, Policy, false_positives
from visavis.types import Threshold

if TYPE_CHECKING:
    from visavis.datasets.lfw import Errata

SIZES: Final = (100, 1_000, 4_000)


@dataclass(frozen=True, slots=True)
class FpirCheck:
    """What random galleries of one size did to strangers, at the threshold of a stated FPIR.

    `measured` pools the galleries; as they share people, its interval is that of one gallery's
    strangers. `predicted` is what independent comparisons at the table's FMR would give.
    """

    people: int
    templates: int
    galleries: int
    strangers: int
    threshold: Threshold
    predicted: float
    measured: Rate

    @property
    def holds(self) -> bool:
        """Whether the prediction lies in the measured interval, or the measured rate in the
        interval that the threshold states.
        """
        within = self.measured.low <= self.predicted <= self.measured.high
        low, high = self.threshold.interval or (1.0, 0.0)
        return within or low <= self.measured.value <= high

    @property
    def safe(self) -> bool:
        """Whether no more strangers are named than stated, as far as can be seen."""
        return self.measured.low <= self.predicted


def measure_fpir(
    embedded: Embedded,
    calibration: Calibration,
    *,
    fpir: float = 1e-2,
    sizes: Sequence[int] = SIZES,
    each: int = 1,
    galleries: int = 20,
    errata: "Errata | None" = None,
    seed: int = 0,
) -> tuple[FpirCheck, ...]:
    """For each number of templates: random galleries with `each` templates a person, and one
    picture of everybody who is not enrolled as probes.

    Sizes for which there are not enough people are made as large as they can be with a fifth of
    all people left as strangers. Raises BadDataset where nobody has enough pictures.
    """
    people = _people(embedded, errata)
    rich = [rows for rows in people if len(rows) >= each]
    most = min(len(rich), len(people) * 4 // 5)
    if not most:
        raise BadDataset(f"expected people with {each} pictures or more, found none")
    rng = np.random.default_rng(seed)
    wanted = sorted({min(max(size // each, 1), most) for size in sizes})
    return tuple(
        _check(
            embedded, calibration, Policy(fmr=0.5, fpir=fpir), people, count, each, galleries, rng
        )
        for count in wanted
    )


def _check(
    embedded: Embedded,
    calibration: Calibration,
    policy: Policy,
    people: Sequence[NDArray[np.int64]],
    count: int,
    each: int,
    galleries: int,
    rng: np.random.Generator,
) -> FpirCheck:
    templates = count * each
    threshold = policy.identification(calibration, templates)
    rich = np.flatnonzero([len(rows) >= each for rows in people])
    named = tried = 0
    for _ in range(galleries):
        enrolled = rng.permutation(rich)[:count]
        gallery = np.concatenate([rng.permutation(people[k])[:each] for k in enrolled])
        others = np.setdiff1d(np.arange(len(people)), enrolled)
        probes = np.array([rng.choice(people[k]) for k in others])
        best = (embedded.vectors[probes] @ embedded.vectors[gallery].T).max(axis=1)
        named += int((best.astype(np.float64) >= threshold.score).sum())
        tried += len(probes)
    one = Rate.of(round(named / galleries), tried // galleries)
    return FpirCheck(
        count,
        templates,
        galleries,
        tried // galleries,
        threshold,
        false_positives(calibration.rate(threshold.score), templates),
        Rate(named, tried, one.low, one.high),
    )


def _people(embedded: Embedded, errata: "Errata | None") -> list[NDArray[np.int64]]:
    """The rows of each person; of two names for one person, the second is left out."""
    data = embedded.dataset
    left_out = errata.left_out if errata else frozenset()
    doubles = {b for _, b in errata.same_people} if errata else set()
    named = np.array([p.name not in left_out for p in data.pictures]) & embedded.usable
    kept = (np.flatnonzero(named & (data.owners == k)) for k in range(len(data.identities)))
    people = zip(data.identities, kept, strict=True)
    return [rows for name, rows in people if len(rows) and name not in doubles]
