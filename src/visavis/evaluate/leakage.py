"""What two sets share that should share nothing: pictures, names, and people who look alike."""

from collections import defaultdict
from dataclasses import dataclass

from visavis.evaluate.duplicates import Likeness, near_pairs
from visavis.evaluate.embedded import Embedded
from visavis.evaluate.files import Files
from visavis.evaluate.lookalikes import strictest
from visavis.evaluate.outliers import identity_means
from visavis.evaluate.similar import pairs_above
from visavis.policy import Calibration


@dataclass(frozen=True, slots=True)
class Shared:
    """A picture of each set that are one photograph, with their identities ("" if unknown)."""

    names: tuple[str, str]
    identities: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Double:
    """An identity of each set whose means have this cosine."""

    first: str
    second: str
    cosine: float


@dataclass(frozen=True, slots=True)
class Leakage:
    """Of two sets, `first` and `second` by name.

    `same_bytes` and `near` count pairs of pictures, `shared` lists some of both, and `pictures`
    counts pictures of the second set that the first holds. `names` are identities of both sets.
    Of `people_pairs` pairs of identity means `doubles_total` reach `limit`, the threshold of
    `fmr`; chance gives `fmr` times as many or somewhat more (see LookAlikes). `nearest` is the
    highest cosine of all, NaN without identities.
    """

    first: str
    second: str
    same_bytes: int
    near: int
    pictures: int
    shared: tuple[Shared, ...]
    names: tuple[str, ...]
    fmr: float
    limit: float
    people_pairs: int
    doubles_total: int
    doubles: tuple[Double, ...]
    nearest: float

    @property
    def chance(self) -> float:
        """How many pairs of means chance gives at least."""
        return self.fmr * self.people_pairs

    @property
    def found(self) -> bool:
        """Whether the sets share a picture, or more look-alikes than chance explains."""
        return self.pictures > 0 or self.doubles_total > max(3 * self.chance, 1)


def find_leakage(
    embedded: Embedded,
    files: Files,
    other: Embedded,
    other_files: Files,
    calibration: Calibration,
    *,
    fmr: float = 1e-6,
    most: int = 30,
) -> Leakage:
    """What `other` has in common with a set, such as a test set with its training set.

    Equal names of identities say nothing by themselves: numbers are given out again and again.
    """
    threshold = strictest(calibration, fmr)
    limit, fmr = threshold.score, threshold.rate or fmr
    equal = _equal(files, other_files)
    near, _ = near_pairs(embedded, files, other, other_files, likeness=Likeness())
    remade = [pair for pair in near if pair not in equal]
    first, second = embedded.dataset, other.dataset
    left, right = identity_means(embedded), identity_means(other)
    alike = pairs_above(left, limit, right)
    nearest = pairs_above(left, -1, right, most=1)
    shared = [*sorted(equal), *remade]
    doubles = zip(alike.first.tolist(), alike.second.tolist(), alike.scores.tolist(), strict=True)
    return Leakage(
        first=first.name,
        second=second.name,
        same_bytes=len(equal),
        near=len(remade),
        pictures=len({b for _, b in shared}),
        shared=tuple(_shared(embedded, other, a, b) for a, b in shared[:most]),
        names=tuple(sorted(set(first.identities) & set(second.identities))),
        fmr=fmr,
        limit=limit,
        people_pairs=nearest.total,
        doubles_total=alike.total,
        doubles=tuple(
            Double(first.identities[a], second.identities[b], score)
            for a, b, score in list(doubles)[:most]
        ),
        nearest=float(nearest.scores[0]) if len(nearest) else float("nan"),
    )


def _equal(files: Files, others: Files) -> set[tuple[int, int]]:
    places = defaultdict(list)
    for row, digest in enumerate(files.digests):
        if digest:
            places[digest].append(row)
    return {(a, b) for b, digest in enumerate(others.digests) for a in places.get(digest, ())}


def _shared(embedded: Embedded, other: Embedded, row: int, column: int) -> Shared:
    first, second = embedded.dataset.pictures[row], other.dataset.pictures[column]
    return Shared((first.name, second.name), (first.identity or "", second.identity or ""))
