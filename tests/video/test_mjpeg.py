"""MJPEG cameras on loopback: what they send, ask for and break."""

import hashlib
import re
import threading
from base64 import b64encode

import numpy as np
import pytest

from streams import LIMIT, Camera, Script, camera, jpeg, number_of, picture
from visavis.errors import BadStream, ImageTooLarge, StreamFailed
from visavis.image import ImageLimits
from visavis.video.address import Address
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


def sends(*parts: bytes, length: bool = True) -> Script:
    def script(answer: Camera.Answer) -> None:
        answer.begin()
        for part in parts:
            answer.part(part, length=length)

    return script


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


def status(code: int, **headers: str) -> Script:
    def script(answer: Camera.Answer) -> None:
        answer.send_response(code)
        for name, value in headers.items():
            answer.send_header(name.replace("_", "-"), value)
        answer.end_headers()

    return script


def test_redirects_are_not_followed() -> None:
    with camera(sends(*FRAMES)) as other:
        with (
            camera(status(302, Location=f"http://{other.place}/video")) as found,
            pytest.raises(StreamFailed, match="status 302"),
        ):
            next(opened(found).frames())
        assert other.requests == []


def test_a_basic_password_is_sent_when_it_is_asked_for() -> None:
    wanted = "Basic " + b64encode("admin:s3 cret@ü".encode()).decode()

    def script(answer: Camera.Answer) -> None:
        if answer.headers.get("Authorization") == wanted:
            sends(*FRAMES)(answer)
        else:
            status(401, WWW_Authenticate='Basic realm="x"')(answer)

    with camera(script) as found:
        assert read(opened(found, who="admin:s3%20cret%40%C3%BC@")) == list(range(6))
        assert "Authorization" not in found.requests[0][1]
        assert len(found.requests) == 2


@pytest.mark.parametrize("quality", ['qop="auth", ', ""])
def test_a_digest_is_made_when_it_is_asked_for(quality: str) -> None:
    def digest(text: str) -> str:
        return hashlib.md5(text.encode()).hexdigest()

    def right(header: str) -> bool:
        fields = dict(re.findall(r'(\w+)="?([^",]+)"?', header))
        secret, asked = digest("admin:door:s3cret"), digest(f"GET:{fields['uri']}")
        middle = f"{fields['nc']}:{fields['cnonce']}:auth:" if quality else ""
        return fields["uri"] == "/video?x=1" and fields["response"] == digest(
            f"{secret}:{fields['nonce']}:{middle}{asked}"
        )

    def script(answer: Camera.Answer) -> None:
        header = answer.headers.get("Authorization", "")
        if header.startswith("Digest ") and right(header):
            sends(*FRAMES)(answer)
        else:
            answer.send_response(401)
            answer.send_header("WWW-Authenticate", 'Basic realm="door"')
            answer.send_header("WWW-Authenticate", f'Digest realm="door", {quality}nonce="abc"')
            answer.end_headers()

    with camera(script) as found:
        assert read(opened(found, "/video?x=1", who="admin:s3cret@")) == list(range(6))
        assert "s3cret" not in str(found.requests)


@pytest.mark.parametrize(
    ("who", "message"),
    [("", "asks for a password"), ("admin:s3cret@", "refuses the user and password")],
)
def test_a_password_that_is_missing_or_wrong(who: str, message: str) -> None:
    challenge = 'Digest realm="x", nonce="n", algorithm=UNHEARD-OF, Basic realm="x"'
    with camera(status(401, WWW_Authenticate=challenge)) as found:
        source = opened(found, "/video?key=s3cret", who=who)
        with pytest.raises(StreamFailed, match=message) as caught:
            next(source.frames())
    said = str(caught.value) + repr(caught.value.__context__) + repr(caught.value.__cause__)
    assert "s3cret" not in said + source.name


def test_no_camera_at_all() -> None:
    with camera(sends(*FRAMES)) as found:
        source = opened(found)
    with pytest.raises(StreamFailed, match="Connection refused") as caught:
        next(source.frames())
    assert caught.value.__context__ is None


def test_an_answer_that_is_no_http() -> None:
    with (
        camera(lambda answer: answer.wfile.write(b"s3cret\r\n\r\n") and None) as found,
        pytest.raises(StreamFailed, match="BadStatusLine") as caught,
    ):
        next(opened(found).frames())
    assert "s3cret" not in str(caught.value)


def test_plain_http_where_tls_is_expected() -> None:
    with camera(sends(*FRAMES)) as found:
        address = Address.parse(f"https://{found.place}/video")
        for verify in (True, False):
            source = Mjpeg(address, SourceOptions(verify=verify, connect=5))
            with pytest.raises(StreamFailed, match="failed"):
                next(source.frames())


def test_a_camera_that_goes_silent_fails_in_time() -> None:
    def script(answer: Camera.Answer) -> None:
        answer.begin()
        answer.part(FRAMES[0])
        answer.wfile.write(b"--frame\r\n")
        answer.stay()

    with camera(script) as found:
        frames = opened(found, stall=0.2).frames()
        assert next(frames).number == 0
        with pytest.raises(StreamFailed, match=r"no frame for 0\.2 s"):
            next(frames)


def test_a_camera_that_drips_fails_too() -> None:
    def script(answer: Camera.Answer) -> None:
        answer.begin()
        answer.part(FRAMES[0])
        while not answer.camera.away.wait(0.02):
            answer.wfile.write(b"X")

    with camera(script) as found:
        frames = opened(found, stall=0.3).frames()
        next(frames)
        with pytest.raises(StreamFailed, match=r"no frame for 0\.3 s"):
            next(frames)


def test_close_ends_a_read_that_waits() -> None:
    def script(answer: Camera.Answer) -> None:
        answer.begin()
        answer.part(FRAMES[0])
        answer.stay()

    with camera(script) as found:
        source = opened(found, stall=LIMIT)
        frames = source.frames()
        next(frames)
        rest: list[int] = []
        reading = threading.Thread(target=lambda: rest.extend(f.number for f in frames))
        reading.start()
        source.close()
        reading.join(LIMIT / 2)
        assert not reading.is_alive()
        assert rest == []
        assert list(source.frames()) == []


def test_numbers_and_times_go_on_after_a_break() -> None:
    with camera(sends(*FRAMES)) as found:
        source = opened(found)
        first, second = take(source, 2), take(source, 2)
    assert [f.number for f in (*first, *second)] == [0, 1, 2, 3]
    times = np.array([f.at for f in (*first, *second)])
    assert (np.diff(times) >= 0).all()
