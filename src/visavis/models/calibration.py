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
        (1e-1, 0.1437),
        (1e-2, 0.2549),
        (1e-3, 0.3392),
        (1e-4, 0.4118),
        (1e-5, 0.4779),
        (1e-6, 0.5816),
    ),
    dataset=_LFW,
    pairs=87_294_039,
)
