"""Scores of pair lists, and the threshold that is best for them."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluate_sets import embedded_of, pairs_of
from visavis.datasets.records import Dataset, PairList
from visavis.errors import InputError
from visavis.evaluate.compared import Compared, compare

PAIRS = st.lists(st.tuples(st.integers(-4, 4), st.booleans()), min_size=1, max_size=25)


def compared_of(pairs: list[tuple[float, bool]]) -> Compared:
    scores, same = zip(*pairs, strict=True)
    count = len(pairs)
    people = np.zeros((count, 2), np.int64)
    return Compared(np.array(same), np.array(scores, np.float32), people, np.zeros(count, int))


@given(PAIRS)
def test_no_threshold_is_better_and_no_lower_one_as_good(pairs: list[tuple[int, bool]]) -> None:
    scaled = [(score / 4, same) for score, same in pairs]

    def right(threshold: float) -> int:
        return sum((score >= threshold) == same for score, same in scaled)

    found = compared_of(scaled).best_threshold()
    steps = [n / 8 for n in range(-10, 11)]
    assert right(found) == max(map(right, steps))
    lower = [t for t in steps if t < found]
    values = sorted({score for score, _ in scaled})
    for t in lower:
        between = [v for v in values if t <= v < found]
        assert not between or right(t) < right(found)


def test_the_threshold_is_in_the_middle_of_the_gap() -> None:
    # impostors .1 and .3, genuine .5 and .8: the gap is .3 to .5
    found = compared_of([(0.5, True), (0.1, False), (0.8, True), (0.3, False)]).best_threshold()
    assert found == pytest.approx(0.4)


def test_a_threshold_needs_pairs() -> None:
    compared = compared_of([(np.nan, True)])
    with pytest.raises(InputError, match="two faces"):
        compared.best_threshold()
    with pytest.raises(InputError, match="two faces"):
        compared_of([(0.5, True)]).best_threshold(np.array([False]))


def test_pictures_are_found_by_name(rng: np.random.Generator, tmp_path: Path) -> None:
    embedded = embedded_of(rng.normal(size=(6, 4)), ["ada", "ada", "ben", "ben", None, None])
    kept = [embedded.dataset.pictures[k] for k in (5, 3, 0, 1, 4)]  # fewer, in another order
    part = Dataset("part", tmp_path, tuple(kept))
    pairs = PairList("pairs", part, (np.array([[2, 3, 1]]), np.array([[0, 1, 0], [4, 0, 0]])))
    compared = compare(embedded, pairs)
    v = embedded.vectors
    np.testing.assert_allclose(compared.scores, [v[0] @ v[1], v[5] @ v[3], v[4] @ v[5]], rtol=1e-6)
    assert compared.genuine.tolist() == [True, False, False]
    assert compared.fold.tolist() == [0, 1, 1]
    # ada is 0 and ben 1; pictures of nobody known are people of their own
    assert compared.people[0].tolist() == [0, 0]
    assert compared.people[1, 1] == 1
    assert compared.people[1, 0] == compared.people[2, 1] != compared.people[2, 0]
    assert compared.people[1:, 0].min() >= 2


def test_blocks_do_not_change_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    embedded, pairs = pairs_of([[(k / 10, k % 2) for k in range(10)]])
    whole = compare(embedded, pairs)
    monkeypatch.setattr("visavis.evaluate.compared._BLOCK", 3)
    np.testing.assert_array_equal(whole.scores, compare(embedded, pairs).scores)
    np.testing.assert_allclose(whole.scores, np.arange(10) / 10, atol=1e-6)


def test_every_picture_must_be_embedded(rng: np.random.Generator) -> None:
    embedded, pairs = pairs_of([[(0.1, 0), (0.9, 1)]])
    fewer = embedded_of(embedded.vectors[:2], ["a", "b"])
    with pytest.raises(InputError, match=r"2 are not, such as 2\.png"):
        compare(fewer, pairs)


def test_a_picture_without_a_face_gives_no_score() -> None:
    embedded, pairs = pairs_of([[(np.nan, 1), (0.9, 1), (0.1, 0)]])
    compared = compare(embedded, pairs)
    assert compared.seen.tolist() == [False, True, True]
    assert compared.failed_pictures == 1
    assert len(compared.curves.genuine) == len(compared.curves.impostor) == 1
