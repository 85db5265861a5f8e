import numpy as np
import pytest

from visavis.datasets.films import ACTS, RATE, Act, Film
from visavis.types import Face, Image


def portrait() -> tuple[Image, Face]:
    """Something like a head before a wall."""
    rng = np.random.default_rng(5)
    image = np.full((200, 200, 3), (90, 120, 150), np.uint8)
    image[40:170, 55:145] = (200, 160, 140)
    image[40:170, 55:145] += rng.integers(0, 30, (130, 90, 3)).astype(np.uint8)
    marks = np.array([(80, 85), (120, 85), (100, 110), (85, 135), (115, 135)], np.float32)
    return image, Face(np.array([60, 50, 140, 160], np.float32), marks, 0.9)


@pytest.mark.parametrize("act", ACTS)
def test_a_film_is_the_same_for_the_same_seed_and_new_for_another(act: Act) -> None:
    first, again = (Film(*portrait(), act, 4).frame(7) for _ in range(2))
    assert first.shape == (360, 480, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, again)
    assert not np.array_equal(first, Film(*portrait(), act, 5).frame(7))


@pytest.mark.parametrize("act", [a for a in ACTS if a != "frozen"])
def test_what_moves_is_new_in_each_frame(act: Act) -> None:
    film = Film(*portrait(), act, 1)
    frames = [film.frame(n).astype(int) for n in (0, 1, RATE)]
    near, far = (np.abs(frames[0] - frame).mean() for frame in frames[1:])
    assert 0 < near < far


def test_a_frozen_film_is_the_first_live_frame() -> None:
    frozen, live = Film(*portrait(), "frozen", 2), Film(*portrait(), "live", 2)
    assert np.array_equal(frozen.frame(0), live.frame(0))
    assert np.array_equal(frozen.frame(0), frozen.frame(50))
    assert not np.array_equal(live.frame(0), live.frame(50))


def test_films_of_one_seed_share_their_room() -> None:
    corners = [Film(*portrait(), act, 3).frame(0)[:40, :60].mean() for act in ("live", "print")]
    assert corners[0] == pytest.approx(corners[1], abs=30)
