import numpy as np
import pytest

from visavis.build import build_detector
from visavis.datasets.heads import Head, Turn
from visavis.image import ARCFACE
from visavis.quality import pose
from visavis.settings import Settings
from visavis.types import Floats, Image

FACE = np.asarray(ARCFACE * 1.5 + 60, np.float32)


def spots(points: Floats, size: int = 260) -> Image:
    """Grey, with a white spot on each point."""
    image = np.full((size, size, 3), 90, np.uint8)
    for x, y in points.round().astype(int):
        image[y - 2 : y + 3, x - 2 : x + 3] = 255
    return image


def test_local_coordinates_are_what_they_say() -> None:
    head = Head(FACE)
    eyes, mouth = head.local(FACE[:2]), head.local(FACE[3:])
    assert eyes.mean(axis=0) == pytest.approx((0, 0), abs=1e-5)
    assert mouth.mean(axis=0) == pytest.approx((0, 1), abs=0.15)
    assert head.unit == pytest.approx(61, abs=1)


@pytest.mark.parametrize("angle", [0, 25, 90, 180, -70])
def test_local_coordinates_follow_a_rolled_head_and_come_back(angle: float) -> None:
    turn = np.exp(1j * np.radians(angle))
    rolled = (FACE[:, 0] + 1j * FACE[:, 1] - 130 - 130j) * turn + 130 + 130j
    points = np.stack([rolled.real, rolled.imag], axis=1).astype(np.float32)
    head = Head(points)
    assert head.local(points) == pytest.approx(Head(FACE).local(FACE), abs=1e-3)
    assert head.pixels(head.local(points)) == pytest.approx(points, abs=1e-3)
    grid = head.grid(6, 9)
    assert grid.shape == (6, 9, 2)
    assert head.pixels(grid[4, 7][None])[0] == pytest.approx((7, 4), abs=1e-6)


def test_no_turn_is_the_picture_itself() -> None:
    image = spots(FACE)
    assert np.array_equal(Turn(Head(FACE)).image(image), image)
    assert Turn(Head(FACE), yaw=1e-9).points(FACE) == pytest.approx(FACE, abs=1e-3)


@pytest.mark.parametrize(
    ("angles", "axis", "sign"),
    [({"yaw": 30}, 0, 1), ({"yaw": -30}, 0, -1), ({"pitch": 20}, 1, -1), ({"pitch": -20}, 1, 1)],
)
def test_the_face_moves_where_it_turns_and_the_nose_most(
    angles: dict[str, float], axis: int, sign: int
) -> None:
    moved = sign * (Turn(Head(FACE), **angles).points(FACE) - FACE)[:, axis]
    assert (moved > 0).all()
    assert moved.argmax() == 2


@pytest.mark.parametrize("angles", [{"yaw": 20}, {"yaw": -35}, {"pitch": 15}, {"pitch": -15}])
def test_the_picture_moves_as_the_points_do(angles: dict[str, float]) -> None:
    turn = Turn(Head(FACE), **angles)
    made = turn.image(spots(FACE))
    for x, y in turn.points(FACE).round().astype(int):
        assert made[y - 1 : y + 2, x - 1 : x + 2].max() > 180


def test_what_is_not_the_head_stays() -> None:
    image = spots(FACE, 400)
    image[:8] = image[:, :8] = (200, 10, 10)
    made = Turn(Head(FACE), yaw=40).image(image)
    assert made.shape == image.shape
    assert np.array_equal(made[:8], image[:8])
    assert np.array_equal(made[300:], image[300:])


def test_a_head_beyond_the_picture_is_left_alone() -> None:
    image = spots(FACE)
    assert np.array_equal(Turn(Head(FACE + 5000), yaw=30).image(image), image)


@pytest.mark.parametrize("yaw", [30, -30])
def test_a_detector_sees_a_portrait_turned_as_far_as_it_was(astronaut: Image, yaw: float) -> None:
    detector = build_detector(Settings.load())
    image = astronaut[:300, 80:380].copy()
    [face, *_] = detector.detect(image)
    turn = Turn(Head(face.landmarks), yaw=yaw)
    [seen, *_] = detector.detect(turn.image(image))
    gained = pose(seen.landmarks)[0] - pose(face.landmarks)[0]
    assert gained == pytest.approx(yaw, abs=10)
    assert (
        np.abs(turn.points(face.landmarks) - seen.landmarks).max() < 0.2 * Head(face.landmarks).unit
    )
