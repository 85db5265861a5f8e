"""Embedded sets made of numbers, for tests of measuring: no pictures, no models."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from visavis.datasets.records import Dataset, PairList, Picture
from visavis.evaluate.embedded import MEASURES, Embedded


def embedded_of(vectors: ArrayLike, people: Sequence[str | None], name: str = "set") -> Embedded:
    """An embedded set of these vectors; a row of NaN is a picture without a face.

    Pictures are named `0.png`, `1.png`, …
    """
    rows = np.asarray(vectors, np.float32)
    count = len(rows)
    pictures = tuple(
        Picture(Path(f"{k}.png"), f"{k}.png", person) for k, person in enumerate(people)
    )
    failed = {p.name: "no_face" for p, row in zip(pictures, rows, strict=True) if np.isnan(row[0])}
    return Embedded(
        Dataset(name, Path(), pictures),
        system="made up",
        model="numbers",
        vectors=rows,
        boxes=np.zeros((count, 4), np.float32),
        landmarks=np.zeros((count, 5, 2), np.float32),
        scores=np.ones(count, np.float32),
        quality=np.ones((count, len(MEASURES)), np.float32),
        errors=failed,
    )


def pairs_of(
    folds: Sequence[Sequence[tuple[float, int]]], name: str = "pairs"
) -> tuple[Embedded, PairList]:
    """Folds of (score, same) as a set in which every pair has pictures and people of its own.

    A score of NaN is a pair whose second picture gave no face.
    """
    flat = [pair for fold in folds for pair in fold]
    vectors, people = [], []
    for number, (score, same) in enumerate(flat):
        vectors += [(1.0, 0.0), (score, np.sqrt(1 - score**2))]
        people += [f"{number:04d}a", f"{number:04d}{'a' if same else 'b'}"]
    embedded = embedded_of(vectors, people, name)
    rows = np.array([(2 * k, 2 * k + 1, same) for k, (_, same) in enumerate(flat)])
    ends = np.cumsum([len(fold) for fold in folds])[:-1]
    return embedded, PairList(name, embedded.dataset, tuple(np.split(rows, ends)))
