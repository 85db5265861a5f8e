"""Calibration on one half of LFW's people, tested on the other: does the stated interval hold?

Random halves, both ways, without known label errors. A table is made of one half as `visavis
calibrate` makes it; the false-match rate at its thresholds is measured on the other half and
compared with the interval that the table states for another set of that size. The figure is how
many of the intervals held at `--fmr`; 95 in 100 are stated, but the halves of one set overlap, so
few of them say little. `--weigh pictures` counts every comparison instead of two people once, and
shows why a table is not made so.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from common import arguments, embedded_for, verdict

from visavis.datasets.layouts import read
from visavis.datasets.lfw import cleaned, errata
from visavis.evaluate.allpairs import AllPairs, compare_all
from visavis.evaluate.calibrate import calibrate
from visavis.evaluate.embedded import Embedded
from visavis.evaluate.impostors import Weighing

RATES = (1e-3, 1e-4, 1e-5)


def main() -> None:
    args = arguments(__doc__, fmr=1e-4, halves=100, weigh="people", needs=90.0)
    embedded = embedded_for(args, read(args.lfw))
    embedded = embedded.of(cleaned(embedded.dataset, errata()))
    people = np.array(embedded.dataset.identities)
    rng = np.random.default_rng(0)
    rates = sorted({*RATES, args.fmr}, reverse=True)
    rows: dict[float, list[tuple[float, float, float]]] = {rate: [] for rate in rates}
    for _ in range(args.halves):
        one = rng.permutation(len(people)) < len(people) // 2
        parts = part(embedded, people[one], args.weigh), part(embedded, people[~one], args.weigh)
        for mine, theirs in (parts, parts[::-1]):
            table = calibrate(mine)
            for rate in rates:
                if rate < table.points[-1][0]:
                    continue  # nothing is claimed there
                limit = table.threshold(rate)
                low, high = limit.interval or (0.0, 0.0)
                rows[rate].append((low, theirs.fmr(limit.score), high))
    print(f"{len(people)} people, {2 * args.halves} tests")
    for rate, done in rows.items():
        if not done:
            print(f"FMR {rate:.0e}: nothing is claimed")
            continue
        held = 100 * float(np.mean([low <= found <= high for low, found, high in done]))
        low, found, high = np.array(done).T
        print(
            f"FMR {rate:.0e}: {held:.1f} % of {len(done)} held; on the other half "
            f"{found.min():.2e} to {found.max():.2e}, median {np.median(found):.2e}; stated, on "
            f"average, {low.mean():.2e} to {high.mean():.2e}"
        )
        if rate == args.fmr:
            figure = held
    verdict(f"intervals at FMR {args.fmr:.0e} that held", figure, args.needs, unit=" %")


def part(embedded: Embedded, people: np.ndarray, weigh: Weighing) -> AllPairs:
    """All pairs among some people."""
    chosen = set(people.tolist())
    names = (p.name for p in embedded.dataset.pictures if p.identity in chosen)
    return compare_all(embedded.of(embedded.dataset.only(names)), weigh=weigh)


main()
