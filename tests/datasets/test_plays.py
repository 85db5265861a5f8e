from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from visavis.datasets.plays import CLEAR, RATE, Actor, Place, Play, Portrait, portraits
from visavis.image import save
from visavis.testing import FakeDetector, fake_photo
from visavis.types import Floats, Image

PLACE = Place(200, 320)
RED, BLUE = (250, 10, 10), (10, 10, 250)


def portrait(colour: tuple[int, int, int]) -> Portrait:
    image = np.empty((100, 100, 3), np.uint8)
    image[:] = colour
    return Portrait(image, np.array([30, 30, 70, 70], np.float32))


def actor(name: str, colour: tuple[int, int, int], *steps: tuple[float, ...]) -> Actor:
    return Actor(name, [portrait(colour)], np.array(steps, np.float32))


def reddish(image: Image) -> Floats:
    return np.argwhere((image[..., 0] > 200) & (image[..., 1] < 90)).astype(np.float32)


def test_a_frame_is_the_same_each_time_and_tells_where_faces_are() -> None:
    play = Play([actor("red", RED, (0, 100, 80, 40), (2, 200, 80, 40))], PLACE, seed=3)
    first, truths = play.frame(RATE)
    again, _ = play.frame(RATE)
    assert np.array_equal(first, again)
    assert first.shape == (200, 320, 3)
    assert len(play) == 2 * RATE
    [truth] = truths
    assert truth.visible == 1
    x1, _, x2, _ = truth.box
    assert abs((x1 + x2) / 2 - reddish(first)[:, 1].mean()) < 3
    assert abs((x1 + x2) / 2 - 150) < 3


def test_another_seed_is_another_wall_and_noise() -> None:
    actors = [actor("red", RED, (0, 100, 80, 40), (2, 200, 80, 40))]
    assert not np.array_equal(
        Play(actors, PLACE, 1).frame(0)[0], Play(actors, PLACE, 2).frame(0)[0]
    )


def test_the_nearer_and_pillars_hide_the_farther() -> None:
    far = actor("far", RED, (0, 100, 80, 30), (2, 100, 80, 30))
    near = actor("near", BLUE, (0, 100, 80, 60), (2, 100, 80, 60))
    seen = {t.name: t.visible for t in Play([near, far], PLACE).frame(0)[1]}
    assert seen["far"] < CLEAR <= seen["near"]
    behind = Place(200, 320, pillars=((60, 140),))
    [truth] = Play([far], behind).frame(0)[1]
    assert truth.visible == 0


def test_who_is_turned_away_or_gone_cannot_be_found() -> None:
    path = np.array([(1, 100, 80, 40), (3, 100, 80, 40)], np.float32)
    play = Play([Actor("red", [portrait(RED)], path, [(1.5, 2.5)])], PLACE)
    assert play.frame(0)[1] == []
    assert play.frame(RATE)[1][0].visible == 1
    assert play.frame(2 * RATE)[1][0].visible == 0


def test_light_falls_before_the_noise_and_knows_where_people_are() -> None:
    actors = [actor("red", RED, (0, 100, 80, 40), (2, 100, 80, 40))]

    def dark(image: Image, people: NDArray[np.bool_], at: float) -> Image:
        assert at == 0
        return np.where(people[..., None], np.uint8(0), np.uint8(200))

    image, [truth] = Play(actors, PLACE, light=dark).frame(0)
    x, y = truth.box.reshape(2, 2).mean(axis=0).astype(int)
    around = image[y - 5 : y + 5, x - 5 : x + 5]
    assert around.mean() < 10
    assert around.std() > 0
    assert image[:20, -20:].mean() > 180


def test_portraits_are_photos_with_one_plain_face_in_the_middle(tmp_path: Path) -> None:
    for name, people in (("one", ("ada",)), ("two", ("ada", "ben")), ("three", ("cleo",))):
        save(fake_photo(*people), tmp_path / f"{name}.png")
    paths = [tmp_path / f"{name}.png" for name in ("one", "two", "three")]
    found = portraits(paths, FakeDetector(), 5)
    assert len(found) == 2
    assert found[0].box.tolist() == pytest.approx([24, 24, 72, 72])
    assert len(portraits(paths, FakeDetector(), 1)) == 1
