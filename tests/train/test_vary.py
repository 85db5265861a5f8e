import numpy as np
import pytest

from visavis.train.vary import MEAN, SPREAD, _framed, plain, varied
from visavis.types import Floats, Image


@pytest.fixture
def crops(rng: np.random.Generator) -> list[Image]:
    return list(rng.integers(0, 256, (6, 2, 144, 144, 3), np.uint8))


def vary(crops: list[Image], seed: int, alone: float = 0.4) -> Floats:
    return varied(crops, np.random.default_rng(seed), alone)


def test_plain_is_the_middle_of_both_crops(crops: list[Image]) -> None:
    x = plain(crops)
    assert x.shape == (6, 6, 128, 128)
    back = x * SPREAD + MEAN
    np.testing.assert_allclose(back[2, 0], crops[2][0, 8:136, 8:136, 0], atol=1e-4)
    np.testing.assert_allclose(back[2, 5], crops[2][1, 8:136, 8:136, 2], atol=1e-4)


def test_varied_depends_on_the_generator_alone(crops: list[Image]) -> None:
    np.testing.assert_array_equal(vary(crops, 5), vary(crops, 5))
    assert not np.array_equal(vary(crops, 5), vary(crops, 6))


def test_the_surroundings_are_taken_away_whole(crops: list[Image]) -> None:
    gone = vary(crops, 5, 1.0)[:, 3:] * SPREAD + MEAN
    assert np.abs(gone).max() < 1e-4
    assert (vary(crops, 5, 0.0)[:, 3:] * SPREAD + MEAN).std() > 10


def test_nothing_leaves_the_range_of_a_picture(crops: list[Image]) -> None:
    back = vary(crops, 5) * SPREAD + MEAN
    assert back.min() >= -1e-3
    assert back.max() <= 255.001


def test_the_crops_themselves_stay_as_they_are(crops: list[Image]) -> None:
    before = [c.copy() for c in crops]
    vary(crops, 5)
    np.testing.assert_array_equal(np.stack(crops), np.stack(before))


def test_a_foreign_camera_is_drawn_from_the_generator_too(crops: list[Image]) -> None:
    strong = varied(crops, np.random.default_rng(5), 0.4, 2.0)
    np.testing.assert_array_equal(strong, varied(crops, np.random.default_rng(5), 0.4, 2.0))
    assert strong.shape == (6, 6, 128, 128)
    casts = [
        np.std([x[:, 0].mean() - x[:, 2].mean() for x in many])
        for many in (
            [varied(crops[:1], np.random.default_rng(i), 0.0, s) for i in range(40)]
            for s in (1.0, 2.0)
        )
    ]
    assert casts[1] > casts[0]


def test_a_picture_that_ends_near_the_face_is_black_beyond_and_whole_at_the_face() -> None:
    white = np.full((144, 144, 3), 255, np.uint8)
    for seed in range(20):
        framed = _framed(white, np.random.default_rng(seed))
        assert framed[42:102, 42:102].min() == 255  # the face is the middle 60 of 144 pixels
        assert set(np.unique(framed)) <= {0, 255}
    assert not framed.all()
