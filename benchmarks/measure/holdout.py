"""Calibration on one half of LFW's people, tested on the other: does the stated interval hold?

Twenty random halves, both ways. For each the threshold of an FMR is calibrated on one half, and
the FMR it gives on the other half is compared with what the calibration states for another set of
that size. Prints the coverage at several rates; the figure is the coverage at `--fmr`.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from common import arguments, embedded_for, verdict

from visavis.datasets.layouts import read
from visavis.datasets.lfw import errata
from visavis.evaluate.allpairs import compare_all
from visavis.evaluate.impostors import Impostors

RATES = (1e-3, 1e-4, 1e-5)


def main() -> None:
    args = arguments(__doc__, fmr=1e-4, halves=20, needs=90.0)
    pairs = compare_all(embedded_for(args, read(args.lfw)), errata=errata(), weigh="people")
    impostors, people = pairs.impostors, len(pairs.identities)
    rng = np.random.default_rng(0)
    halves = [rng.permutation(people) < people // 2 for _ in range(args.halves)]
    print(f"{people} people, {pairs.impostor_pairs} impostor pairs, {2 * args.halves} tests")
    for rate in sorted({*RATES, args.fmr}, reverse=True):
        tests = [test(impostors, half, rate) for one in halves for half in (one, ~one)]
        held = 100 * float(np.mean([low <= found <= high for low, found, high in tests]))
        found = np.array([t[1] for t in tests])
        print(
            f"FMR {rate:.0e}: held {held:.1f} % of tests; on the other half "
            f"{found.min():.2e} to {found.max():.2e}, median {np.median(found):.2e}; "
            f"first interval {tests[0][0]:.2e} to {tests[0][2]:.2e}"
        )
        if rate == args.fmr:
            figure = held
    verdict(f"intervals at FMR {args.fmr:.0e} that held", figure, args.needs, unit=" %")


def test(impostors: Impostors, half: np.ndarray, rate: float) -> tuple[float, float, float]:
    """Low end stated, FMR found on the other half, high end stated."""
    mine, theirs = impostors.among(half), impostors.among(~half)
    threshold = mine.threshold(rate)
    low, high = mine.estimate(threshold).interval(another=True)
    return low, theirs.fmr(max(threshold, theirs.cut)), high


main()
