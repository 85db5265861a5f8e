"""LFW View 2 by the official 10 folds: accuracy of one embedder through this pipeline.

Labeled Faces in the Wild, Huang et al. 2007, "image-restricted, labeled outside data": for each
fold the threshold is the one that is best on the other nine. A pair with a face that was not found
counts as a wrong answer. `--pairs FILE` takes another list of pairs over the same pictures.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from common import arguments, embedded_for, verdict

from visavis.datasets.pairs import read_pairs
from visavis.evaluate.published import published
from visavis.evaluate.verification import verify_pairs


def main() -> None:
    args = arguments(__doc__, needs=99.3, pairs="pairs.txt")
    pairs = read_pairs(args.lfw / args.pairs, args.lfw)
    rows = sorted(set(pairs.pairs[:, :2].ravel().tolist()))
    named = pairs.dataset.only(pairs.dataset.pictures[row].name for row in rows)
    embedded = embedded_for(args, named)
    found = verify_pairs(embedded, pairs)
    print(f"{args.embedder} on {pairs.name}, pictures {len(named)}, {len(pairs.pairs)} pairs")
    for name, code in embedded.errors.items():
        print(f"  failure to enrol: {name} ({code})")
    for point in found.points:
        if point.supported:
            print(f"TMR {point.tmr.value:.2%} at FMR {point.fmr:.0e}")
    print(f"EER {found.eer.value:.2%}, AUC {found.auc.value:.5f}")
    if known := published(args.embedder):
        print(f"published {known.accuracy:.2f} % with {known.crop} ({known.source})")
    if found.accuracy is None:
        sys.exit("expected a list with folds")
    print(
        f"accuracy {found.accuracy.value:.4%} ± {found.standard_error:.4%} over folds, "
        f"95 % interval {found.accuracy.low:.2%} to {found.accuracy.high:.2%}"
    )
    verdict(f"{pairs.name} accuracy", 100 * found.accuracy.value, args.needs, unit=" %")


main()
