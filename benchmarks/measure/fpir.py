"""Identification thresholds against strangers: does the stated FPIR hold at several gallery sizes?

Galleries of random people of LFW, one template each, are searched for everybody who is not in
them; the threshold is the shipped table's for `--fpir`. The figure is how many of the sizes hold:
the prediction lies in the measured 95 % interval, or the measured rate in the stated one.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from common import arguments, embedded_for, verdict

from visavis.datasets.layouts import read
from visavis.datasets.lfw import errata
from visavis.evaluate.fpir import SIZES, measure_fpir
from visavis.models.calibration import required, table


def main() -> None:
    args = arguments(__doc__, fpir=0.01)
    embedded = embedded_for(args, read(args.lfw))
    calibration = required(table(args.embedder), args.embedder)
    for each in (1, 3):
        checks = measure_fpir(embedded, calibration, fpir=args.fpir, each=each, errata=errata())
        for c in checks:
            print(
                f"{c.templates} templates of {c.people} people: threshold {c.threshold.score:.4f}"
                f"{' (extrapolated)' if c.threshold.extrapolated else ''}, predicted FPIR "
                f"{c.predicted:.3%}, measured {c.measured.value:.3%} "
                f"({c.measured.low:.3%} to {c.measured.high:.3%}) over {c.galleries} galleries, "
                f"{c.strangers} strangers each: {'holds' if c.holds else 'does not hold'}"
            )
        if each == 1:
            held = sum(c.holds for c in checks)
    verdict("gallery sizes at which the predicted FPIR holds", held, len(SIZES))


main()
