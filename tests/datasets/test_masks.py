from collections.abc import Callable

import cv2
import numpy as np
import pytest

from visavis.datasets import masks
from visavis.errors import InputError
from visavis.image import ARCFACE
from visavis.types import Face, Image

Mask = Callable[[Image, Face, np.random.Generator], Image]
KINDS: dict[str, Mask] = {"cutout": masks.cutout, "flat": masks.flat}
LANDMARKS = np.asarray(ARCFACE * 1.2 + 80, np.float32)
FACE = Face(np.array([80, 80, 215, 235]), LANDMARKS, 0.9)
CHEEKS = LANDMARKS[:2] * 0.5 + LANDMARKS[3:] * 0.5
kinds = pytest.mark.parametrize("name", KINDS)


def skin() -> Image:
    """Skin of uneven light with a fine texture, 300 x 300."""
    rng = np.random.default_rng(3)
    light = cv2.resize(rng.uniform(0.75, 1.1, (5, 5)), (300, 300), interpolation=cv2.INTER_CUBIC)
    picture = light[..., None] * (205, 160, 135) + rng.normal(0, 7, (300, 300, 1))
    return np.clip(picture, 0, 255).astype(np.uint8)


def patch(image: Image, place: np.ndarray, half: int) -> Image:
    x, y = place.round().astype(int)
    return image[y - half : y + half + 1, x - half : x + half + 1]


def texture(image: Image) -> float:
    """Deviation of green from its blur."""
    grey = image[..., 1].astype(np.float32)
    return float((grey - cv2.GaussianBlur(grey, (0, 0), 2)).std())


@kinds
@pytest.mark.parametrize("seed", range(6))
def test_the_same_generator_makes_the_same_and_leaves_the_photo(name: str, seed: int) -> None:
    photo = skin()
    first, second = (KINDS[name](photo, FACE, np.random.default_rng(seed)) for _ in range(2))
    assert np.array_equal(first, second)
    assert first.shape == photo.shape
    assert first.dtype == np.uint8
    assert np.array_equal(photo, skin())


@kinds
def test_looks_run_from_mild_to_plain(name: str) -> None:
    cheeks = [
        np.abs(
            patch(KINDS[name](skin(), FACE, np.random.default_rng(s)), CHEEKS[0], 12).astype(int)
            - patch(skin(), CHEEKS[0], 12)
        ).mean()
        for s in range(24)
    ]
    assert min(cheeks) > 1
    assert max(cheeks) > 4 * min(cheeks)


@pytest.mark.parametrize("seed", range(20))
def test_real_eyes_are_seen_through_a_cutout(seed: int) -> None:
    made = masks.cutout(skin(), FACE, np.random.default_rng(seed))
    for eye in LANDMARKS[:2]:
        assert np.abs(patch(made, eye, 2).astype(int) - patch(skin(), eye, 2)).max() <= 1
    assert not np.array_equal(patch(made, LANDMARKS[2], 2), patch(skin(), LANDMARKS[2], 2))


def test_a_cutout_is_a_face_or_a_sheet_that_may_hide_all() -> None:
    far = [
        np.array_equal(
            masks.cutout(skin(), FACE, np.random.default_rng(s))[:20, :20], skin()[:20, :20]
        )
        for s in range(40)
    ]
    assert 3 < sum(far) < 37


def test_the_edges_of_a_cutout_show() -> None:
    """Round the eyes the picture changes suddenly, in most cases, where nothing changed before."""
    even = np.full((300, 300, 3), (190, 150, 130), np.uint8)
    steps = []
    for seed in range(20):
        made = masks.cutout(even, FACE, np.random.default_rng(seed))
        around = patch(made, LANDMARKS[0], 25)[..., 1].astype(float)
        steps.append(
            max(np.abs(np.diff(around, axis=0)).max(), np.abs(np.diff(around, axis=1)).max())
        )
    assert np.median(steps) > 8


@pytest.mark.parametrize("seed", range(20))
def test_a_flat_mask_takes_texture_from_the_face_and_nowhere_else(seed: int) -> None:
    made = masks.flat(skin(), FACE, np.random.default_rng(seed))
    for cheek in CHEEKS:
        assert texture(patch(made, cheek, 10)) < 0.8 * texture(patch(skin(), cheek, 10))
    for corner in (np.s_[:30, :30], np.s_[:30, -30:]):
        assert np.array_equal(made[corner], skin()[corner])


def test_most_flat_masks_leave_hardly_any_texture() -> None:
    left = [
        texture(patch(masks.flat(skin(), FACE, np.random.default_rng(s)), CHEEKS[1], 10))
        for s in range(20)
    ]
    assert np.median(left) < 0.35 * texture(patch(skin(), CHEEKS[1], 10))


def test_a_flat_mask_has_a_light_of_its_own() -> None:
    """An evenly lit face is no longer even, and smoothly so."""
    even = np.full((300, 300, 3), (190, 150, 130), np.uint8)
    for seed in range(8):
        face = masks.flat(even, FACE, np.random.default_rng(seed))[165:220, 115:180, 1].astype(
            float
        )
        assert face.std() > 1
        assert np.percentile(np.abs(np.diff(face, axis=1)), 90) < 0.5 * face.std()


@kinds
@pytest.mark.parametrize("shift", [(-260, 0), (180, 150), (0, -400)])
def test_a_face_beyond_the_edge_is_no_error(name: str, shift: tuple[int, int]) -> None:
    there = Face(FACE.box + np.tile(shift, 2), LANDMARKS + shift, 0.9)
    for seed in range(4):
        assert KINDS[name](skin(), there, np.random.default_rng(seed)).shape == skin().shape


@kinds
@pytest.mark.parametrize("shape", [(24, 31, 3), (1, 1, 3)])
def test_tiny_pictures_are_no_error(name: str, shape: tuple[int, int, int]) -> None:
    tiny = Face(np.array([2, 2, 22, 22]), ARCFACE * 0.2, 0.9)
    for seed in range(6):
        made = KINDS[name](np.full(shape, 120, np.uint8), tiny, np.random.default_rng(seed))
        assert made.shape == shape


@kinds
def test_bad_pictures_are_refused(name: str, rng: np.random.Generator) -> None:
    for bad in (np.zeros((9, 9), np.uint8), np.zeros((9, 9, 3), np.float64)):
        with pytest.raises(InputError, match="expected an RGB uint8 image"):
            KINDS[name](bad, FACE, rng)
