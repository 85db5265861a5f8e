"""How well faces of LFW are grouped into people, by the threshold that follows from an FMR.

`--people` identities with two pictures or more are drawn, and as many with one alone, each picture
its central face; known label errors are left out. B-cubed (Bagga and Baldwin, 1998): for each face,
the share of its group that shows the same person (precision) and the share of that person that is
in its group (recall), averaged over faces; F is their harmonic mean. Pairs are counted too. Groups
are made at several rates; the verdict is on the rate `--fmr`, 1e-4 where nothing is said.
"""

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))
from common import arguments, embedded_for, pipeline_for, verdict

from visavis.datasets.lfw import cleaned, errata, read_lfw
from visavis.datasets.records import Dataset
from visavis.types import Embedding
from visavis.video.cluster import cluster

RATES = (1e-2, 1e-3, 1e-4, 1e-5)
NEEDED = 0.97
Labels = NDArray[np.int64]


def drawn(dataset: Dataset, people: int, seed: int) -> Dataset:
    """So many people with several pictures, and as many with one, all their pictures."""
    counts: dict[str, int] = {}
    for picture in dataset.pictures:
        counts[picture.identity or ""] = counts.get(picture.identity or "", 0) + 1
    rng = np.random.default_rng(seed)
    chosen = set[str]()
    for several in (True, False):
        names = sorted(name for name, count in counts.items() if (count > 1) == several)
        chosen.update(names[i] for i in rng.permutation(len(names))[:people])
    kept = tuple(p for p in dataset.pictures if p.identity in chosen)
    return Dataset(dataset.name, dataset.root, kept, dataset.notes)


def b_cubed(groups: Labels, people: Labels) -> tuple[float, float, float]:
    """Precision, recall and F over faces."""
    table = np.zeros((groups.max() + 1, people.max() + 1))
    np.add.at(table, (groups, people), 1)
    shared = table[groups, people]
    precision = float(np.mean(shared / table.sum(axis=1)[groups]))
    recall = float(np.mean(shared / table.sum(axis=0)[people]))
    return precision, recall, _f(precision, recall)


def pairwise(groups: Labels, people: Labels) -> tuple[float, float, float]:
    """Precision, recall and F over pairs of faces."""
    table = np.zeros((groups.max() + 1, people.max() + 1))
    np.add.at(table, (groups, people), 1)
    both, made, true = (_pairs(x) for x in (table, table.sum(axis=1), table.sum(axis=0)))
    precision, recall = both / max(made, 1), both / max(true, 1)
    return precision, recall, _f(precision, recall)


def _pairs(counts: NDArray[np.float64]) -> float:
    return float((counts * (counts - 1) / 2).sum())


def _f(precision: float, recall: float) -> float:
    return 2 * precision * recall / max(precision + recall, 1e-12)


def main() -> None:
    args = arguments(__doc__, people=400, seed=1, fmr=1e-4)
    dataset = drawn(cleaned(read_lfw(args.lfw), errata()), args.people, args.seed)
    found = embedded_for(args, dataset)
    calibration = pipeline_for(args).embedder.calibration
    rows = np.flatnonzero(found.usable)
    faces = [Embedding(found.vectors[row], found.model) for row in rows]
    _, people = np.unique([dataset.pictures[r].identity or "" for r in rows], return_inverse=True)
    print(f"{len(faces)} faces of {people.max() + 1} people, {found.system}")
    print("    FMR  threshold  groups |  B-cubed P      R      F |  pairs P      R      F")
    figures = {}
    for rate in sorted({*RATES, args.fmr}, reverse=True):
        threshold = calibration.threshold(rate).score
        groups = cluster(faces, threshold)
        cubed, pairs = b_cubed(groups, people), pairwise(groups, people)
        figures[rate] = cubed[2]
        both = ["  ".join(f"{value:.3f}" for value in three) for three in (cubed, pairs)]
        shown = " |      ".join(both)
        print(f"{rate:7.0e}  {threshold:9.3f}  {groups.max() + 1:6d} |      {shown}")
    verdict(f"B-cubed F at an FMR of {args.fmr:g}", figures[args.fmr], NEEDED)


if __name__ == "__main__":
    main()
