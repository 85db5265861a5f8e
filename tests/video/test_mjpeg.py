"""MJPEG cameras on loopback: what they send, and what of it is broken."""

from contextlib import nullcontext
from email.message import Message
from http.client import HTTPResponse
from io import BytesIO
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams import Camera, camera, jpeg, number_of, picture, sends
from visavis.errors import BadStream, ImageTooLarge, StreamFailed
from visavis.image import ImageLimits
from visavis.video.address import Address
from visavis.video.http import Body
from visavis.video.mjpeg import Mjpeg
from visavis.video.source import SourceOptions

FRAMES = [jpeg(picture(i)) for i in range(6)]


def opened(found: Camera, rest: str = "/video", who: str = "", **options: object) -> Mjpeg:
    address = Address.parse(f"http://{who}{found.place}{rest}")
    return Mjpeg(address, SourceOptions(**options))  # type: ignore[arg-type]


def read(source: Mjpeg) -> list[int]:
    """The numbers of the pictures, until it ends."""
    numbers: list[int] = []
    with pytest.raises(StreamFailed, match="ended"):
        numbers.extend(number_of(frame.image) for frame in source.frames())
    return numbers


@pytest.mark.parametrize("length", [True, False])
def test_frames_with_and_without_their_length(length: bool) -> None:
    with camera(sends(*FRAMES, b"", length=length)) as found:
        source = opened(found)
        numbers: list[int] = []
        with pytest.raises(StreamFailed, match="ended"):
            numbers.extend(number_of(frame.image) for frame in source.frames())
    assert numbers == list(range(6))
    assert found.requests[0][0] == "/video"
    assert source.live
    assert source.name == f"http://{found.place}/video"


@pytest.mark.parametrize(
    ("kind", "boundary"),
    [
        ("multipart/x-mixed-replace;boundary=frame", "frame"),
        ('multipart/x-mixed-replace; charset=x; boundary="a b"', "a b"),
        ("multipart/x-mixed-replace; boundary=--frame", "frame"),
        ("Multipart/Mixed; BOUNDARY=frame", "frame"),
    ],
)
def test_boundaries_as_cameras_write_them(kind: str, boundary: str) -> None:
    def script(answer: Camera.Answer) -> None:
        answer.begin(kind)
        answer.wfile.write(b"preamble\r\n")
        for frame in FRAMES[:3]:
            answer.part(frame, boundary=boundary)
        answer.wfile.write(f"--{boundary}--\r\n".encode())
        answer.stay()

    with camera(script) as found:
        numbers = [number_of(f.image) for f in take(opened(found), 3)]
    assert numbers == [0, 1, 2]


def take(source: Mjpeg, count: int) -> list:  # type: ignore[type-arg]
    frames = source.frames()
    found = [next(frames) for _ in range(count)]
    frames.close()
    return found


def test_an_end_that_is_stated_is_an_end() -> None:
    def script(answer: Camera.Answer) -> None:
        answer.begin()
        answer.part(FRAMES[0])
        answer.wfile.write(b"--frame--\r\n")

    with camera(script) as found:
        assert read(opened(found)) == [0]


def test_parts_that_are_no_whole_jpeg_are_passed_over_and_counted() -> None:
    parts = [FRAMES[0], b"", b"text", FRAMES[1][:300], b"\xff\xd8\xff\xd9", FRAMES[2]]
    with camera(sends(*parts, b"")) as found:
        source = opened(found)
        assert read(source) == [0, 2]
    assert source.corrupt >= 4


def test_a_jpeg_broken_inside_gives_black_and_is_counted_once() -> None:
    broken = bytearray(FRAMES[0])
    tables = broken.index(b"\xff\xc4")  # the codes by which the rest is read
    broken[tables + 5 : tables + 21] = b"\xff" * 16
    with camera(sends(bytes(broken), FRAMES[1])) as found:
        source = opened(found)
        first, second = take(source, 2)
    assert source.corrupt == 0
    assert first.image.shape == (48, 64, 3)
    assert not first.image.any()
    assert first.image is first.image
    assert source.corrupt == 1
    assert number_of(second.image) == 1


def test_a_stream_of_other_things_is_given_up() -> None:
    def script(answer: Camera.Answer) -> None:
        answer.begin()
        while not answer.camera.away.is_set():
            answer.part(b"no picture")

    with camera(script) as found, pytest.raises(BadStream, match="other things"):
        next(opened(found).frames())


def test_frames_beyond_the_limits_are_refused_before_they_are_decoded() -> None:
    with camera(sends(FRAMES[0])) as found:
        small = ImageLimits(max_pixels=64 * 47)
        with pytest.raises(ImageTooLarge):
            next(opened(found, limits=small).frames())
        few = ImageLimits(max_bytes=200)
        with pytest.raises(BadStream, match="at most 200 bytes"):
            next(opened(found, limits=few).frames())
    with (
        camera(sends(FRAMES[0], FRAMES[1], length=False)) as found,
        pytest.raises(BadStream, match="at most 200 bytes"),
    ):
        next(opened(found, limits=few).frames())


def test_headers_without_end_are_refused() -> None:
    def script(answer: Camera.Answer) -> None:
        answer.begin()
        answer.wfile.write(b"--frame\r\n" + b"X: y\r\n" * 200)
        answer.stay()

    with camera(script) as found, pytest.raises(BadStream, match="headers"):
        next(opened(found).frames())


@pytest.mark.parametrize("kind", ["text/html", "image/jpeg", "multipart/x-mixed-replace", ""])
def test_other_kinds_are_no_stream(kind: str) -> None:
    with (
        camera(lambda answer: answer.begin(kind)) as found,
        pytest.raises(BadStream, match="expected multipart"),
    ):
        next(opened(found).frames())


def test_numbers_and_times_go_on_after_a_break() -> None:
    with camera(sends(*FRAMES)) as found:
        source = opened(found)
        first, second = take(source, 2), take(source, 2)
    assert [f.number for f in (*first, *second)] == [0, 1, 2, 3]
    times = np.array([f.at for f in (*first, *second)])
    assert (np.diff(times) >= 0).all()


class Garbled:
    """An answer that holds whatever it was given."""

    def __init__(self, data: bytes) -> None:
        self.headers = Message()
        self.headers["Content-Type"] = "multipart/x-mixed-replace; boundary=f"
        self._data = BytesIO(data)

    def read1(self, most: int) -> bytes:
        return self._data.read(min(most, 7))


PIECES = [b"--f", b"\r\n", b"\n", b"Content-Length: ", b"5", b"-1", FRAMES[0], b"\xff\xd8", b"--"]


@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=20), max_size=30))
def test_whatever_comes_ends_in_an_error_of_ours(pieces: list[bytes]) -> None:
    source = Mjpeg(Address.parse("http://camera/x"), SourceOptions())
    body = Body(cast(HTTPResponse, Garbled(b"--f\r\n\r\n" + b"".join(pieces))), "camera", 60.0)
    source._line.get = lambda: nullcontext(body)  # type: ignore[method-assign,assignment]
    shapes = []
    with pytest.raises((StreamFailed, BadStream)):
        shapes.extend(frame.image.shape for frame in source.frames())
    assert set(shapes) <= {(48, 64, 3)}
