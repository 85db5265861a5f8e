import math

import numpy as np
import pytest

from visavis.datasets.halftone import blue_noise, scattered, screened
from visavis.datasets.inks import Plate


def even(value: int, side: int = 256) -> Plate:
    return np.full((side, side), value, np.uint8)


def power(plate: Plate) -> np.ndarray:
    """(side, side) spectral power about the mean, frequency 0 first."""
    return np.abs(np.fft.fft2(plate - plate.mean())) ** 2


def low(plate: Plate) -> float:
    """Power at periods of 16 pixels and more."""
    frequency = np.hypot(*np.meshgrid(*[np.fft.fftfreq(n) for n in plate.shape]))
    return float(power(plate)[frequency < 1 / 16].sum())


@pytest.mark.parametrize("value", [30, 128, 220])
@pytest.mark.parametrize("shape", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("degrees", [0.0, 15.0, 75.0])
def test_a_screen_keeps_the_mean(value: int, shape: float, degrees: float) -> None:
    assert screened(even(value), 8.3, degrees, shape).mean() == pytest.approx(value, abs=6)


@pytest.mark.parametrize("degrees", [0.0, 15.0, 45.0, 75.0])
def test_the_energy_of_a_screen_lies_at_its_frequency_and_angle(degrees: float) -> None:
    found = power(screened(even(128), 8, degrees, 0.8))
    row, column = np.unravel_index(found[:128].argmax(), (128, 256))
    angle = math.radians(degrees)  # a period of 8 pixels is 32 waves in 256
    expected = 32 * math.sin(angle), 32 * math.cos(angle)
    assert (row, column) == pytest.approx(expected, abs=1)


def test_dots_are_dark_or_bright_and_grow_with_the_coverage() -> None:
    dots = screened(even(128), 12, 20)
    assert ((dots < 10) | (dots > 245)).mean() > 0.7
    more = screened(even(150), 12, 20)
    assert (more >= dots).all()
    assert more.sum() > dots.sum()


def test_bare_paper_and_solid_ink_have_no_dots() -> None:
    assert not screened(even(0), 8, 15).any()
    assert (screened(even(255), 8, 15) == 255).all()


def test_a_screen_finer_than_the_pixels_is_its_mean() -> None:
    plate = even(90)
    assert np.array_equal(screened(plate, 2.0, 45), plate)


def test_blue_noise_has_all_values_and_little_of_low_frequency(rng: np.random.Generator) -> None:
    tile = blue_noise(64, rng)
    counts = np.bincount(tile.ravel(), minlength=256)
    assert counts.max() <= 2 * 64 * 64 / 255
    white = rng.permutation(tile.ravel()).reshape(tile.shape)
    assert low(tile) < 0.2 * low(white)


@pytest.mark.parametrize("value", [20, 128, 230])
@pytest.mark.parametrize("drop", [0.5, 1.0, 2.5])
def test_drops_keep_the_mean(value: int, drop: float, rng: np.random.Generator) -> None:
    dots = scattered(even(value), blue_noise(128, rng), drop, (5, 9))
    assert dots.mean() == pytest.approx(value, abs=3)


def test_drops_have_a_size(rng: np.random.Generator) -> None:
    dots = scattered(even(128, 60), blue_noise(64, rng), 3.0, (0, 0))
    cells = dots.reshape(20, 3, 20, 3)
    assert (cells == cells[:, :1, :, :1]).all()
    assert set(np.unique(dots)) == {0, 255}


def test_finer_drops_and_less_contrast_leave_less_noise(rng: np.random.Generator) -> None:
    tile = blue_noise(128, rng)
    full, fine, pale = (
        float(scattered(even(128), tile, drop, (0, 0), contrast).std())
        for drop, contrast in ((1.0, 1.0), (0.5, 1.0), (1.0, 0.4))
    )
    assert fine == pytest.approx(full / 4, rel=0.05)  # 4 drops a pixel: 1 / N of the noise
    assert pale == pytest.approx(full * 0.4, rel=0.05)
