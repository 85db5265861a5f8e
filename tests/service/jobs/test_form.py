"""The form of a job: an archive, or photos with their paths."""

import asyncio

import httpx
import pytest
from starlette.requests import Request
from starlette.types import Message

from visavis.service.errors import BadRequest, UnsupportedBody
from visavis.service.jobs.form import JobForm, read_form
from visavis.service.jobs.limits import JobLimits

Files = list[tuple[str, tuple[str, bytes]]]


def request(content: bytes, kind: str) -> Request:
    async def receive() -> Message:
        return {"type": "http.request", "body": content, "more_body": False}

    headers = [(b"content-type", kind.encode())]
    return Request({"type": "http", "method": "POST", "headers": headers}, receive)


def read(files: Files, limits: JobLimits, **fields: str) -> JobForm:
    made = httpx.Request("POST", "http://x", files=files, data=fields)
    found = request(made.read(), made.headers["content-type"])
    return asyncio.run(read_form(found, 10**6, limits))


def test_an_archive_or_images_with_their_paths(limits: JobLimits) -> None:
    assert read([("archive", ("people.zip", b"zip"))], limits) == JobForm(b"zip", ())
    files: Files = [("images", ("ada/1.jpg", b"a")), ("images", ("zoë/ü.jpg", b"z"))]
    assert read(files, limits) == JobForm(None, (("ada/1.jpg", b"a"), ("zoë/ü.jpg", b"z")))


@pytest.mark.parametrize(
    "files",
    [
        [("other", ("ada/1.jpg", b"a"))],
        [("archive", ("a.zip", b"a")), ("archive", ("b.zip", b"b"))],
        [("archive", ("a.zip", b"a")), ("images", ("ada/1.jpg", b"a"))],
        [("images", ("ada/1.jpg", b"a")), ("other", ("x", b"x"))],
    ],
)
def test_other_files_are_refused(files: Files, limits: JobLimits) -> None:
    with pytest.raises(BadRequest):
        read(files, limits)


def test_too_many_files_and_stray_fields_are_refused(limits: JobLimits) -> None:
    with pytest.raises(BadRequest, match="Too many files"):
        read([("images", (f"ada/{i}", b"x")) for i in range(limits.photos + 1)], limits)
    with pytest.raises(BadRequest, match="fields"):
        read([("images", ("ada/1", b"x"))], limits, subject="ada")


def test_bodies_that_are_no_form(limits: JobLimits) -> None:
    for kind in ("application/json", "image/jpeg", ""):
        with pytest.raises(UnsupportedBody):
            asyncio.run(read_form(request(b"{}", kind), 10**6, limits))
    for kind in ("multipart/form-data", "multipart/form-data; boundary=x"):
        with pytest.raises(BadRequest):
            asyncio.run(read_form(request(b"nothing of that kind", kind), 10**6, limits))
