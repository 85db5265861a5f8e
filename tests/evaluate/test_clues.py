"""Areas under the ROC against scikit-learn, and intervals over subjects."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visavis.evaluate.clues import clue, joint_clue, weighted_auc


@settings(deadline=None, max_examples=30)
@given(st.integers(4, 60), st.integers(0, 999))
def test_the_area_is_that_of_scikit_learn(count: int, seed: int) -> None:
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(seed)
    values, weights = rng.integers(0, 6, count).astype(float), rng.integers(1, 4, count)
    attack = np.arange(count) % 2 == 0
    expected = roc_auc_score(attack, values, sample_weight=weights)
    assert weighted_auc(values, attack, weights.astype(float)) == pytest.approx(expected)


def test_a_planted_shortcut_tells_and_points() -> None:
    attack = np.arange(40) % 2 == 0
    subjects = np.arange(40) // 8
    found = clue("size", np.where(attack, 200.0, 100.0), attack, subjects)
    assert (found.auc, found.low, found.high) == (1, 1, 1)
    assert found.tells
    less = clue("size", np.where(attack, 100.0, 200.0), attack, subjects)
    assert (less.auc, less.strength, less.tells) == (0, 1, True)


def test_a_constant_and_noise_tell_nothing(rng: np.random.Generator) -> None:
    attack, subjects = np.arange(200) % 2 == 0, np.arange(200) // 20
    constant = clue("width", np.full(200, 640.0), attack, subjects)
    assert (constant.auc, constant.sure, constant.helps) == (0.5, False, False)
    noise = clue("noise", rng.standard_normal(200), attack, subjects)
    assert not noise.helps
    assert noise.low < noise.auc < noise.high


def test_what_one_subject_alone_shows_is_not_sure() -> None:
    # subject 0 has 30 attacks with high values, the 4 others have equal values
    attack = np.r_[np.ones(30, bool), np.arange(20) % 2 == 0]
    subjects = np.r_[np.zeros(30, int), 1 + np.arange(20) // 5]
    values = np.r_[np.full(30, 9.0), np.ones(20)]
    found = clue("x", values, attack, subjects)
    assert found.auc > 0.7
    assert not found.sure


def test_one_subject_or_one_class_gives_no_interval() -> None:
    attack = np.array([True, False, True])
    assert np.isnan(clue("x", np.array([2.0, 1, 3]), attack, np.zeros(3, int)).low)
    assert np.isnan(clue("x", np.array([2.0, 1, 3]), np.ones(3, bool), np.arange(3)).auc)


def test_together_is_judged_on_unseen_subjects(rng: np.random.Generator) -> None:
    subjects = np.arange(200) // 10
    attack = np.arange(200) % 2 == 0
    numbers = {"a": rng.standard_normal(200) + attack, "lost": np.full(200, np.nan)}
    coding = np.where(attack, "x", "y").tolist()
    assert joint_clue("all", numbers, {"coding": coding}, attack, subjects).auc == 1
    # a fact that differs by subject alone is learnt by heart and tells nothing of others
    heart = {"a": rng.standard_normal(20)[subjects]}
    assert joint_clue("all", heart, {}, subjects % 2 == 0, subjects).auc < 0.75


def test_too_few_subjects_to_hold_one_out() -> None:
    attack = np.array([True, False])
    assert np.isnan(joint_clue("all", {"a": np.arange(2.0)}, {}, attack, np.zeros(2, int)).auc)
