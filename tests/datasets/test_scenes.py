import numpy as np
import pytest

from visavis.datasets import scenes
from visavis.datasets.scenes import Frame
from visavis.types import Face, Image


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def face(x: float = 100, y: float = 100, half: float = 60) -> Face:
    marks = np.array([(-0.4, -0.3), (0.4, -0.3), (0, 0.1), (-0.3, 0.5), (0.3, 0.5)]) * half
    box = np.array([x - 0.8 * half, y - half, x + 0.8 * half, y + half], np.float32)
    return Face(box, (marks + np.array((x, y))).astype(np.float32), 0.9)


def photo(side: int = 200) -> Image:
    y, x = np.indices((side, side))
    parts = [200 - x / 4, 120 + y / 4, 100 + 0 * x]
    return np.asarray(np.stack(parts, axis=-1), np.uint8)


def test_a_frame_puts_the_face_at_its_place_size_and_roll() -> None:
    frame = Frame((300, 400), (150, 170), 90, roll=90)
    matrix = frame.matrix(face())
    assert scenes.carried(matrix, [(100, 100)])[0] == pytest.approx((150, 170))
    # a quarter clockwise takes up to right; the side is 120 and becomes 90
    assert scenes.carried(matrix, [(100, 40)])[0] == pytest.approx((195, 170))


def test_a_frame_times_a_factor_is_the_same_picture() -> None:
    frame = Frame((300, 400), (150, 170), 90, roll=7)
    one, two = frame.matrix(face()), frame.times(2.5).matrix(face())
    points = [(30.0, 40.0), (120.0, 90.0)]
    assert np.allclose(scenes.carried(two, points), 2.5 * scenes.carried(one, points))
    assert frame.times(2.5).size == (750, 1000)


def test_a_face_moves_with_its_matrix() -> None:
    matrix = np.array([(2, 0, 10), (0, 2, 20), (0, 0, 1.0)])
    there = scenes.moved(face(), matrix)
    assert there.box.tolist() == pytest.approx((face().box * 2 + (10, 20, 10, 20)).tolist())
    assert np.allclose(there.landmarks, face().landmarks * 2 + (10, 20))


def test_drawn_frames_hold_the_face_in_all_sizes_and_places() -> None:
    frames = [scenes.framed(photo(), face(), None, rng(seed)) for seed in range(200)]
    sides = [f.side for f in frames]
    assert min(sides) >= 90
    assert max(sides) <= 260
    assert np.percentile(sides, 90) / np.percentile(sides, 10) > 1.8
    places = np.array([(f.centre[0] / f.size[1], f.centre[1] / f.size[0]) for f in frames])
    assert (places.std(axis=0) > 0.05).all()
    assert max(f.size[0] for f in frames) <= 480
    assert max(f.size[1] for f in frames) <= 640
    assert scenes.framed(photo(), face(), (70, 99), rng()).size == (70, 99)


def test_a_photo_with_room_mostly_fills_the_picture_itself() -> None:
    """A face of 80 in 200 pixels has the square times 1.8 inside; one of 120 has not."""
    small, large = face(half=40), face()
    assert scenes.roomy(photo(), small)
    assert not scenes.roomy(photo(), large)
    alone = 0
    for seed in range(30):
        frame = scenes.framed(photo(), small, (200, 200), rng(seed))
        made, matrix = scenes.widen(photo(), small, frame, rng(seed))
        corners = scenes.carried(np.linalg.inv(matrix), [(0, 0), (200, 200)])
        inside = bool((corners > -5).all() and (corners < 205).all())
        alone += inside and bool(np.abs(made[..., 2].astype(int) - 100).max() < 2)
    assert 10 < alone < 30


def test_widen_keeps_the_face_and_makes_up_the_rest() -> None:
    frame = Frame((300, 320), (160, 140), 100)
    made, matrix = scenes.widen(photo(), face(), frame, rng(3))
    assert made.shape == (300, 320, 3)
    points = face().landmarks
    seen = scenes.carried(matrix, points).round().astype(int)
    for (x, y), (u, v) in zip(points.astype(int), seen, strict=True):
        assert np.abs(made[v, u].astype(int) - photo()[y, x]).max() < 6
    other, _ = scenes.widen(photo(), face(), frame, rng(4))
    differs = np.abs(made.astype(int) - other).max(axis=2) > 8
    assert differs[:40].mean() > 0.5
    assert not differs[120:160, 140:180].any()


def test_widen_takes_the_backdrop_given() -> None:
    blue = np.full((50, 60, 3), (10, 20, 240), np.uint8)
    frame = Frame((300, 320), (160, 150), 90)
    made, _ = scenes.widen(photo(), face(), frame, rng(1), blue)
    assert (np.abs(made[:, :12].astype(int) - (10, 20, 240)) < 3).all(axis=2).mean() > 0.5


def test_surroundings_of_a_picture_are_a_part_of_it() -> None:
    ramp = np.repeat(np.arange(0, 240, 2, dtype=np.uint8)[None, :, None], 90, axis=0)
    ramp = np.ascontiguousarray(np.repeat(ramp, 3, axis=2))
    made = scenes.surroundings((90, 120), rng(2), ramp).astype(int)
    assert made.shape == (90, 120, 3)
    assert (np.diff(made[45, :, 0]) >= 0).all()
    assert 100 < np.ptp(made[45, :, 0]) <= 240


def test_no_lighting_but_its_tint_at_strength_0_and_more_above() -> None:
    grey = np.full((60, 80, 3), 100, np.uint8)
    assert scenes.lighting(grey, rng(), 0)[..., 1].std() == 0
    weak, strong = (scenes.lighting(grey, rng(), s)[..., 1].std() for s in (0.4, 1.4))
    assert 0 < weak < strong
