"""The scores of a pair list: what verification is measured from."""

from dataclasses import dataclass

import numpy as np

from visavis.datasets.records import PairList
from visavis.errors import InputError
from visavis.evaluate.bootstrap import Bools, Ints
from visavis.evaluate.embedded import Embedded
from visavis.evaluate.metrics import Scores
from visavis.types import Floats

_BLOCK = 65_536  # pairs compared at once


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """Pairs and their scores, row by row: NaN where a picture gave no face.

    `people` (P, 2) are who is in a pair: an unlabelled picture is a person of its own. `fold`
    (P,) is the fold of each pair, from 0. `failed_pictures` are those of the pairs without a face.
    """

    genuine: Bools
    scores: Floats
    people: Ints
    fold: Ints
    failed_pictures: int = 0

    @property
    def seen(self) -> Bools:
        """(P,) whether both pictures gave a face."""
        return np.isfinite(self.scores)

    @property
    def curves(self) -> Scores:
        """Genuine and impostor scores of the pairs that could be compared."""
        genuine, scores = self.genuine[self.seen], self.scores[self.seen]
        return Scores(scores[genuine], scores[~genuine])

    def best_threshold(self, of: Bools | None = None) -> float:
        """The threshold with the most right answers (for the pairs `of`), mid-gap.

        Of equally good ones the lowest. Raises InputError without a pair to go by.
        """
        rows = self.seen if of is None else self.seen & of
        if not rows.any():
            raise InputError("expected pairs with two faces to choose a threshold by, found none")
        order = np.argsort(self.scores[rows], kind="stable")
        ranked, genuine = self.scores[rows][order].astype(np.float64), self.genuine[rows][order]
        edges = np.flatnonzero(np.append(ranked[1:] > ranked[:-1], True)) + 1  # between ties: none
        below = np.concatenate([[0], edges])
        impostors_below = np.concatenate([[0], np.cumsum(~genuine)])[below]
        genuine_below = below - impostors_below
        cut = below[int(np.argmax(impostors_below - genuine_below))]
        bounds = np.concatenate([[min(-1, ranked[0])], ranked, [max(1, ranked[-1]) + 1e-6]])
        return float((bounds[cut] + bounds[cut + 1]) / 2)


def compare(embedded: Embedded, pairs: PairList) -> Compared:
    """The cosine of every pair; pictures are found in `embedded` by name, in whatever order.

    Raises InputError where a picture of a pair was not embedded.
    """
    rows = _rows(embedded, pairs)
    firsts, seconds = rows[pairs.pairs[:, :2]].T
    scores = np.empty(len(firsts), np.float32)
    for start in range(0, len(firsts), _BLOCK):
        part = slice(start, start + _BLOCK)
        first, second = embedded.vectors[firsts[part]], embedded.vectors[seconds[part]]
        scores[part] = np.einsum("ij,ij->i", first, second)
    return Compared(
        genuine=pairs.pairs[:, 2] == 1,
        scores=scores,
        people=_people(pairs),
        fold=np.repeat(np.arange(len(pairs.folds)), [len(f) for f in pairs.folds]),
        failed_pictures=int((~embedded.usable[rows[np.unique(pairs.pairs[:, :2])]]).sum()),
    )


def _rows(embedded: Embedded, pairs: PairList) -> Ints:
    """(N,) the row in `embedded` of each picture of the pairs' set; -1 where it has none."""
    place = {picture.name: row for row, picture in enumerate(embedded.dataset.pictures)}
    rows = np.array([place.get(p.name, -1) for p in pairs.dataset.pictures], np.int64)
    used = np.unique(pairs.pairs[:, :2])
    missing = used[rows[used] < 0]
    if len(missing):
        raise InputError(
            f"expected every picture of {pairs.name} to be embedded, {len(missing)} are not, "
            f"such as {pairs.dataset.pictures[missing[0]].name}"
        )
    return rows


def _people(pairs: PairList) -> Ints:
    owners = pairs.dataset.owners
    alone = len(pairs.dataset.identities) + np.arange(len(owners))
    people: Ints = np.where(owners < 0, alone, owners)[pairs.pairs[:, :2]]
    return people
