"""Planted wrong labels come first."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planted import CALIBRATION, dataset_of, embedded_of, vectors_of
from visavis.evaluate.outliers import (
    expected_below,
    find_outliers,
    identity_means,
    leave_one_out,
)

TRUE = [f"p{i:02d}" for i in range(20) for _ in range(6)]


def test_planted_mislabels_are_the_suspects_and_their_owner_is_named() -> None:
    labels = list(TRUE)
    labels[0], labels[50] = "p13", "p02"  # p00's picture as p13's, p08's as p02's
    found = find_outliers(embedded_of(dataset_of(labels), vectors_of(TRUE)), CALIBRATION)
    assert (found.limit, found.fmr, found.compared) == (0.3, 1e-2, len(TRUE))
    assert found.unlike == 2
    assert found.expected < 1
    assert {(s.name, s.identity, s.nearest) for s in found.suspects} == {
        ("p13/0.jpg", "p13", "p00"),
        ("p02/50.jpg", "p02", "p08"),
    }
    assert all(s.others == 6 and s.nearest_cosine > 0.8 > s.cosine for s in found.suspects)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.sampled_from(["a", "b", "c", None]), min_size=1, max_size=12))
def test_leave_one_out_as_a_plain_loop(owners: list[str | None]) -> None:
    vectors = vectors_of([w or "nobody" for w in owners])
    vectors[::5] = np.nan
    embedded = embedded_of(dataset_of(owners), vectors)
    cosines, others = leave_one_out(embedded)
    for i, who in enumerate(owners):
        rest = [
            vectors[j]
            for j, w in enumerate(owners)
            if w == who and j != i and np.isfinite(vectors[j, 0])
        ]
        if who is None or not rest or np.isnan(vectors[i, 0]):
            assert np.isnan(cosines[i])
        else:
            mean = np.mean(rest, axis=0)
            assert others[i] == len(rest)
            assert cosines[i] == pytest.approx(mean @ vectors[i] / np.linalg.norm(mean), abs=1e-5)


def test_means_have_length_one_and_nan_without_a_face() -> None:
    vectors = vectors_of(["a", "a", "b"])
    vectors[2] = np.nan
    means = identity_means(embedded_of(dataset_of(["a", "a", "b"]), vectors))
    assert np.linalg.norm(means[0]) == pytest.approx(1)
    assert np.isnan(means[1]).all()


def test_the_expected_count_is_that_of_a_normal_distribution(rng: np.random.Generator) -> None:
    # mean 0.7, deviation 0.1: a limit of 0.5 lies two deviations below, 2.275 % of 10,000
    cosines = rng.normal(0.7, 0.1, 10_000)
    others = np.full(10_000, 20)
    clean = expected_below(cosines, others, 0.5)
    assert clean == pytest.approx(227.5, rel=0.1)
    cosines[:300] = -0.2  # an ordinary standard deviation would now be 0.18, and 1,600 expected
    assert expected_below(cosines, others, 0.5) == pytest.approx(clean, rel=0.4)
    assert np.isnan(expected_below(cosines[:20], others[:20], 0.5))
