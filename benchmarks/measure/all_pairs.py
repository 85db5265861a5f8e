"""TMR at a false-match rate over all pairs of LFW, with and without its known label errors.

Prints thresholds and TMR with 95 % intervals, and with `--top N` the N impostor pairs that score
highest, each with what was judged of it.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from common import arguments, embedded_for, verdict

from visavis.datasets.layouts import read
from visavis.datasets.lfw import Errata, errata
from visavis.evaluate.allpairs import AllPairs, compare_all

RATES = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)


def main() -> None:
    args = arguments(__doc__, top=0, fmr=1e-4, needs=99.0)
    embedded = embedded_for(args, read(args.lfw))
    known = errata()
    cleaned, as_is = compare_all(embedded, errata=known), compare_all(embedded)
    show("label errors taken out", cleaned)
    show("as it is", as_is)
    for found in as_is.top(args.top):
        print(f"{found.score:.4f} {found.first} {found.second}: {judged(found, known)}")
    verdict(f"TMR at FMR {args.fmr:.0e}", 100 * cleaned.tmr(args.fmr), args.needs, unit=" %")


def show(title: str, pairs: AllPairs) -> None:
    print(f"{title}: {pairs.impostor_pairs} impostor and {pairs.genuine_pairs} genuine pairs")
    for rate in RATES:
        at = pairs.threshold(rate)
        low, high = pairs.false_non_matches(at).interval()
        print(f"  FMR {rate:.0e}: threshold {at:.4f}, TMR {1 - pairs.fnmr(at):.2%}", end=" ")
        print(f"({1 - high:.2%} to {1 - low:.2%})", end="")
        if at >= pairs.impostors.cut:
            fmr_low, fmr_high = pairs.false_matches(at).interval()
            print(f", FMR within {fmr_low:.2e} to {fmr_high:.2e}", end="")
        print()


def judged(found: object, known: Errata) -> str:
    """The verdict of the errata list on two pictures."""
    names = (found.first, found.second)
    if wrong := known.left_out.intersection(names):
        return f"label error: {', '.join(wrong)} under a wrong name"
    people = tuple(sorted(name.split("/")[0] for name in names))
    if people in known.same_people:
        return "label error: one person under two names"
    return "different people" if people in known.different_people else "not looked at"


main()
