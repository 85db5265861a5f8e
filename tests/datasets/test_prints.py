from collections.abc import Callable

import cv2
import numpy as np
import pytest

from visavis.datasets import prints
from visavis.datasets.recapture import Instrument
from visavis.errors import InputError
from visavis.image import ARCFACE
from visavis.types import Face, Image

Print = Callable[[Image, Face, np.random.Generator], Instrument]
KINDS: dict[str, Print] = {"laser": prints.laser, "inkjet": prints.inkjet, "photo": prints.photo}
FACE = Face(np.array([20, 15, 140, 170]), ARCFACE * 1.3 + 8, 0.9)
kinds = pytest.mark.parametrize("name", KINDS)


def portrait() -> Image:
    """Colours in soft shapes with some texture, 160 x 180."""
    rng = np.random.default_rng(5)
    coarse = rng.integers(30, 230, (9, 8, 3)).astype(np.uint8)
    picture = cv2.resize(coarse, (160, 180), interpolation=cv2.INTER_CUBIC)
    grain = rng.normal(0, 6, picture.shape)
    return np.clip(picture + grain, 0, 255).astype(np.uint8)


def even(value: int) -> Image:
    return np.full((180, 160, 3), value, np.uint8)


def on_paper(made: Instrument, photo: Image) -> Image:
    """What lies where the photo was printed, at the photo's size."""
    size = photo.shape[1::-1]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpPerspective(made.image, made.matrix, size, flags=flags))


def fine(image: Image) -> float:
    """Deviation of luma from its blur, in the middle."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return float((grey - cv2.GaussianBlur(grey, (0, 0), 2))[20:-20, 20:-20].std())


@kinds
@pytest.mark.parametrize("seed", range(6))
def test_the_same_generator_prints_the_same_and_leaves_the_photo(name: str, seed: int) -> None:
    photo = portrait()
    first, second = (KINDS[name](photo, FACE, np.random.default_rng(seed)) for _ in range(2))
    assert np.array_equal(first.image, second.image)
    assert np.array_equal(first.matrix, second.matrix)
    assert first.gloss == second.gloss
    assert (first.alpha is None) == (second.alpha is None)
    assert np.array_equal(photo, portrait())
    assert not first.emits
    assert max(first.image.shape) <= 900


@kinds
def test_other_generators_print_otherwise(name: str) -> None:
    made = [KINDS[name](portrait(), FACE, np.random.default_rng(s)) for s in range(20)]
    off = [float(np.abs(on_paper(m, portrait()).astype(int) - portrait()).mean()) for m in made]
    assert max(off) > 2.5 * min(off)
    assert len({m.image.shape for m in made}) > 8
    assert 0 < sum(m.alpha is not None for m in made) < 20


@kinds
@pytest.mark.parametrize("seed", range(8))
def test_a_feature_lies_where_the_matrix_says(name: str, seed: int) -> None:
    plain, marked = even(200), even(200)
    x, y = FACE.landmarks[1].round().astype(int).tolist()
    cv2.circle(marked, (x, y), 7, (20, 20, 20), -1)
    without, made = (KINDS[name](p, FACE, np.random.default_rng(seed)) for p in (plain, marked))
    change = np.abs(made.image.astype(float) - without.image).sum(axis=2)
    change[change < 0.3 * change.max()] = 0
    rows, columns = np.indices(change.shape)
    found = np.array([(columns * change).sum(), (rows * change).sum()]) / change.sum()
    scale = made.matrix[0, 0]
    assert np.abs(found - (made.matrix @ (x, y, 1))[:2]).max() < 1.2 * scale


def test_only_laser_prints_have_a_screen() -> None:
    def peak(name: str, seed: int) -> float:
        """The strongest single frequency over the typical one, near a screen's."""
        made = KINDS[name](even(150), FACE, np.random.default_rng(seed))
        left, top = (made.matrix @ (20, 20, 1))[:2].astype(int)
        part = made.image[top : top + 160, left : left + 160].mean(axis=2)
        if min(part.shape) < 160:
            return 0.0
        window = np.outer(np.hanning(160), np.hanning(160))
        power = np.abs(np.fft.fft2((part - part.mean()) * window)) ** 2
        frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(160), np.fft.fftfreq(160)))
        band = power[(frequency > 0.15) & (frequency < 0.5)]
        return float(band.max() / np.median(band))

    found = {name: sorted(peak(name, seed) for seed in range(24)) for name in KINDS}
    assert found["laser"][-5] > 50 * max(found["photo"][-1], 1)
    assert found["laser"][-5] > 20 * found["inkjet"][-1]


def test_inkjet_prints_are_grainier_than_photo_paper() -> None:
    inkjet, photo = (
        np.array(
            [
                fine(on_paper(KINDS[n](even(150), FACE, np.random.default_rng(s)), even(150)))
                for s in range(24)
            ]
        )
        for n in ("inkjet", "photo")
    )
    assert np.percentile(inkjet, 75) > 2 * np.percentile(photo, 75)
    assert inkjet.max() > 4 * inkjet.min()


@kinds
def test_black_and_colour_lose_on_paper(name: str) -> None:
    """No print is as dark as the picture, and on the whole colours are paler."""
    vivid = np.zeros((180, 160, 3), np.uint8)
    vivid[:90, :80], vivid[:90, 80:], vivid[90:, :80] = (230, 20, 20), (20, 200, 30), (30, 40, 220)
    blacks, chroma = [], []
    for seed in range(16):
        made = on_paper(KINDS[name](vivid, FACE, np.random.default_rng(seed)), vivid)
        blacks.append(float(np.median(made[120:160, 100:140])))
        parts = made[20:70, 10:70], made[20:70, 90:150], made[110:160, 10:70]
        chroma.append(np.mean([np.ptp(np.median(p.reshape(-1, 3), axis=0)) for p in parts]))
    assert np.mean(blacks) > 4
    assert np.median(chroma) < 0.95 * 193.3  # (210 + 180 + 190) / 3 in the picture


def test_photo_paper_is_glossy_and_plain_paper_matt() -> None:
    gloss = {
        name: [KINDS[name](even(150), FACE, np.random.default_rng(s)).gloss for s in range(8)]
        for name in KINDS
    }
    assert max(gloss["laser"]) < min(gloss["photo"])
    assert max(gloss["inkjet"]) < 0.36


def test_dots_stand_out_in_small_prints_and_vanish_in_large_ones() -> None:
    """A face of more pixels on as many millimetres has larger dots, in pixels."""
    small = Face(np.array([70, 70, 80, 80]), ARCFACE * 0.1 + 70, 0.9)

    def grain(face: Face) -> float:
        made = (prints.laser(even(150), face, np.random.default_rng(s)) for s in range(12))
        return float(np.mean([fine(on_paper(m, even(150))) for m in made]))

    assert grain(FACE) > 1.5 * grain(small)


@kinds
def test_bad_pictures_are_refused(name: str, rng: np.random.Generator) -> None:
    for bad in (np.zeros((9, 9), np.uint8), np.zeros((9, 9, 3), np.float64)):
        with pytest.raises(InputError, match="expected an RGB uint8 image"):
            KINDS[name](bad, FACE, rng)


@kinds
@pytest.mark.parametrize("shape", [(20, 300, 3), (300, 20, 3), (1, 1, 3)])
def test_odd_shapes_are_printed_too(name: str, shape: tuple[int, int, int]) -> None:
    for seed in range(4):
        made = KINDS[name](np.full(shape, 90, np.uint8), FACE, np.random.default_rng(seed))
        assert min(made.image.shape[:2]) >= 1
