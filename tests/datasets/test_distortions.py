from collections.abc import Callable

import numpy as np
import pytest

from visavis.datasets import distortions as d
from visavis.types import Image

Change = Callable[[Image, float], Image]


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


EFFECTS: dict[str, tuple[Change, float, tuple[float, float]]] = {
    "exposure": (d.exposure, 0, (-1, -3)),
    "gamma": (d.gamma, 1, (1.5, 2.5)),
    "contrast": (d.contrast, 1, (0.8, 0.4)),
    "cast": (lambda i, v: d.cast(i, v, 1, 1 / v), 1, (1.2, 2)),
    "hue": (d.hue, 0, (15, 40)),
    "saturation": (d.saturation, 1, (0.7, 0.1)),
    "side_light": (d.side_light, 0, (1, 4)),
    "blur": (d.blur, 0, (1, 3)),
    "motion_blur": (lambda i, v: d.motion_blur(i, v, 30), 0, (4, 12)),
    "noise": (lambda i, v: d.noise(i, v, rng()), 0, (8, 30)),
    "shot_noise": (lambda i, v: d.shot_noise(i, v, rng()), np.inf, (200, 10)),
    "jpeg": (lambda i, v: d.jpeg(i, int(v)), 0, (60, 8)),
    "low_resolution": (d.low_resolution, 1, (2, 6)),
    "block": (lambda i, v: d.block(i, v, rng()), 0, (0.2, 0.5)),
    "band": (lambda i, v: d.band(i, v, rng()), 0, (0.1, 0.3)),
}


def photo(height: int = 90, width: int = 120) -> Image:
    """Waves of several lengths and colours: nothing that an effect could leave as it is."""
    y, x = np.indices((height, width))
    parts = [np.sin(x / 3) + np.cos(y / 5), np.sin((x + y) / 9), np.cos(x / 14 - y / 4)]
    return np.asarray(120 + 45 * np.stack(parts, axis=-1), np.uint8)


def distance(a: Image, b: Image) -> float:
    return float(np.abs(a.astype(float) - b).mean())


@pytest.mark.parametrize("name", EFFECTS)
@pytest.mark.parametrize("shape", [(112, 112), (31, 77), (90, 120)])
def test_shape_and_type_are_kept_and_the_input_is_not_touched(
    name: str, shape: tuple[int, int]
) -> None:
    change, _, (_, strong) = EFFECTS[name]
    image = photo(*shape)
    before = image.copy()
    made = change(image, strong)
    assert made.shape == image.shape
    assert made.dtype == np.uint8
    assert np.array_equal(image, before)


@pytest.mark.parametrize("name", sorted(set(EFFECTS) - {"jpeg"}))
def test_the_neutral_value_changes_nothing(name: str) -> None:
    change, neutral, _ = EFFECTS[name]
    assert np.array_equal(change(photo(), neutral), photo())


@pytest.mark.parametrize("name", EFFECTS)
def test_more_is_further_from_the_picture_and_the_same_each_time(name: str) -> None:
    change, _, (mild, strong) = EFFECTS[name]
    image = photo()
    assert 0 < distance(change(image, mild), image) < distance(change(image, strong), image)
    assert np.array_equal(change(image, strong), change(image, strong))


def test_a_stop_is_twice_the_light() -> None:
    grey = np.full((4, 4, 3), 100, np.uint8)
    brighter = d.exposure(grey, 1)[0, 0, 0] / 255
    assert brighter**d.GAMMA == pytest.approx(2 * (100 / 255) ** d.GAMMA, rel=0.02)
    assert (d.exposure(grey, 8) == 255).all()


def test_hue_and_saturation_leave_grey_and_brightness() -> None:
    grey = np.full((4, 4, 3), 90, np.uint8)
    assert np.array_equal(d.hue(grey, 70), grey)
    assert np.array_equal(d.saturation(grey, 1.7), grey)
    pale = d.saturation(photo(), 0)
    assert np.ptp(pale.astype(int), axis=2).max() == 0


@pytest.mark.parametrize(
    ("degrees", "lit"), [(0, "right"), (180, "left"), (90, "low"), (-90, "up")]
)
def test_side_light_comes_from_where_it_says(degrees: float, lit: str) -> None:
    made = d.side_light(np.full((60, 60, 3), 120, np.uint8), 3, degrees).astype(float)
    halves = {"left": made[:, :30], "right": made[:, 30:], "up": made[:30], "low": made[30:]}
    assert max(halves, key=lambda name: float(halves[name].mean())) == lit
    assert made.max() == 120  # the lit side stays


def test_motion_smears_along_its_direction_alone() -> None:
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::8] = 255  # upright lines
    assert np.array_equal(d.motion_blur(stripes, 9, 90), stripes)
    assert d.motion_blur(stripes, 9, 0)[32, 20:44].std() < stripes[32, 20:44].std() / 4


@pytest.mark.parametrize("sigma", [5.0, 20.0])
def test_noise_has_the_spread_it_says(sigma: float) -> None:
    grey = np.full((200, 200, 3), 128, np.uint8)
    assert d.noise(grey, sigma, rng()).std() == pytest.approx(sigma, rel=0.03)


def test_shot_noise_counts_photons() -> None:
    # 255 is `photons` of light; with 400 the spread of the light is 20 of 400: 5 %
    grey = np.full((200, 200, 3), 200, np.uint8)
    level = (200 / 255) ** d.GAMMA * 400
    light = (d.shot_noise(grey, 400, rng()) / 255.0) ** d.GAMMA * 400
    assert light.mean() == pytest.approx(level, rel=0.02)
    assert light.std() == pytest.approx(np.sqrt(level), rel=0.05)


def test_flipping_twice_is_the_picture() -> None:
    made = d.flipped(photo())
    assert not np.array_equal(made, photo())
    assert np.array_equal(d.flipped(made), photo())


def test_a_block_covers_the_share_it_says() -> None:
    black = np.zeros((100, 160, 3), np.uint8)
    shades = {np.any(d.block(black, 0.3, np.random.default_rng(k)), axis=2).sum() for k in range(9)}
    assert shades == {30 * 30}
    strips = {np.any(d.band(black, 0.2, np.random.default_rng(k)), axis=2).sum() for k in range(9)}
    assert strips == {20 * 160, 32 * 100}


def test_a_cover_may_reach_over_the_edge() -> None:
    made = d.covered(np.zeros((10, 10, 3), np.uint8), (-5, -5, 3, 2), (9, 9, 9))
    assert np.any(made, axis=2).sum() == 3 * 2
