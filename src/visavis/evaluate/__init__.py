"""Measuring: protocols, calibration, robustness, fairness and the state of data sets."""
