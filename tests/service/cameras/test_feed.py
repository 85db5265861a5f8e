"""The newest picture of a camera, drawn once, and only when somebody looks."""

import numpy as np
import pytest

from visavis.image import decode
from visavis.recognizer import Recognizer
from visavis.service.cameras.feed import WIDTH, Feed, Names
from visavis.service.state import Services
from visavis.testing import fake_photo
from visavis.types import Image
from visavis.video.frames import Frame
from visavis.video.watch import View


class Made:
    """Counts how often pixels were made."""

    def __init__(self, width: int = 64) -> None:
        self.times = 0
        self._width = width

    def __call__(self) -> Image:
        self.times += 1
        return np.full((48, self._width, 3), 90, np.uint8)


def view(number: int) -> View:
    return View(number, 0.0, (), True)


def test_nothing_is_drawn_until_somebody_looks_and_then_once() -> None:
    feed, made = Feed({}), Made()
    assert (feed.jpeg(), feed.number) == (None, 0)
    feed.put(Frame(made, 0, 0.0), view(0))
    assert (made.times, feed.number) == (0, 1)
    first = feed.jpeg()
    assert first is not None
    assert feed.jpeg() is first
    assert made.times == 1
    feed.put(Frame.of(np.zeros((48, 64, 3), np.uint8), 1, 0.1), view(1))
    assert feed.jpeg() != first


def test_wide_pictures_are_made_smaller() -> None:
    feed = Feed({})
    feed.put(Frame(Made(2 * WIDTH), 0, 0.0), view(0))
    found = feed.jpeg()
    assert found is not None
    assert decode(found).shape == (24, WIDTH, 3)


def test_at_its_end_the_last_picture_is_gone() -> None:
    feed = Feed({})
    feed.put(Frame(Made(), 0, 0.0), view(0))
    feed.end()
    assert (feed.ended, feed.jpeg()) == (True, None)


@pytest.fixture
def recognizer(services: Services) -> Recognizer:
    found = services.recognizers.of("default")
    found.enrol("ada", fake_photo("ada"), name="Ada")
    return found


def test_names_are_looked_up_again_after_a_while(recognizer: Recognizer) -> None:
    now = 0.0
    names = Names(recognizer.collection, lambda: now)
    assert (names["ada"], names["nobody"]) == ("Ada", "")
    recognizer.forget("ada")
    assert (names["ada"], len(names)) == ("Ada", 2)
    now = 60.0
    assert (names["ada"], list(names)) == ("", ["ada"])
