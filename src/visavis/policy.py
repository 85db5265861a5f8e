"""How scores become decisions: calibration tables, quality limits, and the user's policy."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visavis.errors import ConfigError, NotMeasured
from visavis.targets import DEFAULT_TARGET, LiveTarget
from visavis.types import Quality, Reason, Threshold

_ROUNDING: Final = 1e-9


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


Point: TypeAlias = tuple[float, float] | tuple[float, float, float, float]
"""(fmr, threshold), or with where another set of as many people shows the FMR there, 95 times in
100: (…, low, high)."""


@dataclass(frozen=True, slots=True)
class Tail:
    """What was fitted to the highest impostor scores: the FMR above the score `start`.

    With x = score - start and the FMR `rate` at start: `pareto` is the generalised Pareto
    distribution, rate * (1 + shape * x / scale)^(-1 / shape); `quadratic` is
    rate * exp(-x / scale - shape * x^2). Shape 0 is the exponential distribution in both.
    """

    kind: Literal["pareto", "quadratic"]
    start: float
    rate: float
    scale: float
    shape: float

    def fmr(self, scores: ArrayLike) -> NDArray[np.float64]:
        """The fitted FMR at each score; `rate` at and below `start`."""
        x = np.maximum(np.asarray(scores, np.float64) - self.start, 0)
        if self.kind == "quadratic" or self.shape == 0:
            return np.asarray(self.rate * np.exp(-x / self.scale - self.shape * x**2))
        grown = np.maximum(1 + self.shape * x / self.scale, 0)
        with np.errstate(divide="ignore"):
            return np.asarray(self.rate * np.exp(-np.log(grown) / self.shape))


@dataclass(frozen=True)
class Calibration:
    """Score thresholds of one model by false-match rate, and the data they come from.

    `points` have falling rates and rising thresholds; `pairs` counts the impostor comparisons
    they were read from, `identities` the people. Points below the rate `measured` come from the
    fitted `tail`, and nothing is claimed below the last. Without `measured` all points were
    measured, and the last two are continued in a straight line. Between points the threshold and
    the ends of the interval are linear in log10(fmr).
    """

    points: tuple[Point, ...]
    dataset: str
    pairs: int
    identities: int = 0
    measured: float | None = None
    tail: Tail | None = None

    def __post_init__(self) -> None:
        rates, scores = zip(*(point[:2] for point in self.points), strict=True)
        if len(rates) < 2 or list(rates) != sorted(set(rates), reverse=True):
            raise ConfigError(f"calibration needs two or more falling rates, got {rates}")
        if not 0 < rates[-1] <= rates[0] < 1:
            raise ConfigError(f"calibration rates lie between 0 and 1, got {rates}")
        if list(scores) != sorted(scores):
            raise ConfigError(f"calibration thresholds must rise as the rate falls, got {scores}")
        if len({len(point) for point in self.points}) > 1:
            raise ConfigError("expected an interval with all points of a calibration or with none")
        for point in self.points:
            if len(point) == 4 and not 0 < point[2] <= point[3] <= 1:
                raise ConfigError(f"expected an interval between 0 and 1, got {point[2:]}")

    @cached_property
    def _line(self) -> tuple[NDArray[np.float64], ...]:
        """-log10(fmr), the thresholds and, where known, log10 of both ends of the interval."""
        rates, scores, *ends = np.array(self.points, np.float64).T
        return -np.log10(rates), scores, *(np.log10(end) for end in ends)

    def threshold(self, fmr: float) -> Threshold:
        """The score at which impostors match with probability `fmr`.

        Beyond what was measured the result says `extrapolated`. Above the highest rate, the first
        threshold holds. Raises NotMeasured for rates on which the data say nothing.
        """
        if not 0 < fmr < 1:
            raise ConfigError(f"a false-match rate lies between 0 and 1, got {fmr}")
        x, y, *ends = self._line
        at = -np.log10(fmr)
        if at > x[-1] + _ROUNDING:
            return self._beyond(fmr)
        beyond = self.measured is not None and fmr < self.measured * (1 - _ROUNDING)
        interval = None
        if ends and at >= x[0]:
            low, high = (float(10 ** np.interp(at, x, end)) for end in ends)
            interval = low, high
        return Threshold(float(np.interp(at, x, y)), fmr, beyond, interval)

    def least(self, extrapolate: bool) -> float:
        """The lowest rate that can be stated, with the fitted tail or by what was measured."""
        last = self.points[-1][0]
        return last if extrapolate or self.measured is None else self.measured

    def _beyond(self, fmr: float) -> Threshold:
        if self.measured is not None:
            raise NotMeasured(
                f"expected a false-match rate of {self.points[-1][0]:.1e} or more, got {fmr:.1e}: "
                f"the {self.identities:,} people of {self.dataset} show rates down to "
                f"{self.measured:.1e}, and nothing is claimed beyond the first"
            )
        x, y = self._line[:2]
        slope = (y[-1] - y[-2]) / (x[-1] - x[-2])
        score = y[-1] + slope * (-np.log10(fmr) - x[-1])
        return Threshold(float(min(score, 1.0)), fmr, extrapolated=True)

    def rate(self, score: float) -> float:
        """The false-match rate that `score` stands for, held within the table's range."""
        x, y = self._line[:2]
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
    by `strict_margin`). `liveness`: `off`, `report` (faces are checked, and it is said) or
    `require` (a face that is not live is refused); `live`: the error rate at which a check draws
    its line. `beyond`: what is done about a rate lower than was measured; `warn` (the fitted tail
    decides and the threshold says `extrapolated`) or `refuse` (NotMeasured).
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
    live: LiveTarget = DEFAULT_TARGET
    beyond: Literal["warn", "refuse"] = "warn"

    def __post_init__(self) -> None:
        for what, rate in (("fmr", self.fmr), ("fpir", self.fpir)):
            if not 0 < rate < 1:
                raise ConfigError(f"{what} lies between 0 and 1, got {rate}")
        if self.threshold is not None and not -1 <= self.threshold <= 1:
            raise ConfigError(f"threshold lies between -1 and 1, got {self.threshold}")
        if self.top_k < 1:
            raise ConfigError(f"top_k must be 1 or more, got {self.top_k}")

    def verification(self, calibration: Calibration) -> Threshold:
        """The threshold of a 1:1 comparison. Raises NotMeasured as `beyond` says."""
        if self.threshold is not None:
            return Threshold(self.threshold)
        return self._within(calibration, self.fmr)

    def identification(self, calibration: Calibration, templates: int) -> Threshold:
        """The threshold of a search among `templates`, so that a stranger is named with
        probability `fpir`: 1 - (1 - fmr)^templates = fpir. Raises NotMeasured as `beyond` says.

        That takes comparisons as independent. Probes that look like many people, and templates
        that show one person, make the true rate a little lower: `evaluate/fpir.py` measures it.
        The interval is given where `fpir` and not the stricter `fmr` decides.
        """
        if self.threshold is not None:
            return Threshold(self.threshold)
        count = max(templates, 1)
        fmr = -float(np.expm1(np.log1p(-self.fpir) / count))
        if fmr < self.fmr:
            found = self._search(calibration, fmr, count)
        else:
            found = self._within(calibration, self.fmr)
        interval = None
        if found.interval is not None and fmr <= self.fmr:
            low, high = (false_positives(end, count) for end in found.interval)
            interval = low, high
        return Threshold(found.score, self.fpir, found.extrapolated, interval)

    def taken(self, calibration: Calibration, templates: int) -> float:
        """The score from which a photo to enrol shows somebody else who is enrolled: that of a
        search among `templates`, or where no table reaches so far, the strictest there is.
        """
        try:
            return self.identification(calibration, templates).score
        except NotMeasured:
            return calibration.points[-1][1]

    def _search(self, calibration: Calibration, fmr: float, templates: int) -> Threshold:
        try:
            return self._within(calibration, fmr)
        except NotMeasured as error:
            least = false_positives(calibration.least(self.beyond == "warn"), templates)
            raise NotMeasured(
                f"{templates:,} templates are too many to state an FPIR of {self.fpir:g}: {error}. "
                f"State {least:.2g} or more, calibrate on more people, or give a threshold"
            ) from None

    def _within(self, calibration: Calibration, fmr: float) -> Threshold:
        found = calibration.threshold(fmr)
        if found.extrapolated and self.beyond == "refuse":
            raise NotMeasured(
                f"expected a false-match rate of {calibration.least(False):.1e} or more, which "
                f"{calibration.dataset} can show, got {fmr:.1e}; the policy does not extrapolate"
            )
        return found


def false_positives(fmr: float, templates: int) -> float:
    """The share of strangers who match one of `templates` at least, comparisons independent."""
    return 1.0 if fmr >= 1 else -float(np.expm1(templates * np.log1p(-fmr)))
