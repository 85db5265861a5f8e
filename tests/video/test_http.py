"""Connections to HTTP cameras: passwords, TLS, what is not followed, and how they are cut off."""

import hashlib
import http.client
import re
import ssl
import threading
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import Message
from ipaddress import ip_address
from pathlib import Path
from typing import cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from streams import LIMIT, Camera, camera, jpeg, number_of, picture, sends, status
from visavis.errors import BadStream, StreamFailed
from visavis.video.address import Address
from visavis.video.http import Body
from visavis.video.mjpeg import Mjpeg
from visavis.video.source import SourceOptions

FRAMES = [jpeg(picture(i)) for i in range(6)]


def opened(
    found: Camera, rest: str = "/video", who: str = "", scheme: str = "http", **options: object
) -> Mjpeg:
    address = Address.parse(f"{scheme}://{who}{found.place}{rest}")
    return Mjpeg(address, SourceOptions(**options))  # type: ignore[arg-type]


def read(source: Mjpeg) -> list[int]:
    """The numbers of the pictures, until it ends."""
    numbers: list[int] = []
    with pytest.raises(StreamFailed, match="ended"):
        numbers.extend(number_of(frame.image) for frame in source.frames())
    return numbers


class Pieces:
    """An answer that comes in pieces."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.headers = Message()
        self._pieces = [piece for piece in pieces if piece]

    def read1(self, most: int) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""


def body(*pieces: bytes) -> Body:
    return Body(cast(http.client.HTTPResponse, Pieces(list(pieces))), "camera", LIMIT)


@given(st.lists(st.integers(0, 20)))
def test_a_body_reads_the_same_however_it_is_cut(cuts: list[int]) -> None:
    whole, pieces, start = b"one\r\ntwo--mark--three", [], 0
    for cut in cuts:
        pieces.append(whole[start : start + cut])
        start += cut
    found = body(*pieces, whole[start:])
    assert found.line(10) == b"one"
    assert found.until(b"--mark", 10) == b"two"
    assert found.exactly(3) == b"--t"
    with pytest.raises(StreamFailed, match="camera ended"):
        found.exactly(5)


@pytest.mark.parametrize("pieces", [[b"x" * 50 + b"\n"], [b"x"] * 50 + [b"\n"], [b"x" * 50]])
def test_a_body_takes_no_more_than_the_limit(pieces: list[bytes]) -> None:
    with pytest.raises(BadStream, match="at most 20 bytes"):
        body(*pieces).line(20)
    assert body(b"x" * 20 + b"\n").line(20) == b"x" * 20


@pytest.fixture(scope="module")
def self_signed(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """What a camera has out of its box: a certificate that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "camera")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    path: Path = tmp_path_factory.mktemp("tls") / "camera.pem"
    pem = serialization.Encoding.PEM
    path.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(pem)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def test_a_certificate_that_nobody_vouches_for(self_signed: ssl.SSLContext) -> None:
    with camera(sends(*FRAMES), self_signed) as found:
        with pytest.raises(StreamFailed, match="failed"):
            next(opened(found, scheme="https").frames())
        assert found.requests == []
        assert read(opened(found, scheme="https", verify=False)) == list(range(6))


def silent(answer: Camera.Answer) -> None:
    """One frame, and then nothing."""
    answer.begin()
    answer.part(FRAMES[0])
    answer.stay()


@pytest.fixture(params=["http", "https"])
def quiet(request: pytest.FixtureRequest, self_signed: ssl.SSLContext) -> Iterator[Mjpeg]:
    with camera(silent, self_signed if request.param == "https" else None) as found:
        yield opened(found, scheme=request.param, verify=False, stall=LIMIT)


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
    with camera(silent) as found:
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


def test_close_ends_a_read_that_waits(quiet: Mjpeg) -> None:
    frames = quiet.frames()
    next(frames)
    rest: list[int] = []
    reading = threading.Thread(target=lambda: rest.extend(f.number for f in frames))
    reading.start()
    quiet.close()
    reading.join(LIMIT / 2)
    assert not reading.is_alive()
    assert rest == []
    assert list(quiet.frames()) == []
