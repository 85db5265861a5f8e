"""Pictures unlike the rest of their identity: the first place to look for wrong labels."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from visavis.evaluate.embedded import Embedded
from visavis.extras import needs
from visavis.policy import Calibration
from visavis.types import Floats

_COMPANY: Final = (1, 2, 5, 10, 10**9)  # how many other pictures: classes of like spread
_NORMAL_MAD: Final = 1.4826  # standard deviations a median absolute deviation is of, if normal
_FEWEST: Final = 30  # cosines for a spread of their own


@dataclass(frozen=True, slots=True)
class Outlier:
    """A picture unlike its identity: `cosine` to the mean of its `others` other pictures.

    `nearest` is the identity whose mean it is most like, with `nearest_cosine`; with one other
    picture nobody can say which of the two is wrong.
    """

    name: str
    identity: str
    cosine: float
    others: int
    nearest: str
    nearest_cosine: float


@dataclass(frozen=True, slots=True)
class Outliers:
    """Suspects, not verdicts: turned heads and poor pictures come up as well.

    `unlike` of `compared` pictures have a cosine below `limit`, the threshold of `fmr`;
    `expected` would if the labels were right and cosines spread normally about their median (NaN
    where there are too few to say). `suspects` are the most unlike of them.
    """

    fmr: float
    limit: float
    compared: int
    unlike: int
    expected: float
    suspects: tuple[Outlier, ...]


def find_outliers(
    embedded: Embedded, calibration: Calibration, *, fmr: float = 1e-2, most: int = 30
) -> Outliers:
    """Pictures whose cosine to the mean of their identity's others is below the FMR's threshold."""
    limit = calibration.threshold(fmr).score
    cosines, others = leave_one_out(embedded)
    unlike = int((cosines < limit).sum())
    rows = np.argsort(cosines, kind="stable")[: min(unlike, most)]
    return Outliers(
        fmr,
        limit,
        int(np.isfinite(cosines).sum()),
        unlike,
        expected_below(cosines, others, limit),
        _suspects(embedded, cosines, others, rows),
    )


def identity_means(embedded: Embedded) -> Floats:
    """(I, dim) mean vectors of length 1, by `dataset.identities`; NaN for people without a face."""
    sums, _ = _sums(embedded)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        means: Floats = (sums / lengths).astype(np.float32)
    return means


def leave_one_out(embedded: Embedded) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """(N,) cosine of each picture to the mean of its identity's others, and how many they are.

    NaN without a face, an identity, or another picture.
    """
    sums, counts = _sums(embedded)
    owners = embedded.dataset.owners
    known = embedded.usable & (owners >= 0)
    others = np.where(known, counts[owners] - 1, 0) if len(counts) else np.zeros(len(owners), int)
    cosines = np.full(len(owners), np.nan)
    rows = np.flatnonzero(others > 0)
    vectors = embedded.vectors[rows].astype(np.float64)
    rest = sums[owners[rows]] - vectors
    lengths = np.linalg.norm(rest, axis=1)
    cosines[rows] = np.einsum("ij,ij->i", rest, vectors) / np.maximum(lengths, 1e-12)
    return cosines, others.astype(np.int64)


def expected_below(cosines: NDArray[np.float64], others: NDArray[np.int64], limit: float) -> float:
    """How many would lie below the limit if nothing but ordinary spread were at work.

    A normal distribution about the median, with the spread of the median absolute deviation, so
    that the outliers themselves do not widen it; one for each class of company, as the mean of
    many pictures is steadier than that of one. A class of fewer than 30 is left out; NaN where
    all are.
    """
    with needs("evaluate", "the expected number of outliers"):
        from scipy.stats import norm
    total, known = 0.0, False
    for low, high in pairwise(_COMPANY):
        values = cosines[(others >= low) & (others < high) & np.isfinite(cosines)]
        if len(values) < _FEWEST:
            continue
        known = True
        middle = np.median(values)
        spread = max(_NORMAL_MAD * float(np.median(np.abs(values - middle))), 1e-6)
        total += len(values) * float(norm.cdf((limit - middle) / spread))
    return total if known else float("nan")


def _sums(embedded: Embedded) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """(I, dim) sums of the usable vectors of each identity, and how many they are."""
    owners = embedded.dataset.owners
    rows = np.flatnonzero(embedded.usable & (owners >= 0))
    people = len(embedded.dataset.identities)
    sums = np.zeros((people, embedded.vectors.shape[1]))
    np.add.at(sums, owners[rows], embedded.vectors[rows])
    return sums, np.bincount(owners[rows], minlength=people)


def _suspects(
    embedded: Embedded,
    cosines: NDArray[np.float64],
    others: NDArray[np.int64],
    rows: NDArray[np.int64],
) -> tuple[Outlier, ...]:
    means = identity_means(embedded)
    owners, names = embedded.dataset.owners, embedded.dataset.identities
    found = []
    for row in rows.tolist():
        likeness = np.nan_to_num(means @ embedded.vectors[row], nan=-1)
        likeness[owners[row]] = -1
        nearest = int(likeness.argmax())
        found.append(
            Outlier(
                embedded.dataset.pictures[row].name,
                names[owners[row]],
                float(cosines[row]),
                int(others[row]),
                names[nearest],
                float(likeness[nearest]),
            )
        )
    return tuple(found)
