"""Addresses: what each is told to be, and that nothing shown of one holds a secret."""

import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.errors import BadStream
from visavis.video.address import Address

SECRETS = ["admin", "s3cret"]


@pytest.mark.parametrize("text", ["0", "webcam:0", "/dev/video0"])
def test_webcams(text: str) -> None:
    found = Address.parse(text)
    assert (found.kind, found.shown, found.url) == ("webcam", "webcam:0", "/dev/video0")


def test_files_and_folders(tmp_path: Path) -> None:
    folder = Address.parse(str(tmp_path))
    assert (folder.kind, folder.url) == ("folder", str(tmp_path))
    file = Address.parse(str(tmp_path / "clip 1.mp4"))
    assert (file.kind, file.shown) == ("file", str(tmp_path / "clip 1.mp4"))


@pytest.mark.parametrize(
    ("text", "kind", "shown"),
    [
        ("rtsp://camera/stream1", "rtsp", "rtsp://camera/stream1"),
        ("RTSPS://Camera:322/a/b", "rtsp", "rtsps://camera:322/a/b"),
        ("http://10.0.0.7:8080/video.mjpg", "http", "http://10.0.0.7:8080/video.mjpg"),
        ("https://[fe80::1]:8443/x", "http", "https://[fe80::1]:8443/x"),
    ],
)
def test_cameras_without_secrets_are_shown_whole(text: str, kind: str, shown: str) -> None:
    found = Address.parse(text)
    assert (found.kind, found.shown, found.url, str(found)) == (kind, shown, shown, shown)


@pytest.mark.parametrize(
    "text",
    [
        "rtsp://admin:s3cret@camera/live",
        "rtsp://admin:s3cret%40%2F@camera:554/live?admin=s3cret",
        "rtsp://camera/user=admin_password=s3cret_channel=1.sdp",
        "rtsp://camera/live;admin:s3cret",
        "http://admin@camera/live?token=s3cret",
        "http://camera/live?user=admin&pwd=s3cret",
    ],
)
def test_secrets_are_kept_for_those_who_connect_alone(text: str) -> None:
    found = Address.parse(text)
    for said in (found.shown, str(found), repr(found), f"{found}"):
        assert not any(secret in said for secret in SECRETS)
        assert "camera" in said
    assert all(secret in found.url for secret in SECRETS if secret in text)


def test_users_and_passwords_are_decoded_once_and_encoded_for_the_url() -> None:
    found = Address.parse("rtsp://us%65r:p%40%2F%25x@camera/live")
    assert (found.user, found.password) == ("user", "p@/%x")
    assert found.url == "rtsp://user:p%40%2F%25x@camera/live"
    assert Address.parse("rtsp://user:p@ss@camera/live").password == "p@ss"
    assert Address.parse(found.url) == found == pickle.loads(pickle.dumps(found))  # noqa: S301


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "got none"),
        ("a\0b", "got none"),
        ("ftp://admin:s3cret@camera/x", "got ftp://…"),
        ("concat://admin|s3cret", "got concat://…"),
        ("rtsp://", "host or port"),
        ("rtsp:///path", "host or port"),
        ("rtsp://camera:0/x", "host or port"),
        ("rtsp://admin:s3cret/more@camera/live", "host or port"),
        ("rtsp://admin:12/s3cret@camera/live", "write %40"),
        ("rtsp://admin:12?s3cret@camera/live", "write %40"),
        ("rtsp://admin:12#s3cret@camera/live", "write %40"),
        ("rtsp://[admin:s3cret/x", "host or port"),
        ("rtsp://camera/s3cret\r\nadmin: x", "control characters"),
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(text: str, message: str) -> None:
    with pytest.raises(BadStream, match=message) as caught:
        Address.parse(text)
    assert not any(secret in str(caught.value) for secret in SECRETS)


@given(st.text(max_size=40), st.text(min_size=1, max_size=20))
def test_nothing_but_bad_stream_is_raised_and_no_password_is_shown(user: str, word: str) -> None:
    password = f"s3cret{word}"
    try:
        found = Address.parse(f"rtsp://{user}:{password}@camera/live")
        said = found.shown + repr(found)
    except BadStream as error:
        said = str(error)
    assert "s3cret" not in said


def test_no_text_is_too_long_for_a_file() -> None:
    assert Address.parse("0" * 2000).kind == "file"
