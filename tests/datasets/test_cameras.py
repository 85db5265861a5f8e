from dataclasses import replace

import numpy as np
import pytest

from visavis.datasets.cameras import ANY, FINE, PHONE, WEBCAM, Camera, Take, capture
from visavis.types import Image

SIZE = (90, 111)
CLEAN = Camera(
    zoom=(1, 1), focus=(0.3, 0.3), motion=(0, 0), vignette=(0, 0), photons=(1e9, 1e9),
    read=(0, 0), metering=(1, 1), exposure=(0, 0), warmth=(0, 0), tint=(0, 0), gamma=(2.2, 2.2),
    contrast=(0, 0), saturation=(1, 1), smoothing=(0, 0), sharpening=(0, 0), quality=(100, 100),
)  # fmt: skip


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def clean(**changes: float) -> Take:
    return replace(CLEAN.draw(rng()), **changes)  # type: ignore[arg-type]


def flat(take: Take, value: int = 120) -> Image:
    return np.full((*take.scene(SIZE), 3), value, np.uint8)


def shot(take: Take, scene: Image | None = None) -> Image:
    return capture(flat(take) if scene is None else scene, take, SIZE, rng())


@pytest.mark.parametrize("camera", [ANY, WEBCAM, PHONE])
def test_every_value_lies_in_its_range_and_the_picture_has_its_size(camera: Camera) -> None:
    for seed in range(5):
        take = camera.draw(rng(seed))
        assert camera.quality[0] <= take.quality <= camera.quality[1]
        assert camera.photons[0] <= take.photons <= camera.photons[1]
        assert camera.focus[0] <= take.focus <= camera.focus[1]
        height, width = take.scene(SIZE)
        assert height >= FINE * SIZE[0] * camera.zoom[0]
        assert height % (2 * FINE) == width % (2 * FINE) == 0
        assert shot(take).shape == (*SIZE, 3)


def test_the_same_take_and_seed_is_the_same_picture() -> None:
    take = WEBCAM.draw(rng(3))
    assert take == WEBCAM.draw(rng(3))
    assert np.array_equal(shot(take), shot(take))


def test_fewer_photons_and_more_read_noise_are_more_noise() -> None:
    def spread(take: Take) -> float:
        return float(shot(take).astype(float).std())

    assert spread(clean()) < 1 < spread(clean(photons=200.0)) < spread(clean(photons=40.0))
    assert spread(clean(read=0.002)) < spread(clean(read=0.02))


def test_the_exposure_evens_out_dark_and_bright_scenes_as_far_as_it_meters() -> None:
    def gap(metering: float) -> float:
        take = clean(metering=metering)
        dark, bright = (shot(take, flat(take, v)).mean() for v in (70, 140))
        return float(bright - dark)

    assert abs(gap(1.0)) < 3
    assert gap(1.0) < gap(0.7) < gap(0.3)


def test_what_is_white_stays_white_under_any_balance() -> None:
    take = clean(warmth=0.3, tint=-0.08, metering=0.0, exposure=0.5)
    assert shot(take, flat(take, 255)).min() > 250
    warm = shot(take).mean(axis=(0, 1))
    assert warm[0] > warm[2] + 5


def test_corners_are_darker_with_a_vignette() -> None:
    picture = shot(clean(vignette=1.0)).astype(float)
    assert picture[:10, :10].mean() < picture[40:50, 50:60].mean() - 10


@pytest.mark.parametrize("change", [{"focus": 1.3}, {"motion": 3.0}, {"smoothing": 0.9}])
def test_blur_of_each_kind_takes_detail_away(change: dict[str, float]) -> None:
    take = clean()
    scene = flat(take)
    scene[:, ::12] = scene[:, 1::12] = scene[:, 2::12] = 30
    take, blurred = clean(direction=0.0), clean(direction=0.0, **change)
    assert shot(blurred, scene).astype(float).std() < 0.9 * shot(take, scene).astype(float).std()


def test_sharpening_leaves_a_halo() -> None:
    take = clean()
    scene = flat(take, 90)
    scene[:, scene.shape[1] // 2 :] = 150
    plain, sharp = (
        shot(clean(sharpening=s), scene).astype(float).mean(axis=(0, 2)) for s in (0.0, 1.2)
    )
    assert sharp.max() > plain.max() + 5
    assert sharp.min() < plain.min() - 5
