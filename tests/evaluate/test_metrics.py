"""Error rates derived twice: by `Scores`, and by scikit-learn or a plain loop."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score, roc_curve

from visavis.errors import InputError
from visavis.evaluate.metrics import Scores

# few values, so that there are ties within and between the sides
SIDE = st.lists(st.integers(-8, 8).map(lambda n: n / 8), min_size=1, max_size=30)


def arrays(genuine: list[float], impostor: list[float]) -> Scores:
    return Scores(np.array(genuine, np.float32), np.array(impostor, np.float32))


@given(SIDE, SIDE, st.integers(-9, 9).map(lambda n: n / 8))
def test_rates_are_shares(genuine: list[float], impostor: list[float], at: float) -> None:
    scores = arrays(genuine, impostor)
    assert scores.fmr(at) == pytest.approx(sum(s >= at for s in impostor) / len(impostor))
    assert scores.fnmr(at) == pytest.approx(sum(s < at for s in genuine) / len(genuine))


@given(SIDE, SIDE, st.sampled_from([0.0, 0.01, 0.1, 0.25, 1 / 3, 0.5, 0.9]))
def test_the_threshold_is_the_lowest_that_keeps_the_rate(
    genuine: list[float], impostor: list[float], rate: float
) -> None:
    scores = arrays(genuine, impostor)
    found = scores.threshold(rate)
    assert scores.fmr(found) <= rate + 1e-9
    below = float(np.nextafter(np.float32(found), np.float32(-2)))
    assert scores.fmr(below) > rate  # `below` is an impostor's score
    assert below in impostor
    assert scores.tmr(rate) == pytest.approx(sum(s > below for s in genuine) / len(genuine))


@given(SIDE, SIDE)
def test_auc_is_that_of_scikit_learn(genuine: list[float], impostor: list[float]) -> None:
    truth = [1] * len(genuine) + [0] * len(impostor)
    expected = roc_auc_score(truth, genuine + impostor)
    assert arrays(genuine, impostor).auc() == pytest.approx(expected)


@given(SIDE, SIDE)
def test_the_whole_curve_is_that_of_scikit_learn(
    genuine: list[float], impostor: list[float]
) -> None:
    truth = [1] * len(genuine) + [0] * len(impostor)
    fpr, tpr, _ = roc_curve(truth, genuine + impostor, drop_intermediate=False)
    curve = arrays(genuine, impostor).curve()
    np.testing.assert_allclose(curve.fmr[::-1], fpr)
    np.testing.assert_allclose(curve.tmr[::-1], tpr)


@given(SIDE, SIDE)
def test_eer_is_where_the_roc_meets_the_diagonal(
    genuine: list[float], impostor: list[float]
) -> None:
    truth = [1] * len(genuine) + [0] * len(impostor)
    fpr, tpr, _ = roc_curve(truth, genuine + impostor, drop_intermediate=False)
    lead = fpr - (1 - tpr)  # from -1 to 1
    after = next(i for i, value in enumerate(lead) if value >= 0)
    x0, x1, y0, y1 = fpr[after - 1], fpr[after], lead[after - 1], lead[after]
    expected = x0 - y0 * (x1 - x0) / (y1 - y0)
    assert arrays(genuine, impostor).eer() == pytest.approx(expected)


def test_a_worked_example() -> None:
    # impostors .1 .2 .3 .6; genuine .4 .5 .7 .8
    scores = arrays([0.4, 0.5, 0.7, 0.8], [0.1, 0.2, 0.3, 0.6])
    # at .45: one impostor of 4 matches (.6), one genuine of 4 does not (.4): both 1/4, the EER
    assert (scores.fmr(0.45), scores.fnmr(0.45), scores.eer()) == (0.25, 0.25, 0.25)
    # of 16 comparisons of sides, genuine loses two: .4 and .5 to .6
    assert scores.auc() == 14 / 16
    # FMR 25 % allows one impostor: the threshold is just above .3, all genuine match
    assert scores.threshold(0.25) == pytest.approx(0.3, abs=1e-6)
    assert scores.tmr(0.25) == 1
    # below 1 in 4 none is allowed: just above .6, and .7 and .8 match
    assert (scores.tmr(0.2), scores.tmr(0)) == (0.5, 0.5)
    assert scores.threshold(1e-6) > 0.6
    assert scores.fmr(scores.threshold(1e-6)) == 0


def test_eer_between_two_points() -> None:
    # genuine 3 of them, impostors 2; above .2: FMR 1/2, FNMR 1/3 (.1); above .3: FMR 1/2,
    # FNMR 2/3. On the line between them FMR stays 1/2 and FNMR passes 1/2 in the middle.
    assert arrays([0.1, 0.3, 0.5], [0.2, 0.4]).eer() == pytest.approx(0.5)


def test_perfect_separation() -> None:
    scores = arrays([0.8, 0.9], [0.1, 0.2])
    assert (scores.eer(), scores.auc(), scores.tmr(0)) == (0, 1, 1)


def test_a_share_of_pairs_is_exact_in_spite_of_binary_fractions() -> None:
    impostor = np.arange(300, dtype=np.float32) / 300
    scores = Scores(np.ones(1, np.float32), impostor)
    for allowed in range(1, 300):
        assert scores.fmr(scores.threshold(allowed / 300)) == pytest.approx(allowed / 300)


def test_scores_and_thresholds_compare_as_real_numbers() -> None:
    # float32 0.7 is 0.69999998..., so it does not reach the real number 0.7; 0.3 is above 0.3
    below, above = np.float32(0.7), np.float32(0.3)
    assert float(below) < 0.7
    assert float(above) > 0.3
    assert arrays([float(below)], [0.0]).fnmr(0.7) == 1
    assert arrays([float(above)], [0.0]).fnmr(0.3) == 0


def test_thirty_expected_false_matches_support_a_rate() -> None:
    scores = Scores(np.ones(1, np.float32), np.zeros(3000, np.float32))
    assert scores.supported(1e-2)
    assert not scores.supported(0.0099)
    assert not scores.supported(1e-3)


def test_a_thinned_curve_lies_on_the_whole_one(rng: np.random.Generator) -> None:
    scores = Scores(rng.normal(0.5, 0.1, 20_000), rng.normal(0.1, 0.1, 50_000))
    curve = scores.curve(200)
    assert 50 < len(curve.thresholds) <= 202
    np.testing.assert_allclose(curve.fmr, [scores.fmr(float(t)) for t in curve.thresholds])
    assert (curve.fmr[0], curve.fnmr[0], curve.fmr[-1], curve.fnmr[-1]) == (1, 0, 0, 1)
    assert (np.diff(curve.thresholds) > 0).all()
    # the rare errors are there: points between one and ten in all, on both sides
    assert ((curve.fmr > 0) & (curve.fmr < 10 / 50_000)).sum() >= 3
    assert ((curve.fnmr > 0) & (curve.fnmr < 10 / 20_000)).sum() >= 3


def test_the_given_arrays_are_left_alone() -> None:
    genuine = np.array([0.9, 0.1], np.float32)
    kept = Scores(genuine, genuine)
    assert genuine.tolist() == pytest.approx([0.9, 0.1])
    with pytest.raises(ValueError, match="read-only"):
        kept.genuine[0] = 0


@pytest.mark.parametrize(
    ("genuine", "impostor", "message"),
    [
        ([], [0.1], "genuine"),
        ([0.1], [], "impostor"),
        ([0.1], [np.nan], "finite impostor"),
        ([np.inf], [0.1], "finite genuine"),
        ([[0.1]], [0.1], "row of genuine"),
    ],
)
def test_unusable_scores_are_refused(
    genuine: list[float], impostor: list[float], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        arrays(genuine, impostor)


@pytest.mark.parametrize("rate", [1.0, -0.1, float("nan")])
def test_a_rate_lies_between_0_and_1(rate: float) -> None:
    with pytest.raises(InputError, match="FMR of 0 or more"):
        arrays([1.0], [0.0]).threshold(rate)
