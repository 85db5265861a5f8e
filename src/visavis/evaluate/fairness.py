"""False matches, detection and quality by group, in a set labelled with attributes but no names.

Without identities there are impostor pairs alone, and they rest on one assumption: every picture
shows another person. So FMR by group can be measured; FNMR can not.
"""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from visavis.errors import BadDataset, InputError
from visavis.evaluate import matches
from visavis.evaluate.embedded import MEASURES, Embedded
from visavis.evaluate.matches import Counts, Z
from visavis.evaluate.rates import Rate
from visavis.policy import QualityLimits
from visavis.types import Floats, Quality, Threshold

Mask: TypeAlias = NDArray[np.bool_]
_NAN: Final = float("nan")


@dataclass(frozen=True, slots=True)
class By:
    """How pictures are grouped: by the values of `attributes`, among those that `only` allows.

    `only` is (attribute, its values); `among` says it in words.
    """

    attributes: tuple[str, ...]
    only: tuple[str, tuple[str, ...]] | None = None
    among: str = ""

    @property
    def name(self) -> str:
        return " × ".join(self.attributes) + (f" ({self.among})" if self.among else "")


_ADULTS: Final = (
    ("age", ("20-29", "30-39", "40-49", "50-59", "60-69", "more than 70")),
    "aged 20 and over",
)
FAIRFACE: Final = (
    By(("age",)),
    By(("race",)),
    By(("race",), *_ADULTS),
    By(("gender",)),
    By(("gender",), *_ADULTS),
    By(("race", "gender")),
    By(("race", "gender"), *_ADULTS),
)
"""The groupings of FairFace's labels; grown-ups also apart, since children are much alike."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A measure over one group: mean with a 95 % interval; lower quartile, median, upper."""

    mean: float
    low: float
    high: float
    quartiles: tuple[float, float, float]

    @classmethod
    def of(cls, values: Floats) -> "Spread":
        """NaN throughout for no values; no interval (NaN) for one."""
        if not values.size:
            return cls(_NAN, _NAN, _NAN, (_NAN, _NAN, _NAN))
        exact = values.astype(np.float64)
        mean = float(exact.mean())
        error = float(exact.std(ddof=1)) / exact.size**0.5 if exact.size > 1 else _NAN
        low, middle, high = (float(q) for q in np.quantile(exact, (0.25, 0.5, 0.75)))
        return cls(mean, mean - Z * error, mean + Z * error, (low, middle, high))


@dataclass(frozen=True, slots=True)
class Group:
    """What was found in the pictures of one group.

    `detected`: pictures with a face. `refused`, the failures to enrol: pictures without a face or
    with one below the quality limits. `quality` (0..1) and `size` (pixels) of the faces found.
    """

    name: str
    detected: Rate
    refused: Rate
    quality: Spread
    size: Spread

    @property
    def pictures(self) -> int:
        return self.detected.trials


@dataclass(frozen=True, slots=True)
class Differential:
    """How far the groups' false-match rates lie apart.

    `ratio` is the highest over the lowest, with a 95 % interval that takes these two as given;
    `to_mean` the highest over the geometric mean of all, the summary that NISTIR 8429 (2022)
    proposes. Noise parts even groups that are alike: their ratio would then be below `noise` 95
    times in 100.
    """

    highest: str
    lowest: str
    ratio: float
    low: float
    high: float
    to_mean: float
    noise: float

    @property
    def beyond_noise(self) -> bool:
        return self.ratio > self.noise


@dataclass(frozen=True, slots=True)
class AtLimit:
    """Impostor pairs that match at one threshold, groups in the order of the grouping.

    `cells[a][b]`: pairs of a picture of group a and one of b; a == b within the group. `same`
    and `other`: all pairs within groups, and all across them. `needed`: the threshold at which
    each group has the stated rate, None where its pairs are too few for that. `differential` is
    of the measurable groups; None for fewer than two, or for one without a false match.
    """

    limit: Threshold
    cells: tuple[tuple[Rate, ...], ...]
    same: Rate
    other: Rate
    needed: tuple[float | None, ...]
    differential: Differential | None

    @property
    def rate(self) -> float:
        """The false-match rate that the threshold was calibrated to."""
        return stated(self.limit)

    @property
    def within(self) -> tuple[Rate, ...]:
        """The diagonal: FMR among pictures of one group."""
        return tuple(row[i] for i, row in enumerate(self.cells))

    def measurable(self, cell: Rate) -> bool:
        """Whether the cell has pairs for 30 false matches at the stated rate."""
        return cell.measurable(at=self.rate)

    def surprising(self, cell: Rate) -> bool:
        """Whether 30 matches were seen where fewer are expected: high, but told alone since
        cells of as few pairs with a low rate stay unseen."""
        return cell.measurable() and not self.measurable(cell)


@dataclass(frozen=True, slots=True)
class Grouping:
    """One way of grouping and what it shows; `groups` in the order of all cells."""

    by: By
    groups: tuple[Group, ...]
    limits: tuple[AtLimit, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """Two pictures of high score, to be looked at lest one person stand in the set twice."""

    first: str
    second: str
    score: float


@dataclass(frozen=True, slots=True)
class Fairness:
    """All groupings of one set under one system. `overall[k]`: FMR of all pairs at `limits[k]`.

    `calibrated_on` names the data behind the limits; `left_out` pictures were no part of this.
    """

    dataset: str
    system: str
    model: str
    calibrated_on: str
    pictures: int
    left_out: int
    limits: tuple[Threshold, ...]
    overall: tuple[Rate, ...]
    groupings: tuple[Grouping, ...]
    top: tuple[Look, ...]


def stated(limit: Threshold) -> float:
    """The rate of a threshold. Raises InputError for one without."""
    if limit.rate is None:
        raise InputError(f"expected a threshold that stands for a rate, got {limit.score} alone")
    return limit.rate


def measure(
    embedded: Embedded,
    limits: Sequence[Threshold],
    *,
    by: Sequence[By] = FAIRFACE,
    quality: QualityLimits | None = None,
    calibrated_on: str = "",
    leave_out: frozenset[str] = frozenset(),
    top: int = 40,
) -> Fairness:
    """FMR within and across groups at each of `limits`, and what was found in each group.

    Every picture but those named in `leave_out` is taken for another person. All faces found are
    compared, whatever their quality. Intervals are by a jackknife over pictures, since each is in
    many pairs. Raises BadDataset where two pictures name one person or no picture has an
    attribute, InputError for limits without a rate.
    """
    named = embedded.dataset.owners[embedded.dataset.owners >= 0]
    if len(set(named.tolist())) < len(named):
        raise BadDataset(f"{embedded.dataset.name}: expected one picture a person, found more")
    kept = np.array([p.name not in leave_out for p in embedded.dataset.pictures])
    refused = _refused(embedded, quality or QualityLimits())
    seen = np.flatnonzero(kept & embedded.usable)
    if len(seen) < 2:
        raise BadDataset(f"{embedded.dataset.name}: expected two pictures with a face or more")
    scores = [limit.score for limit in limits]
    whole = matches.count(embedded.vectors[seen], np.zeros_like(seen), 1, scores)[:, :, 0]
    names = [p.name for p in embedded.dataset.pictures]
    return Fairness(
        dataset=embedded.dataset.name,
        system=embedded.system,
        model=embedded.model,
        calibrated_on=calibrated_on,
        pictures=int(kept.sum()),
        left_out=int((~kept).sum()),
        limits=tuple(limits),
        overall=tuple(matches.rate_within(found) for found in whole),
        groupings=tuple(_grouping(embedded, one, limits, kept, refused) for one in by),
        top=tuple(
            Look(names[seen[a]], names[seen[b]], score)
            for a, b, score in matches.highest(embedded.vectors[seen], top)
        ),
    )


def _refused(embedded: Embedded, limits: QualityLimits) -> Mask:
    """(N,) whether a picture has no face or one that the limits refuse."""
    refused = ~embedded.usable
    for row in np.flatnonzero(embedded.usable):
        values = zip(MEASURES, embedded.quality[row].tolist(), strict=True)
        refused[row] = bool(limits.reasons(Quality(**dict(values))))
    return refused


def _grouping(
    embedded: Embedded, by: By, limits: Sequence[Threshold], kept: Mask, refused: Mask
) -> Grouping:
    names, groups = _groups(embedded, by)
    groups = np.where(kept, groups, -1)
    seen = np.flatnonzero(embedded.usable & (groups >= 0))
    vectors, places = embedded.vectors[seen], groups[seen]
    found = matches.count(vectors, places, len(names), [limit.score for limit in limits])
    strangers = [np.sort(matches.scores_within(vectors[places == g])) for g in range(len(names))]
    return Grouping(
        by,
        tuple(_group(embedded, refused, name, groups == g) for g, name in enumerate(names)),
        tuple(
            _at_limit(limit, names, places, hits, strangers)
            for limit, hits in zip(limits, found, strict=True)
        ),
    )


def _groups(embedded: Embedded, by: By) -> tuple[tuple[str, ...], Counts]:
    """Names of the groups in order, and (N,) which one each picture is in, -1 for none."""
    labels = []
    for picture in embedded.dataset.pictures:
        values = [picture.attributes.get(a, "") for a in by.attributes]
        allowed = by.only is None or picture.attributes.get(by.only[0]) in by.only[1]
        labels.append(", ".join(values) if allowed and all(values) else "")
    names = tuple(sorted(set(labels) - {""}, key=_natural))
    if not names:
        raise BadDataset(f"{embedded.dataset.name}: expected labels for {by.name}, found none")
    place = {name: i for i, name in enumerate(names)}
    return names, np.array([place.get(label, -1) for label in labels], np.int64)


def _natural(name: str) -> tuple[int, str]:
    """Sorts by the first number, so that 3-9 comes before 10-19."""
    number = re.search(r"\d+", name)
    return int(number[0]) if number else -1, name


def _group(embedded: Embedded, refused: Mask, name: str, members: Mask) -> Group:
    count, seen = int(members.sum()), members & embedded.usable
    return Group(
        name,
        Rate.of(int(seen.sum()), count),
        Rate.of(int((members & refused).sum()), count),
        Spread.of(embedded.measure("score")[seen]),
        Spread.of(embedded.measure("size")[seen]),
    )


def _at_limit(
    limit: Threshold,
    names: tuple[str, ...],
    places: Counts,
    hits: Counts,
    strangers: Sequence[Floats],
) -> AtLimit:
    many = len(names)
    cells = [[Rate(0, 0, 0.0, 1.0)] * many for _ in names]
    for a, b in itertools.combinations_with_replacement(range(many), 2):
        first, second = hits[places == a, b], hits[places == b, a]
        cell = matches.rate_within(first) if a == b else matches.rate_across(first, second)
        cells[a][b] = cells[b][a] = cell
    own = hits[np.arange(len(hits)), places]
    within = [row[i] for i, row in enumerate(cells)]
    return AtLimit(
        limit,
        tuple(map(tuple, cells)),
        matches.rate_same(own, places),
        matches.rate_other(hits.sum(axis=1) - own, places),
        tuple(_needed(scores, stated(limit)) for scores in strangers),
        differential(names, within, stated(limit)),
    )


def _needed(scores: Floats, rate: float) -> float | None:
    """The lowest threshold at which at most `rate` of sorted impostor scores match."""
    if not Rate(0, len(scores), 0.0, 1.0).measurable(at=rate):
        return None
    last = len(scores) - 1 - int(rate * len(scores) + 1e-9)
    return float(np.nextafter(scores[last], np.float32(np.inf)))


def differential(
    names: Sequence[str], rates: Sequence[Rate], stated: float, *, draws: int = 4000, seed: int = 0
) -> Differential | None:
    """The ratios of the measurable groups' rates, and what noise alone would make of them.

    Standard errors are read back from the intervals, which are symmetric in the logarithm; groups
    share no picture. None for fewer than two such groups, or where one has under three events.
    """
    told = [(n, r) for n, r in zip(names, rates, strict=True) if r.measurable(at=stated)]
    if len(told) < 2 or any(r.events < 3 for _, r in told):
        return None
    logs = np.log([r.value for _, r in told])
    errors = np.log([r.high / r.low for _, r in told]) / (2 * Z)
    top, bottom = int(np.argmax(logs)), int(np.argmin(logs))
    reach = Z * float(np.hypot(errors[top], errors[bottom]))
    alike = np.random.default_rng(seed).standard_normal((draws, len(told))) * errors
    noise = np.exp(np.quantile(np.ptp(alike, axis=1), 0.95))
    ratio = float(np.exp(logs[top] - logs[bottom]))
    return Differential(
        told[top][0],
        told[bottom][0],
        ratio,
        ratio * float(np.exp(-reach)),
        ratio * float(np.exp(reach)),
        float(np.exp(logs[top] - logs.mean())),
        float(noise),
    )
