from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visavis.datasets.augment import DEFAULT, EFFECTS, Chance, Effect, Recipe, augment, effect
from visavis.errors import ConfigError, InputError
from visavis.image import ARCFACE
from visavis.types import Image

NEVER = Recipe(0.0, *[Chance(0)] * (len(fields(Recipe)) - 1))


def photo(height: int = 112, width: int = 112) -> Image:
    y, x = np.indices((height, width))
    parts = [np.sin(x / 4), np.cos(y / 6), np.sin((x + y) / 11)]
    return np.asarray(120 + 60 * np.stack(parts, axis=-1), np.uint8)


def test_every_effect_of_a_recipe_is_known() -> None:
    movements = {"flip", "shift", "scale", "rotation"}
    assert {f.name for f in fields(Recipe)} - movements == set(EFFECTS)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    height=st.integers(16, 90),
    width=st.integers(16, 90),
)
def test_the_same_seed_gives_the_same_picture_of_the_same_shape(
    seed: int, height: int, width: int
) -> None:
    image = photo(height, width)
    first, second = (augment(image, np.random.default_rng(seed)).image for _ in range(2))
    assert np.array_equal(first, second)
    assert first.shape == image.shape
    assert first.dtype == np.uint8
    assert np.array_equal(image, photo(height, width))


def test_a_recipe_of_nothing_gives_the_picture_itself(rng: np.random.Generator) -> None:
    varied = augment(photo(), rng, NEVER, ARCFACE)
    assert np.array_equal(varied.image, photo())
    assert varied.landmarks is not None
    assert np.array_equal(varied.landmarks, ARCFACE)


def test_pictures_differ_from_one_another(rng: np.random.Generator) -> None:
    made = {augment(photo(), rng).image.tobytes() for _ in range(20)}
    assert len(made) == 20


@pytest.mark.parametrize("name", EFFECTS)
def test_an_effect_is_nothing_at_0_and_grows(name: Effect) -> None:
    image = photo()

    def moved(strength: float) -> float:
        made = effect(image, name, strength, np.random.default_rng(4))
        return float(np.abs(made.astype(float) - image).mean())

    assert moved(0) == 0
    assert 0 < moved(0.3) < moved(1)


@pytest.mark.parametrize("strength", [-0.1, 1.1, np.nan])
def test_a_strength_lies_between_0_and_1(strength: float, rng: np.random.Generator) -> None:
    with pytest.raises(InputError, match="strength from 0 to 1"):
        effect(photo(), "blur", strength, rng)


@pytest.mark.parametrize("values", [(1.5, 0.5, 0.0), (0.5, 0.2, 0.4), (0.5, 2.0, 0.0)])
def test_a_chance_checks_itself(values: tuple[float, float, float]) -> None:
    with pytest.raises(ConfigError, match="low <= high"):
        Chance(*values)


def test_chances_come_as_often_as_they_say(rng: np.random.Generator) -> None:
    drawn = [Chance(0.25, 0.6, 0.2).draw(rng) for _ in range(4000)]
    came = [value for value in drawn if value]
    assert len(came) / 4000 == pytest.approx(0.25, abs=0.03)
    assert 0.2 <= min(came) < max(came) <= 0.6


def test_a_mirror_image_keeps_image_left_first(rng: np.random.Generator) -> None:
    varied = augment(photo(), rng, replace(NEVER, flip=1.0), ARCFACE)
    assert np.array_equal(varied.image, photo()[:, ::-1])
    assert varied.landmarks is not None
    assert varied.landmarks[0] == pytest.approx((111 - ARCFACE[1, 0], ARCFACE[1, 1]), abs=1e-3)
    assert varied.landmarks[4] == pytest.approx((111 - ARCFACE[3, 0], ARCFACE[3, 1]), abs=1e-3)


@pytest.mark.parametrize("seed", range(12))
def test_landmarks_go_where_the_pixels_go(seed: int) -> None:
    recipe = replace(
        NEVER,
        flip=0.5,
        shift=Chance(1, 1),
        scale=Chance(1, 1),
        rotation=Chance(1, 1),
    )
    image = np.zeros((112, 112, 3), np.uint8)
    x, y = ARCFACE[2].round().astype(int)  # the nose stays the nose in a mirror image
    image[y - 1 : y + 2, x - 1 : x + 2] = 255
    varied = augment(image, np.random.default_rng(seed), recipe, np.tile((x, y), (5, 1)))
    rows, columns = np.nonzero(varied.image[..., 0] > 128)
    assert varied.landmarks is not None
    assert varied.landmarks[2] == pytest.approx((columns.mean(), rows.mean()), abs=0.8)


def test_landmarks_have_their_shape(rng: np.random.Generator) -> None:
    with pytest.raises(InputError, match=r"\(5, 2\)"):
        augment(photo(), rng, DEFAULT, np.zeros((4, 2)))
