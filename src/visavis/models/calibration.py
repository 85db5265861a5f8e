"""Calibration tables: thresholds by false-match rate, one constant a model.

Printed by `benchmarks/foundation/thresholds.py --embedder MODEL`. Provisional: from all impostor
pairs of LFW as it is, with its known label errors, which lift the thresholds of the lowest rates.
"""

from visavis.policy import Calibration

_LFW = "LFW, deep funneled, all impostor pairs, central face, label errors left in"

SFACE = Calibration(
    points=(
        (1e-1, 0.2126),
        (1e-2, 0.3049),
        (1e-3, 0.3734),
        (1e-4, 0.4358),
        (1e-5, 0.5037),
        (1e-6, 0.6130),
    ),
    dataset=_LFW,
    pairs=87_294_039,
)
MOBILEFACENET = Calibration(
    points=(
        (1e-1, 0.1433),
        (1e-2, 0.2545),
        (1e-3, 0.3386),
        (1e-4, 0.4107),
        (1e-5, 0.4758),
        (1e-6, 0.5690),
    ),
    dataset=_LFW,
    pairs=87_294_039,
)
