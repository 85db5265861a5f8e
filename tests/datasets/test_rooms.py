import numpy as np
import pytest

from visavis.datasets import rooms


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("size", [(9, 20), (120, 90), (300, 401)])
def test_a_room_has_its_size_and_is_its_seeds(size: tuple[int, int]) -> None:
    one = rooms.room(size, rng(1))
    assert one.shape == (*size, 3)
    assert one.dtype == np.uint8
    assert np.array_equal(one, rooms.room(size, rng(1)))
    assert not np.array_equal(one, rooms.room(size, rng(2)))


def test_rooms_are_not_empty_and_differ_in_brightness() -> None:
    made = [rooms.room((90, 120), rng(seed)).astype(float) for seed in range(8)]
    assert min(m.std() for m in made) > 3
    assert np.ptp([m.mean() for m in made]) > 40


def test_most_colours_are_dull() -> None:
    random = rng()
    spread = [np.ptp(rooms.colour(random, 80, 180)) for _ in range(300)]
    assert np.median(spread) < 50 < np.max(spread)


def test_a_polygon_covers_its_area_and_may_lie_outside() -> None:
    image = np.zeros((40, 50), np.uint8)
    rooms.polygon(image, [(10, 5), (30, 5), (30, 25), (10, 25)], 255)
    # centres from 10 to 30 and 5 to 25 are 21 x 21 pixels, and the soft edge adds a little
    assert image.sum() / 255 == pytest.approx(21 * 21, rel=0.05)
    assert image[15, 20] == 255
    assert image[35, 40] == 0
    rooms.polygon(image, [(1e7, 1e7), (2e7, 1e7), (2e7, 2e7)], 255)
    assert image[35, 40] == 0


def test_rough_noise_has_mean_0_and_spread_near_1() -> None:
    fields = np.stack([rooms.rough((80, 100), rng(seed), 1.5) for seed in range(30)])
    assert abs(fields.mean()) < 0.25
    assert 0.5 < fields.std() < 1.2


def test_a_gain_of_1_changes_nothing_and_of_half_halves() -> None:
    image = rng().integers(0, 256, (31, 40, 3), np.uint8)
    assert np.array_equal(rooms.shaded(image, np.ones((4, 4), np.float32)), image)
    half = rooms.shaded(image, np.full((31, 40), 0.5, np.float32)).astype(float)
    assert np.abs(half - image / 2).max() < 2
    red = rooms.shaded(image, np.array([[[1, 0, 0]]], np.float32))
    assert np.array_equal(red[..., 0], image[..., 0])
    assert not red[..., 1:].any()
