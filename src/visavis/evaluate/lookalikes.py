"""People too much alike: one person under two names, or a picture under the wrong one."""

from dataclasses import dataclass

import numpy as np

from visavis.errors import NotMeasured
from visavis.evaluate.embedded import Embedded
from visavis.evaluate.outliers import identity_means
from visavis.evaluate.similar import Pairs, pairs_above
from visavis.policy import Calibration
from visavis.types import Floats, Threshold


@dataclass(frozen=True, slots=True)
class LookAlike:
    """Two identities that may be one person, or that share a wrongly labelled picture.

    `means` is the cosine of their mean vectors; `over` of `pairs` comparisons of their pictures
    reach the limit; `names` are the most alike two pictures, with their cosine `best`.
    """

    first: str
    second: str
    means: float
    over: int
    pairs: int
    names: tuple[str, str]
    best: float


@dataclass(frozen=True, slots=True)
class LookAlikes:
    """Suspects, not verdicts: twins, siblings and doubles come up as well.

    `similar_pairs` of `impostor_pairs` pairs of pictures of two people reach `limit`, the
    threshold of `fmr`, and `similar_people` of `people_pairs` pairs of identity means. Chance
    gives `fmr` times as many pictures; of means somewhat more, as they vary less than the single
    pictures that the threshold was measured on. `pictures` are ranked by the best pair of two
    identities, `people` by the cosine of the means.
    """

    fmr: float
    limit: float
    extrapolated: bool
    measured_on: str
    impostor_pairs: int
    similar_pairs: int
    people_pairs: int
    similar_people: int
    pictures: tuple[LookAlike, ...]
    people: tuple[LookAlike, ...]

    @property
    def chance_pairs(self) -> float:
        """How many pairs of pictures chance gives."""
        return self.fmr * self.impostor_pairs

    @property
    def chance_people(self) -> float:
        """How many pairs of identity means chance gives at least."""
        return self.fmr * self.people_pairs


def find_look_alikes(
    embedded: Embedded, calibration: Calibration, *, fmr: float = 1e-6, most: int = 30
) -> LookAlikes:
    """Identities whose pictures or means reach the FMR's threshold; `most` suspects a list."""
    threshold = strictest(calibration, fmr)
    owners = np.where(embedded.usable, embedded.dataset.owners, -1)
    means = identity_means(embedded)
    pairs = pairs_above(embedded.vectors, threshold.score, apart=owners)
    people = pairs_above(means, threshold.score)
    counts = np.bincount(owners[owners >= 0], minlength=len(means))
    here = int((counts > 0).sum())
    return LookAlikes(
        threshold.rate or fmr,
        threshold.score,
        threshold.extrapolated,
        calibration.dataset,
        impostor_pairs=int((counts.sum() ** 2 - (counts**2).sum()) // 2),
        similar_pairs=pairs.total,
        people_pairs=here * (here - 1) // 2,
        similar_people=people.total,
        pictures=_by_best(embedded, means, pairs, threshold.score, most),
        people=_by_means(embedded, means, people, threshold.score, most),
    )


def strictest(calibration: Calibration, fmr: float) -> Threshold:
    """The threshold of `fmr`, or of the lowest rate on which the calibration says anything."""
    try:
        return calibration.threshold(fmr)
    except NotMeasured:
        return calibration.threshold(calibration.points[-1][0])


def _by_best(
    embedded: Embedded, means: Floats, pairs: Pairs, limit: float, most: int
) -> tuple[LookAlike, ...]:
    """The pairs of identities that hold the most alike pictures."""
    owners = embedded.dataset.owners
    seen: dict[tuple[int, int], None] = {}  # in the order of the best pair
    for a, b in zip(pairs.first.tolist(), pairs.second.tolist(), strict=True):
        if len(seen) == most:
            break
        first, second = sorted((int(owners[a]), int(owners[b])))
        seen[first, second] = None
    return tuple(_look_alike(embedded, means, a, b, limit) for a, b in seen)


def _by_means(
    embedded: Embedded, means: Floats, alike: Pairs, limit: float, most: int
) -> tuple[LookAlike, ...]:
    chosen = zip(alike.first[:most].tolist(), alike.second[:most].tolist(), strict=True)
    return tuple(_look_alike(embedded, means, a, b, limit) for a, b in chosen)


def _look_alike(
    embedded: Embedded, means: Floats, first: int, second: int, limit: float
) -> LookAlike:
    dataset = embedded.dataset
    usable = embedded.usable
    left = np.flatnonzero((dataset.owners == first) & usable)
    right = np.flatnonzero((dataset.owners == second) & usable)
    scores = embedded.vectors[left] @ embedded.vectors[right].T
    a, b = np.unravel_index(int(scores.argmax()), scores.shape)
    return LookAlike(
        dataset.identities[first],
        dataset.identities[second],
        float(means[first] @ means[second]),
        int((scores >= np.float32(limit)).sum()),
        scores.size,
        (dataset.pictures[left[a]].name, dataset.pictures[right[b]].name),
        float(scores[a, b]),
    )
