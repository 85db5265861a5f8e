"""How scores become decisions: calibration tables, quality limits, and the user's policy."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from visavis.errors import ConfigError
from visavis.types import Quality, Reason, Threshold


@dataclass(frozen=True, slots=True)
class QualityLimits:
    """The least a face must reach; the defaults refuse only what would harm a decision."""

    min_score: float = 0.0
    min_size: float = 12.0
    min_sharpness: float = 0.08
    min_brightness: float = 0.03
    max_brightness: float = 0.97
    min_contrast: float = 0.012
    max_yaw: float = 75.0
    max_pitch: float = 60.0
    max_roll: float = 180.0
    max_cut: float = 0.35

    def reasons(self, quality: Quality) -> tuple[Reason, ...]:
        """The codes of all limits that `quality` breaks; empty when it passes."""
        checks = (
            (quality.size < self.min_size, Reason.TOO_SMALL),
            (quality.sharpness < self.min_sharpness, Reason.BLURRED),
            (quality.brightness < self.min_brightness, Reason.TOO_DARK),
            (quality.brightness > self.max_brightness, Reason.TOO_BRIGHT),
            (quality.contrast < self.min_contrast, Reason.LOW_CONTRAST),
            (abs(quality.yaw) > self.max_yaw, Reason.TURNED),
            (abs(quality.pitch) > self.max_pitch, Reason.TILTED),
            (abs(quality.roll) > self.max_roll, Reason.ROLLED),
            (quality.cut > self.max_cut, Reason.CUT_OFF),
            (quality.score < self.min_score, Reason.LOW_SCORE),
        )
        return tuple(reason for broken, reason in checks if broken)


@dataclass(frozen=True)
class Calibration:
    """Score thresholds of one model by false-match rate, and the data they come from.

    `points` are (fmr, threshold), fmr falling and threshold rising; `pairs` counts the impostor
    comparisons they were read from. Between points the threshold is linear in log10(fmr).
    """

    points: tuple[tuple[float, float], ...]
    dataset: str
    pairs: int

    def __post_init__(self) -> None:
        rates, scores = zip(*self.points, strict=True)
        if len(rates) < 2 or list(rates) != sorted(set(rates), reverse=True):
            raise ConfigError(f"calibration needs two or more falling rates, got {rates}")
        if list(scores) != sorted(scores):
            raise ConfigError(f"calibration thresholds must rise as the rate falls, got {scores}")

    @cached_property
    def _line(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        rates, scores = np.array(self.points).T
        return -np.log10(rates), scores

    def threshold(self, fmr: float) -> Threshold:
        """The score at which impostors match with probability `fmr`.

        Below the lowest measured rate the last two points are continued in a straight line, and
        the result says `extrapolated`. Above the highest, the first threshold holds.
        """
        if not 0 < fmr < 1:
            raise ConfigError(f"a false-match rate lies between 0 and 1, got {fmr}")
        x, y = self._line
        at = -np.log10(fmr)
        if at <= x[-1]:
            return Threshold(float(np.interp(at, x, y)), fmr)
        slope = (y[-1] - y[-2]) / (x[-1] - x[-2])
        return Threshold(float(min(y[-1] + slope * (at - x[-1]), 1.0)), fmr, extrapolated=True)

    def rate(self, score: float) -> float:
        """The false-match rate that `score` stands for, held within the measured range."""
        x, y = self._line
        return float(10 ** -np.interp(score, y, x))


@dataclass(frozen=True, slots=True)
class Policy:
    """How decisions are made: the error rates that the user accepts, and what a face must be.

    `fmr`: false-match rate of a 1:1 verification. `fpir`: share of strangers' searches that may
    name somebody, whatever the gallery's size. `threshold`: an explicit score that overrides
    both. `margin`: a lead over the runner-up below which an identification is too close to call.
    `face`: which face of a photo of several is meant where one is needed; `only` (several are an
    error), `dominant` (one three times as large as the next, else an error), `largest` or
    `central`. `review`: how photos of one enrolment are checked; `off`, `standard` (they agree
    with one another and show nobody else enrolled) or `strict` (and lead over every other subject
    by `strict_margin`).
    """

    fmr: float = 1e-4
    fpir: float = 1e-2
    threshold: float | None = None
    top_k: int = 5
    margin: float = 0.03
    strict_margin: float = 0.15
    limits: QualityLimits = QualityLimits()
    face: Literal["only", "dominant", "largest", "central"] = "dominant"
    review: Literal["off", "standard", "strict"] = "standard"
    liveness: Literal["off", "report", "require"] = "off"

    def __post_init__(self) -> None:
        for what, rate in (("fmr", self.fmr), ("fpir", self.fpir)):
            if not 0 < rate < 1:
                raise ConfigError(f"{what} lies between 0 and 1, got {rate}")
        if self.threshold is not None and not -1 <= self.threshold <= 1:
            raise ConfigError(f"threshold lies between -1 and 1, got {self.threshold}")
        if self.top_k < 1:
            raise ConfigError(f"top_k must be 1 or more, got {self.top_k}")

    def verification(self, calibration: Calibration) -> Threshold:
        """The threshold of a 1:1 comparison."""
        if self.threshold is not None:
            return Threshold(self.threshold)
        return calibration.threshold(self.fmr)

    def identification(self, calibration: Calibration, templates: int) -> Threshold:
        """The threshold of a search among `templates`, so that a stranger is named with
        probability `fpir`, taking comparisons as independent: 1 - (1 - fmr)^templates = fpir.
        """
        if self.threshold is not None:
            return Threshold(self.threshold)
        fmr = -np.expm1(np.log1p(-self.fpir) / max(templates, 1))
        found = calibration.threshold(min(float(fmr), self.fmr))
        return Threshold(found.score, self.fpir, found.extrapolated)
