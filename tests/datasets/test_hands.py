import numpy as np
from numpy.typing import NDArray

from visavis.datasets.hands import gripped
from visavis.types import Image


def scene() -> Image:
    return np.full((240, 320, 3), (30, 60, 150), np.uint8)


def outline(shift: float = 0.0) -> NDArray[np.float64]:
    """A sheet from (100, 70) to (220, 170)."""
    turn = np.linspace(0, 1, 7)[:, None] * 0
    corners = np.array([(100, 70), (220, 70), (220, 170), (100, 170.0)]) + shift
    return np.concatenate([turn + c for c in corners])


def test_hands_grip_the_edge_and_come_from_outside() -> None:
    inside, outside = 0, 0
    for seed in range(12):
        made = gripped(scene(), outline(), 60, np.random.default_rng(seed))
        changed = np.abs(made.astype(int) - scene()).max(axis=2) > 10
        inside += int(changed[70:170, 100:220].sum())
        outside += int(changed.sum()) - int(changed[70:170, 100:220].sum())
        assert not changed[110:130, 150:170].all()
    assert inside > 0
    assert outside > 2 * inside


def test_hands_are_skin_lit_from_before_and_leave_the_scene_as_it_was() -> None:
    before = scene()
    made = gripped(before, outline(), 60, np.random.default_rng(2))
    assert np.array_equal(before, scene())
    changed = np.abs(made.astype(int) - before).max(axis=2) > 60
    red, green, blue = made[changed].astype(float).mean(axis=0)
    assert red > green > blue
    assert made[changed].astype(float)[:, 0].std() > 5


def test_no_hand_where_no_edge_is_in_view() -> None:
    for seed in range(5):
        rng = np.random.default_rng(seed)
        assert np.array_equal(gripped(scene(), outline(5000.0), 60, rng), scene())
