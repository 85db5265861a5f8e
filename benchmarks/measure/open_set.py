"""Open-set identification on LFW: one picture of each person with two or more is enrolled.

Up to three others are searched for, and so is everybody with one picture, a stranger. Prints FNIR
at several FPIR with 95 % intervals, as the set is and without its known label errors; the figure
is of the set as it is.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from common import arguments, embedded_for, verdict

from visavis.datasets.layouts import read
from visavis.datasets.lfw import cleaned, errata
from visavis.evaluate.identification import IdentificationResult, identify_open


def main() -> None:
    args = arguments(__doc__, fpir=0.01, needs=5.3)
    embedded = embedded_for(args, read(args.lfw))
    as_is = identify_open(embedded)
    show("as it is", as_is)
    show("label errors taken out", identify_open(embedded.of(cleaned(embedded.dataset, errata()))))
    point = next(p for p in as_is.points if p.fpir == args.fpir)
    verdict(
        f"FNIR at FPIR {args.fpir:.0%}", 100 * point.fnir.value, args.needs, at_most=True, unit=" %"
    )


def show(title: str, found: IdentificationResult) -> None:
    print(
        f"{title}: {found.people} enrolled, {found.probes} mated probes, "
        f"{found.strangers} strangers; rank-1 {found.rank_one.value:.2%}"
    )
    for p in found.points:
        print(
            f"  FPIR {p.fpir:.1%}: FNIR {p.fnir.value:.2%} ({p.fnir.low:.2%} to {p.fnir.high:.2%})"
            f", misidentified {p.misidentified.value:.2%}, threshold {p.threshold:.4f}"
            f"{'' if p.supported else ', too few strangers'}"
        )


main()
