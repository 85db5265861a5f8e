"""Calibration tables: thresholds by false-match rate, one constant a model."""

from visavis.policy import Calibration

SFACE = Calibration(
    points=(
        (1e-1, 0.15),
        (1e-2, 0.24),
        (1e-3, 0.31),
        (1e-4, 0.38),
        (1e-5, 0.44),
        (1e-6, 0.50),
    ),
    dataset="provisional estimate, not yet measured",
    pairs=0,
)
