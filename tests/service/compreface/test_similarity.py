"""Similarities: 0.5 at the line, above and below it by rates, never across it by rounding."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.policy import Calibration
from visavis.service.compreface.similarity import LINE, Scale
from visavis.testing import CALIBRATION
from visavis.types import Threshold

SCALE = Scale.of(Threshold(0.4, 1e-4), CALIBRATION)
scores = st.floats(-1, 1)


def at(score: float, scale: Scale = SCALE) -> float:
    return scale.similarity(score, accepted=score >= 0.4)


@pytest.mark.parametrize(
    ("score", "similarity"),
    [
        (-1.0, 0.0),
        (0.2, 0.001),  # FMR 1e-1, a thousand times the line's
        (0.4, 0.5),
        (0.45, 10 / 11),  # FMR 1e-5
        (0.5, 100 / 101),  # FMR 1e-6
        (1.0, 1.0),
    ],
)
def test_the_rate_at_a_score_gives_its_similarity(score: float, similarity: float) -> None:
    assert at(score) == pytest.approx(similarity, abs=2e-5)


@given(scores, scores)
def test_it_never_falls_as_the_score_rises(a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert 0 <= at(low) <= at(high) <= 1


@given(scores, st.booleans())
def test_half_or_more_is_accepted_and_nothing_else_is(score: float, accepted: bool) -> None:
    assert (SCALE.similarity(score, accepted=accepted) >= LINE) == accepted


@given(st.floats(-1, 1))
def test_any_threshold_set_by_hand_is_at_half(score: float) -> None:
    scale = Scale.of(Threshold(score), CALIBRATION)
    assert scale.similarity(score, accepted=True) == LINE
    assert scale.similarity(max(score - 0.01, -1), accepted=False) < LINE


def test_a_table_of_one_threshold_is_a_step() -> None:
    flat = Calibration(((1e-1, 0.4), (1e-4, 0.4)), "flat", 100)
    found = [at(score, Scale.of(Threshold(0.4, 1e-4), flat)) for score in (0.3, 0.4, 0.5)]
    assert found[0] == 0
    assert found[1] >= LINE
    assert found[2] == 1


def test_scores_beyond_the_table_keep_their_order() -> None:
    found = [at(score) for score in np.linspace(0.5, 0.7, 5)]
    assert found == sorted(set(found))
