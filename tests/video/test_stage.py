import io
import urllib.error
import urllib.request
from collections.abc import Iterator

import numpy as np
import PIL.Image
import pytest

from streams import LIMIT, number_of, picture
from visavis.types import Image
from visavis.video.stage import Stage


@pytest.fixture
def stage() -> Iterator[Stage]:
    with Stage(["front door", "<b>yard</b>"]) as made:
        yield made


def got(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=LIMIT) as answer:
        return bytes(answer.read())


def pictures(address: str, count: int) -> Iterator[Image]:
    """The first pictures of a stream."""
    with urllib.request.urlopen(address, timeout=LIMIT) as answer:
        for _ in range(count):
            length = 0
            while (line := answer.readline()) != b"\r\n":
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            yield np.array(PIL.Image.open(io.BytesIO(answer.read(length))))
            assert answer.read(2) == b"\r\n"


def test_the_page_names_every_stream_and_nothing_else_runs(stage: Stage) -> None:
    page = got(stage.address).decode()
    assert 'src="front%20door"' in page
    assert "&lt;b&gt;yard&lt;/b&gt;" in page
    assert "<b>yard" not in page


def test_it_listens_on_this_machine_alone_under_a_secret(stage: Stage) -> None:
    assert stage.address.startswith("http://127.0.0.1:")
    root = stage.address.rsplit("/", 2)[0]
    for wrong in ("/", "/guess/", "/guess/front%20door"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            got(root + wrong)
    with pytest.raises(urllib.error.HTTPError, match="404"):
        got(stage.address + "nowhere")


def test_pictures_come_as_they_are_shown(stage: Stage) -> None:
    stage.show("front door", lambda: picture(3))
    found = pictures(stage.address + "front%20door", 2)
    assert number_of(next(found)) == 3
    stage.show("front door", lambda: picture(9))
    assert number_of(next(found)) == 9


def test_nothing_is_drawn_while_nobody_looks(stage: Stage) -> None:
    drawn = []

    def draw() -> Image:
        drawn.append(1)
        return picture(1)

    for _ in range(5):
        stage.show("front door", draw)
    assert not drawn
    next(pictures(stage.address + "front%20door", 1))
    assert len(drawn) == 1


def test_closing_ends_it() -> None:
    made = Stage(["a"])
    made.show("a", lambda: picture(1))
    made.close()
    with pytest.raises(OSError, match="refused"):
        got(made.address)
