import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.errors import ConfigError, NotMeasured
from visavis.policy import Calibration, Policy, QualityLimits, Tail
from visavis.types import Quality, Reason, Threshold

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


FULL = Calibration(
    ((1e-2, 0.3, 9e-3, 1.1e-2), (1e-4, 0.4, 5e-5, 2e-4), (1e-6, 0.6, 1e-8, 1e-5)),
    "people",
    10_000,
    identities=200,
    measured=1e-4,
    tail=Tail("pareto", 0.35, 1e-3, 0.02, 0.1),
)


def test_the_interval_goes_with_the_threshold() -> None:
    low, high = FULL.threshold(1e-4).interval
    assert (low, high) == pytest.approx((5e-5, 2e-4))
    low, high = FULL.threshold(1e-3).interval  # halfway in the logarithm: geometric means
    assert (low, high) == pytest.approx(((9e-3 * 5e-5) ** 0.5, (1.1e-2 * 2e-4) ** 0.5))
    assert TABLE.threshold(1e-2).interval is None
    assert FULL.threshold(0.5) == Threshold(0.3, 0.5)


def test_between_the_measured_and_the_lowest_rate_the_tail_decides_and_says_so() -> None:
    assert not FULL.threshold(1e-4).extrapolated
    found = FULL.threshold(1e-5)
    assert found.extrapolated
    assert found.score == pytest.approx(0.5)
    assert FULL.threshold(1e-6).score == pytest.approx(0.6)


def test_below_the_lowest_rate_nothing_is_claimed() -> None:
    with pytest.raises(NotMeasured, match="200 people of people"):
        FULL.threshold(9e-7)
    with pytest.raises(NotMeasured):
        Policy().identification(FULL, 1_000_000)
    assert NotMeasured.code == "not_measured"


def test_a_policy_may_refuse_to_extrapolate() -> None:
    strict = Policy(fmr=1e-5, beyond="refuse")
    with pytest.raises(NotMeasured, match=r"1\.0e-04 or more.*got 1\.0e-05"):
        strict.verification(FULL)
    with pytest.raises(NotMeasured):
        strict.identification(FULL, 10)
    assert Policy(fmr=1e-5).verification(FULL).extrapolated
    assert Policy(fmr=1e-4, beyond="refuse").verification(FULL).score == pytest.approx(0.4)
    with pytest.raises(NotMeasured, match=r"1\.0e-04"):
        Policy(fmr=1e-5, beyond="refuse").verification(TABLE)
    by_hand = Policy(fmr=1e-5, threshold=0.7, beyond="refuse")
    assert by_hand.verification(FULL).score == 0.7


def test_the_interval_of_a_search_is_that_of_all_its_comparisons() -> None:
    """Two templates at FMR f: f^2 - 2 f + 0.0199 = 0 gives 0.01, so FPIR 1 - 0.99^2 = 0.0199."""
    found = Policy(fmr=0.5, fpir=0.0199).identification(FULL, 2)
    assert found.score == pytest.approx(0.3)
    low, high = found.interval
    assert low == pytest.approx(1 - (1 - 9e-3) ** 2)
    assert high == pytest.approx(1 - (1 - 1.1e-2) ** 2)
    assert Policy(fmr=1e-4, fpir=0.5).identification(FULL, 2).interval is None


@given(st.floats(1e-6, 0.99), st.floats(1e-6, 0.99))
def test_a_full_table_is_monotone(a: float, b: float) -> None:
    low, high = (FULL.threshold(rate) for rate in sorted((a, b)))
    assert low.score >= high.score
    assert low.extrapolated >= high.extrapolated


@pytest.mark.parametrize(
    "points",
    [
        ((1e-1, 0.2, 0.05, 0.2), (1e-2, 0.3)),
        ((1e-1, 0.2, 0.2, 0.05), (1e-2, 0.3, 1e-3, 1e-1)),
        ((1e-1, 0.2, 0.0, 0.2), (1e-2, 0.3, 1e-3, 1e-1)),
        ((2.0, 0.2), (1e-2, 0.3)),
        ((1e-1, 0.2), (0.0, 0.3)),
    ],
)
def test_impossible_tables_are_refused(points) -> None:
    with pytest.raises(ConfigError):
        Calibration(points, "test", 1)


def test_tails_worked_by_hand() -> None:
    """Pareto, shape 0.5: (1 + 0.5 x / 0.1)^-2 at x = 0.2 is 1/4. Quadratic: exp(-2 - 4)."""
    pareto = Tail("pareto", 0.3, 1e-2, 0.1, 0.5)
    assert pareto.fmr(0.5) == pytest.approx(2.5e-3)
    assert Tail("quadratic", 0.3, 1.0, 0.1, 100.0).fmr(0.5) == pytest.approx(np.exp(-6))
    assert Tail("pareto", 0.3, 1.0, 0.1, 0.0).fmr(0.5) == pytest.approx(np.exp(-2))
    assert Tail("pareto", 0.3, 1.0, 0.1, -0.5).fmr([0.2, 0.5, 0.9]).tolist() == [1, 0, 0]


def test_a_gallery_too_large_for_the_table_says_what_can_be_stated() -> None:
    table = Calibration(((1e-2, 0.3), (1e-4, 0.5)), "few people", 100, 20, measured=1e-3)
    assert Policy(fpir=0.1).identification(table, 1000).score == pytest.approx(0.5, abs=0.01)
    with pytest.raises(NotMeasured, match=r"10,000 templates .* State 0\.63 or more"):
        Policy().identification(table, 10_000)
    with pytest.raises(NotMeasured, match=r"State 0\.095 or more"):  # 1 - (1 - 1e-3)^100
        Policy(fmr=1e-2, beyond="refuse").identification(table, 100)


def test_enrolment_review_in_such_a_gallery_takes_the_strictest_threshold() -> None:
    table = Calibration(((1e-2, 0.3), (1e-4, 0.5)), "few people", 100, 20, measured=1e-3)
    assert Policy().taken(table, 10_000) == 0.5
    assert Policy(fpir=0.1).taken(table, 100) == Policy(fpir=0.1).identification(table, 100).score
