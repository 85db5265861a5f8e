"""pairs_above against the whole matrix."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visavis.evaluate import similar
from visavis.evaluate.similar import pairs_above


def unit(rng: np.random.Generator, count: int) -> np.ndarray:
    made = rng.standard_normal((count, 6))
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 40), st.integers(0, 999), st.floats(-0.5, 0.9), st.booleans())
def test_as_the_whole_matrix_says(count: int, seed: int, limit: float, labelled: bool) -> None:
    rng = np.random.default_rng(seed)
    vectors = unit(rng, count)
    apart = rng.integers(-1, 3, count) if labelled else None
    expected = {
        (i, j)
        for i in range(count)
        for j in range(i + 1, count)
        if (vectors[i : i + 1] @ vectors.T)[0, j] >= np.float32(limit)
        and (apart is None or (apart[i] != apart[j] and min(apart[i], apart[j]) >= 0))
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(similar, "_ROWS", 7)
        patch.setattr(similar, "_COLUMNS", 11)
        found = pairs_above(vectors, limit, apart=apart)
    got = set(zip(found.first.tolist(), found.second.tolist(), strict=True))
    near = {p for p in got ^ expected if abs(vectors[p[0]] @ vectors[p[1]] - limit) < 1e-5}
    assert got ^ expected == near  # products of other shapes may differ in the last bit
    assert found.total == len(found)
    assert (np.diff(found.scores) <= 0).all()


def test_two_sets_and_only_the_best_are_kept(rng: np.random.Generator) -> None:
    left, right = unit(rng, 30), unit(rng, 20)
    whole = left @ right.T
    found = pairs_above(left, 0.0, right, most=5)
    assert found.total == int((whole >= 0).sum())
    np.testing.assert_allclose(found.scores, np.sort(whole.ravel())[::-1][:5], atol=1e-6)
    np.testing.assert_allclose(whole[found.first, found.second], found.scores, atol=1e-6)


def test_rows_without_a_face_match_nothing(rng: np.random.Generator) -> None:
    vectors = unit(rng, 4)
    vectors[1] = np.nan
    found = pairs_above(vectors, -1.0)
    assert found.total == 3
    assert 1 not in {*found.first.tolist(), *found.second.tolist()}
