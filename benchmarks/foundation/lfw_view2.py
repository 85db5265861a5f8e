"""LFW View 2 by the official 10 folds: accuracy of the default model through this pipeline.

Labeled Faces in the Wild, Huang et al. 2007, "image-restricted, labeled outside data": for each
fold the threshold is the one that is best on the other nine. A pair with a face that was not found
counts as a wrong answer.
"""

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))
from common import arguments, embed_files, pipeline_for, verdict

Pair = tuple[Path, Path, bool]


def pairs(lfw: Path) -> list[list[Pair]]:
    """The folds of pairs.txt: (first image, second image, same person)."""
    lines = (lfw / "pairs.txt").read_text().splitlines()
    folds, size = map(int, lines[0].split())

    def file(name: str, number: str) -> Path:
        return lfw / "images" / name / f"{name}_{int(number):04d}.jpg"

    def pair(line: str) -> Pair:
        match line.split("\t"):
            case [name, a, b]:
                return file(name, a), file(name, b), True
            case [name, a, other, b]:
                return file(name, a), file(other, b), False
        raise ValueError(f"expected 3 or 4 fields, got {line!r}")

    found = [pair(line) for line in lines[1:] if line.strip()]
    assert len(found) == folds * size * 2, len(found)
    return [found[i * size * 2 : (i + 1) * size * 2] for i in range(folds)]


def best_threshold(scores: NDArray[np.float32], same: NDArray[np.bool_]) -> float:
    """The threshold with the most right answers, in the middle of its gap."""
    order = np.argsort(scores)
    ranked, truth = scores[order], same[order]
    right = np.concatenate([[0], np.cumsum(~truth)]) + np.concatenate(
        [np.cumsum(truth[::-1])[::-1], [0]]
    )
    cut = int(right.argmax())
    edges = np.concatenate([[-1.0], ranked, [1.0]])
    return float((edges[cut] + edges[cut + 1]) / 2)


def main() -> None:
    args = arguments(__doc__)
    folds = pairs(args.lfw)
    files = sorted({f for fold in folds for a, b, _ in fold for f in (a, b)})
    vectors, failed = embed_files(pipeline_for(args), files)
    row = {path: i for i, path in enumerate(files)}
    scores = np.array([[vectors[row[a]] @ vectors[row[b]] for a, b, _ in f] for f in folds])
    same = np.array([[s for _, _, s in fold] for fold in folds])
    usable = np.isfinite(scores)
    accuracies = []
    for i in range(len(folds)):
        others = np.arange(len(folds)) != i
        threshold = best_threshold(scores[others][usable[others]], same[others][usable[others]])
        accuracies.append(np.mean(usable[i] & ((scores[i] >= threshold) == same[i])))
    error = np.std(accuracies, ddof=1) / np.sqrt(len(folds))
    print(f"images {len(files)}, failures to enrol {len(failed)}, unusable pairs {(~usable).sum()}")
    for path in failed:
        print(f"  no face: {path.name}")
    print(f"accuracy {np.mean(accuracies):.4%} ± {error:.4%} (standard error over folds)")
    verdict("LFW View 2 accuracy", 100 * float(np.mean(accuracies)), 99.3, unit=" %")


main()
