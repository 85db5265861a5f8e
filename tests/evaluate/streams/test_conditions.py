import numpy as np
import pytest

from visavis.evaluate.conditions import Scene
from visavis.evaluate.streams.conditions import STRAINS, Strain, change, tilted, tilted_box
from visavis.types import Face, Image

GREY = np.full((90, 160, 3), 120, np.uint8)
NOBODY = np.zeros((90, 160), bool)


def scene() -> Scene:
    rng = np.random.default_rng(0)
    image = rng.integers(90, 160, (120, 120, 3)).astype(np.uint8)
    marks = np.array([(45, 50), (75, 50), (60, 65), (48, 80), (72, 80)], np.float32)
    return Scene(image, Face(np.array([30, 25, 90, 95], np.float32), marks, 0.9))


def touched(name: str, value: float) -> list[str]:
    """Which parts of a stream a strain changes."""
    done, before = change(name, value), scene()
    rng = np.random.default_rng(1)
    parts = {
        "worn": not np.array_equal(done.worn(before, rng).image, before.image),
        "light": done.light is not None,
        "lens": not np.array_equal(done.lens(before.image), before.image),
        "passing": done.passing > 0,
    }
    return [part for part, is_so in parts.items() if is_so]


@pytest.mark.parametrize("strain", STRAINS, ids=lambda s: s.name)
def test_every_step_of_every_strain_changes_one_part_of_a_stream(strain: Strain) -> None:
    for level, value in enumerate(strain.values):
        assert len(touched(strain.name, value)) == 1
        assert f"{value:g}" in strain.step(level)


def test_steps_grow_in_severity() -> None:
    def dark(stops: float) -> Image:
        light = change("dark", stops).light
        assert light is not None
        return light(GREY, NOBODY, 0.0)

    assert GREY.mean() > dark(2).mean() > dark(4).mean() > dark(8).mean()


def test_light_from_behind_darkens_people_alone() -> None:
    people = NOBODY.copy()
    people[30:60, 40:80] = True
    light = change("back light", 4).light
    assert light is not None
    made = light(GREY, people, 0.0)
    assert made[45, 60].mean() < 60
    assert made[5, 150].mean() > 120


def test_flicker_goes_up_and_down_with_time() -> None:
    light = change("flicker", 2).light
    assert light is not None
    levels = [light(GREY, NOBODY, n / 25).mean() for n in range(25)]
    assert min(levels) < 80
    assert max(levels) > 180


def test_a_tilted_picture_takes_its_boxes_along() -> None:
    image = np.zeros((200, 300, 3), np.uint8)
    image[60:80, 220:240] = 255
    made = tilted(image, 20)
    box = tilted_box(np.array([220, 60, 240, 80], np.float32), image.shape, 20)
    rows, columns = np.nonzero(made[..., 0] > 128)
    assert box.reshape(2, 2).mean(axis=0) == pytest.approx((columns.mean(), rows.mean()), abs=1.5)
    assert box[2] - box[0] == pytest.approx(20)
