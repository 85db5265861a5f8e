import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.errors import ConfigError
from visavis.policy import Calibration, Policy, QualityLimits
from visavis.types import Quality, Reason

TABLE = Calibration(((1e-1, 0.2), (1e-2, 0.3), (1e-4, 0.4)), "test", 1000)
GOOD = {
    "score": 0.9, "size": 60, "sharpness": 0.8, "brightness": 0.5, "contrast": 0.2,
    "yaw": 0.0, "pitch": 0.0, "roll": 0.0, "cut": 0.0,
}  # fmt: skip


def test_thresholds_at_measured_rates_are_the_measured_ones() -> None:
    for fmr, score in TABLE.points:
        assert TABLE.threshold(fmr).score == pytest.approx(score)
        assert TABLE.rate(score) == pytest.approx(fmr)


def test_thresholds_between_rates_are_linear_in_the_logarithm() -> None:
    found = TABLE.threshold(1e-3)
    assert found.score == pytest.approx(0.35)
    assert not found.extrapolated


def test_rates_nobody_measured_say_so() -> None:
    found = TABLE.threshold(1e-6)
    assert found.extrapolated
    assert found.score == pytest.approx(0.5)
    assert TABLE.threshold(1e-30).score == 1.0


@given(st.floats(1e-12, 0.99), st.floats(1e-12, 0.99))
def test_a_lower_rate_never_has_a_lower_threshold(a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert TABLE.threshold(low).score >= TABLE.threshold(high).score


@pytest.mark.parametrize("fmr", [0, 1, -1, 2])
def test_rates_outside_0_to_1_are_refused(fmr: float) -> None:
    with pytest.raises(ConfigError, match="between 0 and 1"):
        TABLE.threshold(fmr)
    with pytest.raises(ConfigError, match="between 0 and 1"):
        Policy(fmr=fmr)


@pytest.mark.parametrize(
    "points", [((1e-2, 0.3),), ((1e-2, 0.3), (1e-1, 0.4)), ((1e-1, 0.4), (1e-2, 0.3))]
)
def test_malformed_tables_are_refused(points: tuple[tuple[float, float], ...]) -> None:
    with pytest.raises(ConfigError):
        Calibration(points, "test", 1)


def test_an_explicit_threshold_overrides_both_rates() -> None:
    policy = Policy(threshold=0.77)
    assert policy.verification(TABLE).score == 0.77
    assert policy.identification(TABLE, 1000).score == 0.77
    assert policy.verification(TABLE).rate is None


def test_a_larger_gallery_needs_a_higher_threshold() -> None:
    policy = Policy(fmr=0.1, fpir=0.05)
    scores = [policy.identification(TABLE, n).score for n in (1, 10, 100, 10_000)]
    assert scores == sorted(scores)
    assert len(set(scores)) == 4


def test_the_identification_threshold_gives_the_stated_rate_among_independent_comparisons() -> None:
    templates, fpir = 50, 0.2
    found = Policy(fmr=0.5, fpir=fpir).identification(TABLE, templates)
    fmr = TABLE.rate(found.score)
    assert 1 - (1 - fmr) ** templates == pytest.approx(fpir, rel=1e-6)


def test_identification_is_never_laxer_than_verification() -> None:
    policy = Policy(fmr=1e-4, fpir=0.5)
    assert policy.identification(TABLE, 1).score >= policy.verification(TABLE).score


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("size", 2, Reason.TOO_SMALL),
        ("brightness", 0.01, Reason.TOO_DARK),
        ("brightness", 0.99, Reason.TOO_BRIGHT),
        ("contrast", 0.0, Reason.LOW_CONTRAST),
        ("yaw", -85, Reason.TURNED),
        ("pitch", 80, Reason.TILTED),
        ("cut", 0.6, Reason.CUT_OFF),
    ],
)
def test_each_broken_limit_gives_its_code(field: str, value: float, reason: Reason) -> None:
    limits = QualityLimits()
    assert limits.reasons(Quality(**GOOD)) == ()
    assert limits.reasons(Quality(**{**GOOD, field: value})) == (reason,)


def test_stricter_limits_refuse_more() -> None:
    limits = QualityLimits(min_score=0.95, min_sharpness=0.9, max_roll=10)
    found = limits.reasons(Quality(**{**GOOD, "roll": -20}))
    assert set(found) == {Reason.LOW_SCORE, Reason.BLURRED, Reason.ROLLED}


def test_top_k_is_at_least_one() -> None:
    with pytest.raises(ConfigError, match="top_k"):
        Policy(top_k=0)


def test_rate_is_held_within_the_measured_range() -> None:
    assert TABLE.rate(0.0) == pytest.approx(1e-1)
    assert TABLE.rate(0.99) == pytest.approx(1e-4)
    assert np.isclose(TABLE.rate(0.35), 1e-3)
