import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from visavis.datasets import screens
from visavis.datasets.cameras import FINE, Camera, capture
from visavis.datasets.recapture import Instrument, laid
from visavis.datasets.scenes import carried
from visavis.types import Face, Image

SCREENS = (screens.lcd, screens.oled, screens.bands)
FACE = Face(
    np.array((40, 40, 120, 120), np.float32),
    np.array([(60, 70), (100, 70), (80, 90), (64, 105), (96, 105)], np.float32),
    0.9,
)
CLEAN = Camera(
    zoom=(1, 1), focus=(0.3, 0.3), motion=(0, 0), vignette=(0, 0), photons=(1e9, 1e9),
    read=(0, 0), metering=(1, 1), exposure=(0, 0), warmth=(0, 0), tint=(0, 0), gamma=(2.2, 2.2),
    contrast=(0, 0), saturation=(1, 1), smoothing=(0, 0), sharpening=(0, 0), quality=(100, 100),
)  # fmt: skip


def grey() -> Image:
    return np.full((160, 160, 3), 128, np.uint8)


def made(screen: object, seed: int, photo: Image | None = None) -> Instrument:
    picture = grey() if photo is None else photo
    instrument = screen(picture, FACE, np.random.default_rng(seed))  # type: ignore[operator]
    assert isinstance(instrument, Instrument)
    return instrument


def gridded(screen: object, cell: int) -> Instrument:
    """The first seed's whose panel is drawn with its grid and shows the plain picture alone."""
    for seed in range(60):
        instrument = made(screen, seed)
        middle = instrument.image[instrument.image.shape[0] // 2].astype(float)
        if instrument.matrix[0, 0] * 160 > 600 and np.ptp(middle[:, 0]) > 60:
            height, width = instrument.image.shape[:2]
            x, y = (int(side * 0.4) // (2 * cell) * 2 * cell for side in (width, height))
            part = instrument.image[y : y + 24 * cell, x : x + 24 * cell]
            return Instrument(np.tile(part, (10, 30, 1)), instrument.matrix, 0, emits=True)
    raise AssertionError(f"no grid of {cell} in 60 seeds")


def peak(rows: NDArray[np.float64], lowest: float = 0.0) -> float:
    """The strongest frequency along rows, cycles a pixel."""
    line = rows.mean(axis=0)
    power = np.abs(np.fft.rfft((line - line.mean()) * np.hanning(line.size)))
    frequency = np.fft.rfftfreq(line.size)
    power[frequency < lowest] = 0
    return float(frequency[power.argmax()])


def seen(instrument: Instrument, pitch: float, cell: int) -> Image:
    """What a clean camera takes when a display pixel is `pitch` sensor pixels wide."""
    scale = pitch * FINE / cell
    take = CLEAN.draw(np.random.default_rng(0))
    size = (60, 160)
    height, width = take.scene(size)
    matrix = np.array([(scale, 0, -20), (0, scale, -20), (0, 0, 1.0)])
    black = np.zeros((height, width, 3), np.uint8)
    scene = laid(instrument, matrix, black, np.random.default_rng(0))
    return capture(scene, take, size, np.random.default_rng(0))


@pytest.mark.parametrize("screen", SCREENS)
def test_a_screen_emits_and_says_where_its_picture_is(screen: object) -> None:
    photo = grey()
    photo[70:91, 60:81] = (20, 240, 30)
    for seed in range(2):
        instrument = made(screen, seed, photo)
        assert instrument.emits
        soft = cv2.GaussianBlur(instrument.image, (0, 0), 4).astype(float)
        green = soft[..., 1] - soft[..., [0, 2]].max(axis=2)
        strong = np.argwhere(green > 0.6 * green.max()).mean(axis=0)[::-1]
        expected = carried(instrument.matrix, [(70, 80)])[0]
        assert np.hypot(*(strong - expected)) < 2 * instrument.matrix[0, 0]


@pytest.mark.parametrize("screen", SCREENS)
def test_the_same_seed_is_the_same_panel(screen: object) -> None:
    assert np.array_equal(made(screen, 4).image, made(screen, 4).image)
    assert not np.array_equal(made(screen, 4).image[:50], made(screen, 5).image[:50])


def test_an_lcd_has_a_stripe_of_each_colour_in_three() -> None:
    values = gridded(screens.lcd, 3).image.astype(float)
    phases = [[values[:, i::3, c].mean() for i in range(3)] for c in range(3)]
    brightest = [int(np.argmax(p)) for p in phases]
    assert sorted(brightest) == [0, 1, 2]


def test_an_oled_has_twice_as_many_green_dots_as_red() -> None:
    """A display pixel is four drawn: green repeats along a row every 4, red every 8."""
    values = gridded(screens.oled, 4).image.astype(float)
    rows = [values[i::8, :, c] for i in range(8) for c in (0, 1)]
    red, green = (max(rows[c::2], key=lambda r: float(np.ptp(r.mean(axis=0)))) for c in (0, 1))
    assert peak(red) == pytest.approx(1 / 8, abs=0.01)
    assert peak(green) == pytest.approx(1 / 4, abs=0.01)


@pytest.mark.parametrize("pitch", [1.7, 2.3])
def test_moire_lies_where_the_red_pixels_of_the_sensor_fold_the_grid(pitch: float) -> None:
    """Red is sampled at every other pixel, so a grid of frequency f is seen at |f - 1/2|."""
    picture = seen(gridded(screens.lcd, 3), pitch, 3).astype(float)
    assert peak(picture[..., 0], 0.02) == pytest.approx(abs(1 / pitch - 0.5), abs=0.012)


def test_a_grid_far_below_the_sensors_pixels_is_not_seen() -> None:
    instrument = gridded(screens.lcd, 3)
    near, far = (seen(instrument, pitch, 3).astype(float)[20:-20, 20:-20] for pitch in (1.7, 0.4))
    assert near.mean(axis=0).std(axis=0).max() > 4 * far.mean(axis=0).std(axis=0).max()


def test_bands_run_across_and_leave_no_grid() -> None:
    across, along = [], []
    for seed in range(12):
        values = made(screens.bands, seed).image.astype(float)
        height, width = values.shape[:2]
        middle = values[height // 3 : -height // 3, width // 3 : -width // 3]
        across.append(np.abs(np.diff(middle, axis=1)).mean())
        along.append(np.abs(np.diff(middle, axis=0)).mean())
    assert np.mean(along) > 2 * np.mean(across)
