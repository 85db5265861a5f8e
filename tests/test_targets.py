import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.errors import ConfigError, NotMeasured
from visavis.targets import Combination, FusionTable, LivenessTable, LiveTarget, by_face, subsets

TABLE = LivenessTable(
    ((0.2, 0.01, 0.5), (0.4, 0.03, 0.2), (0.6, 0.05, 0.2), (0.8, 0.3, 0.02)), "own, 100", "own, 50"
)


@pytest.mark.parametrize(
    ("target", "threshold"),
    [
        (LiveTarget(), 0.6),  # BPCER 5 %: the highest that refuses no more
        (LiveTarget(bpcer=0.04), 0.4),
        (LiveTarget(bpcer=0.9), 0.8),
        (LiveTarget(apcer=0.2), 0.4),  # the lowest that lets no more pass
        (LiveTarget(apcer=0.1), 0.8),
        (LiveTarget(apcer=0.9), 0.2),
        (LiveTarget(threshold=0.123), 0.123),
    ],
)
def test_the_threshold_of_a_target(target: LiveTarget, threshold: float) -> None:
    assert TABLE.threshold(target) == threshold


@pytest.mark.parametrize("target", [LiveTarget(bpcer=0.009), LiveTarget(apcer=0.01)])
def test_a_rate_that_was_not_measured_is_refused(target: LiveTarget) -> None:
    with pytest.raises(NotMeasured):
        TABLE.threshold(target)


@pytest.mark.parametrize(
    "given", [{"bpcer": 0.1, "apcer": 0.1}, {"bpcer": 0.0}, {"apcer": 1.0}, {"threshold": 1.5}]
)
def test_a_target_is_one_rate(given: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        LiveTarget(**given)


@pytest.mark.parametrize(
    "points",
    [
        (),
        ((0.5, 0.1, 0.1),),
        ((0.5, 0.1, 0.1), (0.5, 0.2, 0.1)),
        ((0.5, 0.2, 0.1), (0.6, 0.1, 0.1)),
        ((0.5, 0.1, 0.1), (0.6, 0.1, 0.2)),
    ],
)
def test_a_table_that_is_none_is_refused(points: tuple[tuple[float, float, float], ...]) -> None:
    with pytest.raises(ConfigError):
        LivenessTable(points, "", "")


def test_a_combination_is_a_logistic_regression() -> None:
    made = Combination(("a", "b"), (2.0, 0.5), -1.0, TABLE)
    # 2 * 1 + 0.5 * -2 - 1 = 0, so the odds are even; 2 * 2 + 0.5 * 4 - 1 = 5
    found = made.scores([[1, -2], [2, 4], [np.nan, 4]])
    np.testing.assert_allclose(found[:2], [0.5, 1 / (1 + np.exp(-5))], rtol=1e-12)
    assert np.isnan(found[2])


@given(st.lists(st.floats(-800, 800), min_size=2, max_size=8))
def test_scores_rise_with_the_logit_and_stay_in_bounds(logits: list[float]) -> None:
    found = Combination(("a",), (1.5,), 0.3, TABLE).scores(np.sort(logits)[:, None])
    assert ((found >= 0) & (found <= 1)).all()
    assert (np.diff(found) >= 0).all()


@pytest.mark.parametrize(
    ("checks", "weights"),
    [
        ((), ()),
        (("b", "a"), (1.0, 1.0)),
        (("a", "a"), (1.0, 1.0)),
        (("a",), (1.0, 2.0)),
        (("a",), (-0.1,)),
        (("a",), (float("nan"),)),
    ],
)
def test_a_bad_combination_is_refused(checks: tuple[str, ...], weights: tuple[float, ...]) -> None:
    with pytest.raises(ConfigError):
        Combination(checks, weights, 0.0, TABLE)


def test_a_fusion_table_finds_checks_in_any_order() -> None:
    both = Combination(("a", "b"), (1.0, 1.0), 0.0, TABLE)
    table = FusionTable((Combination(("a",), (1.0,), 0.0, TABLE), both))
    assert table.of(["b", "a"]) is both
    with pytest.raises(ConfigError, match=r"no liveness table for b; there is one for: a, a\+b"):
        table.of(["b"])
    with pytest.raises(ConfigError, match="some twice"):
        FusionTable((both, both))


def test_subsets_are_all_but_the_empty_one() -> None:
    assert subsets("cab") == [*map(tuple, "abc"), *map(tuple, ("ab", "ac", "bc", "abc"))]


def test_what_judged_by_the_face_alone_answers_alone() -> None:
    assert subsets(["a", by_face("a"), "b"]) == [("a:face",), ("a",), ("b",), ("a", "b")]
