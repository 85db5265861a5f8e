"""Gaps, doubts and pairs."""

import sys

import numpy as np
import pytest

from visavis.errors import MissingExtra
from visavis.types import Face
from visavis.video.association import gaps, overlapped, pairs, unclear
from visavis.video.motion import Motion


def face(x: float, side: float = 50) -> Face:
    return Face((x, 0, x + side, side), np.full((5, 2), x), 0.9)


def expected(x: float, side: float = 50, later: float = 0.0) -> Motion:
    return Motion.of(0.0, face(x, side).box).then(later)


def test_gaps_are_in_sizes_of_the_face() -> None:
    found = gaps([expected(0), expected(500)], [face(10), face(500), face(900)])
    assert found[0, 0] == pytest.approx(0.2)
    assert found[1, 1] == 0
    assert np.isinf(found[[0, 0, 1, 1], [1, 2, 0, 2]]).all()


def test_the_unsure_are_sought_farther_but_not_everywhere() -> None:
    assert np.isinf(gaps([expected(0)], [face(60)]))
    assert np.isfinite(gaps([expected(0, later=0.2)], [face(60)]))
    assert np.isinf(gaps([expected(0, later=5.0)], [face(130)]))


def test_another_size_is_another_face() -> None:
    assert np.isinf(gaps([expected(0, 50)], [face(-30, 110)]))
    slightly = np.log(1.08) + 2 / 52
    assert gaps([expected(0, 50)], [face(-2, 54)])[0, 0] == pytest.approx(slightly, abs=0.01)


def test_nothing_has_no_gaps() -> None:
    assert gaps([], [face(0)]).shape == (0, 1)
    assert gaps([expected(0)], []).shape == (1, 0)
    assert pairs(gaps([], [face(0)])) == []
    assert unclear(gaps([], [face(0)]), []) == set()
    assert unclear(gaps([expected(0)], []), [0.1]) == set()


INF = np.inf


@pytest.mark.parametrize(
    ("found", "doubtful"),
    [
        ([[0.1, INF], [INF, 0.1]], set()),
        ([[0.1, 0.9], [0.9, 0.1]], set()),
        ([[0.1, 0.3], [INF, 0.1]], {0, 1}),  # one track, two faces
        ([[0.1], [0.3]], {0}),  # one face, two tracks
        ([[INF], [INF]], set()),
    ],
)
def test_who_has_a_near_rival_is_doubtful(found: list[list[float]], doubtful: set[int]) -> None:
    assert unclear(np.array(found), [0.05] * len(found)) == doubtful


def test_the_unsure_have_more_rivals() -> None:
    found = np.array([[0.1], [0.7]])
    assert unclear(found, [0.05, 0.05]) == set()
    assert unclear(found, [0.05, 0.5]) == {0}


def test_who_lies_under_another_is_told() -> None:
    boxes = [face(x).box for x in (0, 40, 200)]
    assert overlapped(boxes, []) == {0, 1}
    assert overlapped(boxes, [face(210, 20).box]) == {0, 1, 2}
    assert overlapped(boxes[2:], [face(249).box]) == set()
    assert overlapped([], [face(0).box]) == set()


def test_pairs_are_the_best_together_and_never_infinite() -> None:
    assert pairs(np.array([[0.1, 0.2], [0.15, INF]])) == [(0, 1), (1, 0)]
    assert pairs(np.array([[INF, INF], [INF, 0.3]])) == [(1, 1)]
    assert pairs(np.array([[-0.5, 0.2]])) == [(0, 0)]


def test_without_scipy_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    with pytest.raises(MissingExtra, match="video"):
        pairs(np.zeros((1, 1)))
