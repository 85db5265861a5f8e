import dataclasses

import numpy as np
import pytest

from visavis.datasets.inks import Inks
from visavis.types import Image


def inks(seed: int = 1, weak: float = 0.0, spread: float = 1.5, gain: float = 0.0) -> Inks:
    return Inks.draw(np.random.default_rng(seed), weak, spread, gain)


def even(colour: tuple[int, int, int], side: int = 16) -> Image:
    return np.full((side, side, 3), colour, np.uint8)


def printed(photo: Image, ink: Inks) -> Image:
    return ink.printed(ink.separate(photo), 0)


def colours() -> Image:
    """Skin, sky, leaf and greys: nothing beyond what inks can do."""
    some = [(205, 160, 135), (120, 80, 60), (150, 180, 210), (110, 140, 90)]
    some += [(g, g, g) for g in (90, 128, 170, 220, 250)]
    return np.array([some] * 3, np.uint8)


def test_white_needs_no_ink_and_no_ink_is_white() -> None:
    plates = inks().separate(even((255, 255, 255)))
    assert len(plates) == 4
    assert not any(plate.any() for plate in plates)
    assert (printed(even((255, 255, 255)), inks()) == 255).all()


def target(photo: Image, ink: Inks) -> Image:
    """The picture with its black at the black ink's."""
    black = float(ink.reflectance[3].mean())
    light = black + (1 - black) * (photo / 255) ** 2.2
    return np.rint(255 * light ** (1 / 2.2)).astype(np.uint8)


@pytest.mark.parametrize("spread", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("seed", range(3))
def test_good_inks_and_a_good_profile_give_the_colour_back(spread: float, seed: int) -> None:
    photo = colours()
    ink = dataclasses.replace(inks(seed, spread=spread), profile=1.0)
    off = np.abs(printed(photo, ink).astype(int) - target(photo, ink)).max(axis=2)
    assert off.mean() < 13
    assert off.max() < 25


def test_dark_stays_darker_than_light_but_no_darker_than_the_ink() -> None:
    ramp = np.repeat(np.arange(0, 256, 15, np.uint8)[None, :, None], 3, axis=2)
    made = printed(ramp, inks()).mean(axis=2)[0]
    assert (np.diff(made) > 0).all()
    assert made[0] > 15


def test_weak_inks_have_a_smaller_gamut() -> None:
    pure = np.array([[(220, 30, 30), (30, 160, 40), (40, 50, 200), (230, 200, 20)]], np.uint8)

    def chroma(weak: float) -> float:
        return float(np.mean([np.ptp(printed(pure, inks(s, weak)), axis=2) for s in range(8)]))

    assert chroma(1.0) < 0.85 * chroma(0.0)


def test_black_ink_takes_grey_from_the_others() -> None:
    grey = even((90, 90, 90))
    little, much = (dataclasses.replace(inks(), black=share) for share in (0.1, 0.9))
    first, second = little.separate(grey), much.separate(grey)
    assert first[3].mean() < second[3].mean()
    assert all(a.mean() > b.mean() for a, b in zip(first[:3], second[:3], strict=True))


def test_a_print_in_black_alone_is_grey() -> None:
    plates = inks().grey(colours())
    assert not any(plate.any() for plate in plates[:3])
    assert (np.ptp(inks().printed(plates, 0), axis=2) <= 2).all()


def test_mechanical_gain_darkens_the_middle_tones() -> None:
    grey = even((128, 128, 128))
    ink = inks()
    plain, grown = ink.separate(grey), dataclasses.replace(ink, gain=0.15).separate(grey)
    assert all((a <= b).all() for a, b in zip(plain, grown, strict=True))
    # a + 4 g a (1 - a), of the black plate in shares of 255
    a = plain[3][0, 0] / 255
    assert grown[3][0, 0] / 255 == pytest.approx(a + 0.6 * a * (1 - a), abs=0.003)


def test_light_scattered_in_the_paper_makes_dots_darker() -> None:
    # A fine chequerboard of black. Without scatter half the light comes back. With n = 2 the light
    # that leaves a bare square went in, half of it, through black: half of a half comes back.
    board = (np.indices((64, 64)).sum(axis=0) % 2 * 255).astype(np.uint8)
    none = np.zeros_like(board)
    black = np.full((4, 3), 1e-4)

    def light(spread: float, scatter: float) -> float:
        made = Inks(black, spread, 0, 1, 1).printed([none, none, none, board], scatter)
        return float(np.mean((made[8:-8, 8:-8] / 255) ** 2.2))

    assert light(1.0, 3.0) == pytest.approx(0.5, abs=0.01)
    assert light(2.0, 3.0) == pytest.approx(0.25, abs=0.02)
    assert light(2.0, 0.0) == pytest.approx(0.5, abs=0.01)


def test_inputs_stay_as_they_were() -> None:
    photo, ink = colours(), inks()
    plates = ink.separate(photo)
    before = [plate.copy() for plate in plates]
    ink.printed(plates, 1.0)
    assert np.array_equal(photo, colours())
    assert all(np.array_equal(a, b) for a, b in zip(plates, before, strict=True))


def test_misjudged_inks_shift_colours() -> None:
    some = colours()
    right, wrong = (dataclasses.replace(inks(), profile=p) for p in (1.0, 0.4))
    good, bad = (printed(some, ink).astype(int) - target(some, ink) for ink in (right, wrong))
    assert np.ptp(bad, axis=2).mean() > 2 * np.ptp(good, axis=2).mean()
