"""Frames that are handed in."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from streams import picture
from visavis.errors import InputError
from visavis.video.pushed import Pushed


def test_the_newest_picture_alone_is_given() -> None:
    source = Pushed("door")
    frames = source.frames()
    source.push(picture(0), 7.0)
    assert next(frames).number == 0
    source.push(picture(1), 7.5)
    source.push(picture(2), 8.0)
    newest = next(frames)
    assert (newest.number, newest.at) == (2, 1.0)
    assert (newest.image == picture(2)).all()
    assert source.live


def test_who_waits_gets_the_next_and_the_end() -> None:
    source = Pushed("door")
    frames = source.frames()
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(next, frames)
        source.push(picture(3))
        assert found.result(30).number == 0
        end = pool.submit(next, frames, None)
        source.close()
        assert end.result(30) is None
    assert not source.push(picture(4))
    assert list(source.frames()) == []


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_other_arrays_are_refused(image: np.ndarray) -> None:  # type: ignore[type-arg]
    with pytest.raises(InputError, match="of uint8"):
        Pushed("door").push(image)
