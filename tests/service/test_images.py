"""Pictures out of requests: every way to send one, and what is refused."""

import asyncio
import base64
import json
import tempfile
from collections.abc import Callable
from typing import Any

import pytest
from starlette.requests import Request
from starlette.testclient import TestClient

from visavis.service.errors import BadRequest, RequestTooLarge, UnsupportedBody
from visavis.service.images import RAW, Upload, decode_base64, parse_object, read_upload
from visavis.serving import ServiceSettings

Pictures = Callable[..., bytes]
FORM = "multipart/form-data; boundary=x"
LIMITS = ServiceSettings(max_images=3)


def part(disposition: str, body: str = "1", end: str = "\r\n--x--\r\n") -> bytes:
    return f"--x\r\nContent-Disposition: {disposition}\r\n\r\n{body}{end}".encode()


def request(body: bytes, kind: str | None, whole: bool = True) -> Request:
    """A request whose body comes in two pieces, or whose client goes after the first."""
    half = len(body) // 2
    rest = {"type": "http.request", "body": body[half:], "more_body": False}
    messages = [
        {"type": "http.request", "body": body[:half], "more_body": True},
        rest if whole else {"type": "http.disconnect"},
    ]

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    headers = [] if kind is None else [(b"content-type", kind.encode())]
    return Request({"type": "http", "method": "POST", "headers": headers}, receive)


def read(
    body: bytes, kind: str | None, pictures: tuple[str, ...] = (RAW,), whole: bool = True
) -> Upload:
    return asyncio.run(read_upload(request(body, kind, whole), LIMITS, pictures))


def test_every_way_to_send_a_picture_gives_the_same_answer(
    client: TestClient, png: Pictures
) -> None:
    photo = png("ada", "ben")
    text = base64.b64encode(photo).decode()
    ways: list[dict[str, Any]] = [
        {"files": {"image": ("a.png", photo, "image/png")}},
        {"files": {"image": photo}},
        {"content": photo, "headers": {"Content-Type": "image/png"}},
        {"content": photo, "headers": {"Content-Type": "IMAGE/JPEG; q=1"}},
        {"content": photo, "headers": {"Content-Type": "application/octet-stream"}},
        {"json": {"image": text}},
        {"json": {"image": [text]}},
        {"json": {"image": f"data:image/png;base64,{text}"}},
    ]
    answers = [client.post("/v1/detect", **way) for way in ways]
    assert [answer.status_code for answer in answers] == [200] * len(ways)
    assert len(answers[0].json()["faces"]) == 2
    assert all(answer.json() == answers[0].json() for answer in answers)


def test_other_content_types_are_415(client: TestClient, png: Pictures) -> None:
    for kind in ("text/plain", "application/xml", "multipart/mixed; boundary=x", "image", ""):
        answer = client.post("/v1/detect", content=png("ada"), headers={"Content-Type": kind})
        assert answer.status_code == 415, kind
        assert answer.json()["error"]["code"] == "unsupported_media_type"
    with pytest.raises(UnsupportedBody, match="no content type"):
        read(b"", None)


def test_broken_forms_are_400(client: TestClient) -> None:
    name = 'form-data; name="image"; filename="a.png"'
    broken: list[tuple[str, bytes]] = [
        ("multipart/form-data", part(name)),
        (FORM, b""),
        (FORM, b"no form at all"),
        (FORM, part(name).replace(b"--x\r", b"--y\r")),
        (FORM, part("form-data")),
        (FORM, part(name).replace(b"Content-Disposition: ", b"Content-Disposition\x00 ")),
        (FORM, b"--x\r\n\r\n1\r\n--x--\r\n"),
        (FORM, part(name, end="")),
        (FORM, part('form-data; name="image"', "x" * 2**17)),
    ]
    for kind, body in broken:
        answer = client.post("/v1/detect", content=body, headers={"Content-Type": kind})
        assert answer.status_code == 400, (kind, body[:80], answer.text)


def test_a_form_has_files_and_fields() -> None:
    name = 'form-data; name="image"; filename="a"'
    body = part(name, "1", "\r\n") + part('form-data; name="who"', "ada", "\r\n") + part(name, "2")
    found = read(body, FORM)
    assert (found.files, found.fields) == ({"image": (b"1", b"2")}, {"who": "ada"})
    assert read(body, f"{FORM}; charset=nonsense") == found


def test_json_has_pictures_and_fields() -> None:
    body = json.dumps({"a": "MQ==", "b": ["Mg==", "Mw=="], "image": "MQ==", "n": 1}).encode()
    found = read(body, "application/json; charset=utf-8", ("a", "b", "c"))
    assert found.files == {"a": (b"1",), "b": (b"2", b"3")}
    assert found.fields == {"image": "MQ==", "n": 1}


def test_bodies_that_are_no_json_object_are_refused() -> None:
    deep = b"[" * 100_000
    for body in (b"", b"{", b"[]", b'"a"', b"null", b"\xff", deep, b'{"a": ' + b"9" * 5000 + b"}"):
        with pytest.raises(BadRequest):
            parse_object(body)


def test_base64_is_text_and_whole() -> None:
    assert decode_base64("a", "MQ==") == decode_base64("a", "data:image/png;base64,MQ==") == b"1"
    broken: list[Any] = [1, None, {}, ["MQ=="], "MQ", "M*==", "é", "MQ==MQ==%", "data:,%"]
    for text in broken:
        with pytest.raises(BadRequest, match="'a'"):
            decode_base64("a", text)


def test_more_pictures_than_allowed_are_too_many(client: TestClient) -> None:
    most = json.dumps({"image": ["MQ=="] * 3}).encode()
    assert len(read(most, "application/json").many(RAW)) == 3
    with pytest.raises(RequestTooLarge, match="at most 3 pictures, got 4"):
        read(
            json.dumps({"a": ["MQ=="] * 2, "b": ["MQ=="] * 2}).encode(),
            "application/json",
            ("a", "b"),
        )
    answer = client.post("/v1/detect", json={"image": ["MQ=="] * 65})
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "request_too_large")
    form = client.post("/v1/detect", files=[("image", b"1")] * 65)
    assert form.status_code == 413


def test_one_picture_is_neither_none_nor_two() -> None:
    upload = Upload({"a": (b"1",), "b": (b"1", b"2"), "c": ()})
    assert (upload.one("a"), upload.many("b")) == (b"1", (b"1", b"2"))
    for name, words in (("b", "got 2"), ("c", "'c', got a, b, c"), ("d", "'d', got a, b, c")):
        with pytest.raises(BadRequest, match=words):
            upload.one(name)
    with pytest.raises(BadRequest, match="got none"):
        Upload({}).many("a")


def test_a_field_of_a_form_that_is_text_is_no_picture(client: TestClient) -> None:
    form = {"image": (None, b"text")}
    answer = client.post("/v1/detect", files=form)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")


def test_a_client_that_goes_away_is_a_bad_request() -> None:
    for kind in (FORM, "application/json", "image/png", "application/octet-stream"):
        with pytest.raises(BadRequest, match="went away"):
            read(part('form-data; name="image"; filename="a"'), kind, whole=False)


def test_no_upload_is_written_to_disk(
    client: TestClient, png: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    own = tempfile.SpooledTemporaryFile.rollover

    def rollover(self: Any) -> None:
        written.append("rolled over")
        own(self)

    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", rollover)
    photo = png("ada", size=2400, noise=90)
    assert len(photo) > 3 * 2**20
    answer = client.post("/v1/detect", files={"image": ("a.png", photo, "image/png")})
    assert (answer.status_code, answer.json()["width"]) == (200, 2400)
    assert written == []


def test_base64_may_come_in_lines() -> None:
    assert decode_base64("image", "aGVs\nbG8=\n") == b"hello"
