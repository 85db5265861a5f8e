"""Errors, from the service and from what may stand before it."""

import json

import pytest

from visavis.client.errors import Answer, ServiceError, Unreachable, reading
from visavis.errors import VisavisError

ENVELOPE = {
    "error": {"code": "low_quality", "message": "too dark", "details": {"reasons": ["too_dark"]}},
    "request_id": "5f0c6d3e9a1b",
}


def answer(status: int, body: bytes, **headers: str) -> Answer:
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


def test_the_envelope_is_the_error() -> None:
    error = answer(422, json.dumps(ENVELOPE).encode()).error()
    assert isinstance(error, VisavisError)
    assert (error.code, str(error), error.status) == ("low_quality", "too dark", 422)
    assert error.details == {"reasons": ["too_dark"]}
    assert error.request_id == "5f0c6d3e9a1b"
    assert error.retry_after is None


@pytest.mark.parametrize(
    "body", [b"<html>", b"", b"[]", b'"x"', b"{}", b'{"error": "no"}', b"null"]
)
def test_any_other_answer_is_an_error_too(body: bytes) -> None:
    error = answer(502, body, x_request_id="r1").error()
    assert (error.code, error.status, error.request_id) == ("bad_answer", 502, "r1")


@pytest.mark.parametrize(
    ("given", "seconds"),
    [("7", 7.0), ("", None), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("-1", None)],
)
def test_retry_after(given: str, seconds: float | None) -> None:
    body = json.dumps(ENVELOPE).encode()
    assert answer(429, body, retry_after=given).error().retry_after == seconds
    assert answer(429, b"", retry_after=given).error().retry_after == seconds


def test_what_cannot_be_read_says_what_was_expected() -> None:
    with pytest.raises(
        ServiceError, match=r"expected a face, got something else: KeyError"
    ) as caught:
        answer(200, b"{}", x_request_id="r1").read(lambda found: found["box"], "a face")
    assert (caught.value.code, caught.value.status) == ("bad_answer", 200)
    assert caught.value.request_id == "r1"


def test_an_empty_answer_is_read_as_none() -> None:
    assert answer(204, b"").read(lambda found: found is None, "nothing")


def test_other_errors_pass_through() -> None:
    with pytest.raises(Unreachable), reading("a face"):
        raise Unreachable("nobody there")
