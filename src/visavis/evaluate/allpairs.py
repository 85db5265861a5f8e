"""Every picture compared with every other: the most that a set of faces can say about a rate."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from visavis.batching import Progress
from visavis.errors import BadDataset
from visavis.evaluate.embedded import Embedded
from visavis.evaluate.impostors import Impostors, Weighing
from visavis.evaluate.jackknife import Estimate, of_people
from visavis.evaluate.metrics import Curve
from visavis.types import Floats

if TYPE_CHECKING:
    from visavis.datasets.lfw import Errata

BLOCK: Final = 500
STEPS: Final = 2**16
"""Bins for a score of 1. A power of two: multiplying by it is exact, so binning is."""
_LOWEST: Final = -STEPS - 1  # the bin of a score just below -1 by rounding
_BINS: Final = 2 * STEPS + 3
_LEFT_OUT: Final = np.float32(2)  # no comparison: above every score
TAIL: Final = 2_000_000


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two pictures by name, and their score."""

    first: str
    second: str
    score: float


@dataclass(frozen=True, eq=False)
class AllPairs:
    """All comparisons among the pictures of known people.

    `histogram` (BINS,) is the weight of impostor comparisons by score, in steps of 2^-16;
    `impostors` holds the highest of them exactly; `genuine_scores` (G,) rise, `genuine_people`
    (G,) says whose they are. `names` are the pictures that were compared, `identities` the people.
    """

    dataset: str
    model: str
    weigh: Weighing
    names: tuple[str, ...]
    identities: tuple[str, ...]
    impostor_pairs: int
    histogram: NDArray[np.float64]
    impostors: Impostors
    genuine_scores: Floats
    genuine_people: NDArray[np.int32]

    @property
    def genuine_pairs(self) -> int:
        return len(self.genuine_scores)

    @cached_property
    def _above(self) -> NDArray[np.float64]:
        """(BINS + 1,) share of impostors in a bin or a higher one."""
        sums = np.append(self.histogram[::-1].cumsum()[::-1], 0.0)
        return np.asarray(sums / self.histogram.sum())

    @cached_property
    def _genuine_weights(self) -> NDArray[np.float64]:
        if self.weigh == "pictures":
            return np.ones(self.genuine_pairs)
        return 1 / np.bincount(self.genuine_people)[self.genuine_people]

    @cached_property
    def genuine_shares(self) -> NDArray[np.float64]:
        """(G + 1,) share of the first g genuine comparisons, by weight."""
        sums = np.append(0.0, self._genuine_weights.cumsum())
        return np.asarray(sums / max(sums[-1], np.finfo(float).tiny))

    def fmr(self, threshold: float) -> float:
        """The share of impostors that match: exact from the cut upwards, and below it never too
        low, by at most one bin.
        """
        if threshold >= self.impostors.cut:
            return self.impostors.fmr(threshold)
        return float(self._above[max(int(np.floor(threshold * STEPS)) - _LOWEST, 0)])

    def fnmr(self, threshold: float) -> float:
        """The share of genuine comparisons that do not match; NaN without any."""
        return (
            float(self.genuine_shares[self._below(threshold)])
            if self.genuine_pairs
            else float("nan")
        )

    def threshold(self, fmr: float) -> float:
        """The lowest threshold whose FMR is at most `fmr`: exact below the rate of the cut, by
        2^-16 too high at most above it.
        """
        if self.impostors.cut == -1 or fmr < self.impostors.lowest:
            return self.impostors.threshold(fmr)
        return float((int(np.argmax(self._above <= fmr)) + _LOWEST) / STEPS)

    def tmr(self, fmr: float) -> float:
        """1 - FNMR at the threshold of this FMR."""
        return 1 - self.fnmr(self.threshold(fmr))

    def false_matches(self, threshold: float) -> Estimate:
        """The FMR with its uncertainty. Raises InputError below the cut of `impostors`."""
        return self.impostors.estimate(threshold)

    def false_non_matches(self, threshold: float) -> Estimate:
        """The FNMR with its uncertainty: all comparisons of a person are one cluster."""
        missed, weights = self._below(threshold), self._genuine_weights
        errors, trials = (np.zeros(len(self.identities)) for _ in range(2))
        np.add.at(errors, self.genuine_people[:missed], weights[:missed])
        np.add.at(trials, self.genuine_people, weights)
        return of_people(errors, trials, missed)

    def eer(self) -> float:
        """The rate at which FMR and FNMR are equal, to the width of a bin."""
        curve = self._at(np.arange(_BINS) + _LOWEST)
        place = int(np.argmin(np.abs(curve.fmr - curve.fnmr)))
        return float(curve.fmr[place] + curve.fnmr[place]) / 2

    def curve(self, points: int = 400) -> Curve:
        """FMR and FNMR at evenly spaced thresholds from the lowest score to above the highest."""
        filled = np.flatnonzero(self.histogram)
        ends = [*filled[[0, -1]] + _LOWEST, *np.floor(self.genuine_scores[[0, -1]] * STEPS)]
        return self._at(np.unique(np.linspace(min(ends), max(ends) + 1, points).astype(np.int64)))

    def top(self, count: int) -> tuple[Comparison, ...]:
        """The impostors that score highest, best first."""
        scores, rows = self.impostors.scores[:count], self.impostors.pictures[:count]
        return tuple(
            Comparison(self.names[a], self.names[b], float(score))
            for (a, b), score in zip(rows.tolist(), scores, strict=True)
        )

    def _at(self, bins: NDArray[np.int64]) -> Curve:
        thresholds = bins / STEPS
        missed = self.genuine_shares[np.searchsorted(self.genuine_scores.astype(float), thresholds)]
        return Curve(thresholds.astype(np.float32), self._above[bins - _LOWEST], missed)

    def _below(self, threshold: float) -> int:
        return int(np.searchsorted(self.genuine_scores.astype(np.float64), threshold))


def compare_all(
    embedded: Embedded,
    *,
    errata: "Errata | None" = None,
    weigh: Weighing = "pictures",
    tail: int = TAIL,
    progress: Progress | None = None,
) -> AllPairs:
    """All pairs of usable pictures of known people: one person's are genuine, others impostors.

    `errata` leaves pictures out, and pairs of people who are one person; `tail` is how many of
    the highest impostor scores are kept one by one, at least. Raises BadDataset for fewer than
    two people. About 20 million pairs a second on two cores.
    """
    data = embedded.dataset
    left_out = errata.left_out if errata else frozenset()
    named = np.array([p.name not in left_out for p in data.pictures])
    rows = np.flatnonzero(named & embedded.usable & (data.owners >= 0))
    return compare_vectors(
        embedded.vectors[rows],
        [data.identities[owner] for owner in data.owners[rows]],
        names=[data.pictures[row].name for row in rows],
        same=tuple(errata.same_people) if errata else (),
        dataset=data.name,
        model=embedded.model,
        weigh=weigh,
        tail=tail,
        progress=progress,
    )


def compare_vectors(
    vectors: Floats,
    owners: Sequence[str],
    *,
    names: Sequence[str] = (),
    same: Sequence[tuple[str, str]] = (),
    dataset: str,
    model: str,
    weigh: Weighing = "pictures",
    tail: int = TAIL,
    progress: Progress | None = None,
) -> AllPairs:
    """The same for (N, dim) vectors of length 1 with an owner each, wherever they come from."""
    identities, people = np.unique(np.array(owners, np.str_), return_inverse=True)
    if len(identities) < 2:
        raise BadDataset(f"expected pictures of two people or more, got {len(identities)}")
    place = {name: i for i, name in enumerate(identities.tolist())}
    merged = [(place[a], place[b]) for a, b in same if a in place and b in place]
    counts = np.bincount(people).astype(np.float64)
    sizes = np.ones_like(counts) if weigh == "people" else counts
    scan = _Scan(
        np.ascontiguousarray(vectors, np.float32),
        people.astype(np.int32),
        (sizes / counts)[people] if weigh == "people" else None,
        np.array(merged, np.int64).reshape(-1, 2),
        tail,
    )
    for start in range(0, len(people), BLOCK):
        scan.block(start)
        if progress is not None:
            progress(min(start + BLOCK, len(people)), len(people))
    if not scan.pairs:
        raise BadDataset("expected pictures of two people or more, got one under several names")
    scores, whose = scan.genuine()
    return AllPairs(
        dataset,
        model,
        weigh,
        tuple(names),
        tuple(identities.tolist()),
        scan.pairs,
        scan.histogram,
        scan.impostors(sizes),
        scores,
        whose,
    )


class _Scan:
    """One pass over all pairs, a block of rows at a time, above the diagonal."""

    def __init__(
        self,
        vectors: Floats,
        people: NDArray[np.int32],
        weights: NDArray[np.float64] | None,
        merged: NDArray[np.int64],
        tail: int,
    ) -> None:
        self._vectors, self._people, self._weights = vectors, people, weights
        self._merged, self._tail = merged, tail
        self._counts = np.zeros(_BINS, np.int64)
        self.histogram = np.zeros(_BINS)
        self._genuine: list[tuple[Floats, NDArray[np.int32]]] = []
        self._high: list[tuple[Floats, NDArray[np.int32]]] = []

    @property
    def pairs(self) -> int:
        return int(self._counts.sum())

    def block(self, start: int) -> None:
        """Compares BLOCK rows with themselves and all later ones."""
        rows = slice(start, start + BLOCK)
        scores = self._vectors[rows] @ self._vectors[start:].T
        scores[np.tril_indices(len(scores), m=scores.shape[1])] = _LEFT_OUT
        for a, b in self._merged:
            for one, other in ((a, b), (b, a)):
                mine, theirs = self._people[rows] == one, self._people[start:] == other
                if mine.any() and theirs.any():
                    scores[np.ix_(mine, theirs)] = _LEFT_OUT
        self._take_genuine(scores, start)
        self._count(scores, start)
        cut = self._cut()
        first, second = np.nonzero((scores >= cut) & (scores < _LEFT_OUT))
        pictures = np.stack([first, second], axis=1).astype(np.int32) + np.int32(start)
        self._high.append((scores[first, second], pictures))

    def _take_genuine(self, scores: Floats, start: int) -> None:
        """Takes the genuine comparisons out of the block."""
        same = self._people[start : start + len(scores), None] == self._people[None, start:]
        first, second = np.nonzero(same & (scores < _LEFT_OUT))
        self._genuine.append((scores[first, second], self._people[start + first]))
        scores[first, second] = _LEFT_OUT

    def _count(self, scores: Floats, start: int) -> None:
        bins = scores * np.float32(STEPS)
        np.floor(bins, out=bins)
        places = bins.astype(np.intp).ravel()
        places -= _LOWEST
        counts = np.bincount(places, minlength=_BINS)[:_BINS]
        self._counts += counts
        if self._weights is None:
            self.histogram += counts
            return
        weights = np.outer(self._weights[start : start + len(scores)], self._weights[start:])
        self.histogram += np.bincount(places, weights.ravel(), _BINS)[:_BINS]

    def _cut(self) -> float:
        """The bin above which at least `tail` of the comparisons so far lie."""
        above = self._counts[::-1].cumsum()
        at = int(np.searchsorted(above, self._tail))
        return -1.0 if at >= _BINS - 2 else (_BINS - 1 - at + _LOWEST) / STEPS

    def genuine(self) -> tuple[Floats, NDArray[np.int32]]:
        """The genuine scores, rising, and whose they are."""
        scores = np.concatenate([found for found, _ in self._genuine])
        people = np.concatenate([whose for _, whose in self._genuine])
        order = np.argsort(scores, kind="stable")
        return scores[order], people[order]

    def impostors(self, sizes: NDArray[np.float64]) -> Impostors:
        """The highest impostors of all blocks."""
        cut = self._cut()
        scores = np.concatenate([found for found, _ in self._high])
        pictures = np.concatenate([rows for _, rows in self._high])
        kept = np.flatnonzero(scores >= cut)
        order = kept[np.argsort(-scores[kept], kind="stable")]
        pictures = pictures[order]
        weights = np.ones(len(order))
        if self._weights is not None:
            weights = self._weights[pictures].prod(axis=1)
        people = self._people[pictures]
        return Impostors(scores[order], pictures, people, weights, sizes, self._merged, cut)
