"""From the names in a list of comparisons to rows of a PairList."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from visavis.datasets.listing import counted
from visavis.datasets.records import Dataset, PairList
from visavis.errors import BadDataset

_SHOWN = 3  # names in a note


class Pair(NamedTuple):
    """A comparison as a list states it: two names of pictures, and whether it is one person."""

    first: str
    second: str
    same: bool


def assemble(
    name: str, dataset: Dataset, folds: Sequence[Sequence[Pair]], places: Mapping[str, int]
) -> PairList:
    """The pairs whose pictures both have a place in the set; a note counts the others.

    Raises BadDataset where no pair is left.
    """
    kept: list[list[tuple[int, int, int]]] = []
    gone: list[Pair] = []
    for fold in folds:
        kept.append([])
        for pair in fold:
            first, second = places.get(pair.first), places.get(pair.second)
            if first is None or second is None:
                gone.append(pair)
            else:
                kept[-1].append((first, second, int(pair.same)))
    if not any(kept):
        raise BadDataset(
            f"{name}: expected pairs of pictures in {dataset.root}, found none of {len(gone)}"
        )
    arrays = tuple(np.array(fold, np.int64) for fold in kept if fold)
    return PairList(name, dataset, arrays, (*dataset.notes, *_notes(gone, places)))


def _notes(gone: Sequence[Pair], places: Mapping[str, int]) -> tuple[str, ...]:
    missing = list(dict.fromkeys(n for p in gone for n in p[:2] if n not in places))
    shown = ", ".join(missing[:_SHOWN]) + (", …" if len(missing) > _SHOWN else "")
    return (
        (f"left out {counted(len(gone), 'pair')}, whose pictures are not there: {shown}",)
        if gone
        else ()
    )
