"""Where faces are thought to go."""

import numpy as np
import pytest

from visavis.video.motion import Motion


def box(x: float, y: float, side: float) -> np.ndarray:
    return np.array([x - side / 2, y - side / 2, x + side / 2, y + side / 2], np.float32)


def run(steps: int, speed: float, side: float = 50, noise: float = 0.0) -> Motion:
    """A face that goes to the right, seen ten times a second."""
    rng = np.random.default_rng(3)
    found = Motion.of(0.0, box(0, 0, side))
    for step in range(1, steps):
        shaken = noise * side * rng.normal(size=2)
        x, y = np.array([speed * side * step / 10, 0]) + shaken
        found = found.seen(step / 10, box(x, y, side))
    return found


def test_a_box_comes_back_as_it_was_given() -> None:
    one = Motion.of(0.0, np.array([10, 20, 40, 70], np.float32))
    assert one.box.tolist() == [10, 20, 40, 70]
    assert one.size == pytest.approx((30 * 50) ** 0.5)
    assert one.pace == 0


def test_a_steady_speed_is_learnt_and_led_on() -> None:
    found = run(20, speed=3.0)
    assert found.pace == pytest.approx(3.0, rel=0.1)
    assert found.then(2.0).place[0] == pytest.approx(3 * 50 * 2.0, abs=5)


def test_noise_is_smoothed() -> None:
    off = [abs(run(n, 0.0, noise=0.06).place[0]) / 50 for n in range(5, 60)]
    assert np.mean(off) < 0.06
    assert run(60, 0.0, noise=0.06).pace < 0.7


def test_far_and_near_faces_are_one() -> None:
    far, near = run(10, 2.0, side=20), run(10, 2.0, side=200)
    assert np.allclose(far.place * 10, near.place)
    assert far.spread == pytest.approx(near.spread)


def test_what_is_not_seen_comes_to_rest_and_is_ever_less_sure() -> None:
    found = run(20, 3.0)
    spreads = [found.then(1.9 + t).spread for t in (0.04, 0.2, 1.0, 3.0)]
    assert spreads == sorted(spreads)
    assert spreads[-1] > 10 * spreads[0]
    end = found.then(60.0)
    assert end.place[0] == pytest.approx(found.place[0] + found.speed[0], rel=0.01)
    assert end.pace < 0.01


def test_a_shrinking_face_stays_one() -> None:
    found = Motion.of(0.0, box(0, 0, 100)).seen(0.1, box(0, 0, 50)).seen(0.2, box(0, 0, 20))
    assert np.all(found.then(9.0).place[2:] > 0)


def test_time_that_stands_still_changes_nothing() -> None:
    found = run(10, 1.0)
    assert np.array_equal(found.then(found.at).place, found.place)
    assert np.array_equal(found.then(found.at - 1).doubt, found.doubt)
