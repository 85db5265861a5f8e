"""Frames make their pixels once, when they are asked for."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest

from visavis.errors import InputError
from visavis.types import Image
from visavis.video.frames import Frame

PICTURE = np.full((4, 6, 3), 7, np.uint8)


class Maker:
    """Makes a picture and counts how often."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> Image:
        self.calls += 1
        return PICTURE.copy()


def test_pixels_are_made_on_first_use_and_kept() -> None:
    maker = Maker()
    frame = Frame(maker, 3, 0.5)
    assert maker.calls == 0
    assert frame.image is frame.image
    assert maker.calls == 1


def test_threads_that_ask_together_get_the_same_pixels() -> None:
    maker, start = Maker(), Barrier(8)
    frame = Frame(maker, 0, 0.0)

    def look() -> int:
        start.wait(30)
        return id(frame.image)

    with ThreadPoolExecutor(8) as pool:
        found = [pool.submit(look) for _ in range(8)]
    assert len({f.result() for f in found}) == 1
    assert maker.calls == 1


def test_pixels_that_cannot_be_made_are_tried_again() -> None:
    answers = iter([OSError("gone"), PICTURE])

    def make() -> Image:
        found = next(answers)
        if isinstance(found, OSError):
            raise found
        return found

    frame = Frame(make, 0, 0.0)
    with pytest.raises(OSError, match="gone"):
        _ = frame.image
    assert frame.image is PICTURE


def test_a_frame_of_pixels() -> None:
    before = time.monotonic()
    frame = Frame.of(PICTURE, 2, 1.25)
    assert (frame.number, frame.at) == (2, 1.25)
    assert frame.image is PICTURE
    assert before <= frame.arrived <= time.monotonic()
    assert frame.age >= 0
    assert Frame.of(PICTURE, 2, 1.25, arrived=8.0).arrived == 8.0
    assert repr(frame) == "Frame(number=2, at=1.250)"


@pytest.mark.parametrize(("number", "at"), [(-1, 0.0), (0, float("nan")), (0, float("inf"))])
def test_numbers_and_times_are_checked(number: int, at: float) -> None:
    with pytest.raises(InputError, match="expected a number from 0"):
        Frame.of(PICTURE, number, at)
