"""Which error is which status, and what of it a client is told."""

import json

import pytest

from visavis import errors
from visavis.errors import VisavisError
from visavis.service import app, auth, rates
from visavis.service import errors as service
from visavis.service.admission import Overloaded, TooSlow
from visavis.service.backoff import BackedOff
from visavis.service.database import DatabaseUnusable
from visavis.service.idempotency import InProgress

STATUS = {
    400: "bad_image invalid_request bad_cursor input",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found unknown_subject unknown_key",
    408: "timeout",
    409: "duplicate_subject model_mismatch gallery challenge_refused idempotency_in_progress "
    "duplicate_camera fixed_camera too_many_cameras",
    413: "image_too_large request_too_large",
    415: "unsupported_media_type",
    422: "no_face many_faces low_quality not_live photos_disagree too_close bad_dataset bad_stream "
    "enrolment_rejected too_many_faces config not_measured idempotency_mismatch bad_archive "
    "bad_export host_not_allowed",
    429: "overloaded too_slow rate_limited backed_off",
    500: "error wrong_key tampered_template broken_audit model missing_weights corrupt_weights "
    "licence_not_accepted missing_extra missing_tool fetch_failed "
    "stream_failed not_taken",
    503: "busy database",
}
"""Every code that the service can answer with."""
BY_CODE = {code: status for status, codes in STATUS.items() for code in codes.split()}


def every(base: type[VisavisError] = VisavisError) -> list[type[VisavisError]]:
    """All errors of the library and the service; not the client's, which repeat the service's."""
    found = {base}
    for kind in base.__subclasses__():
        found.update(every(kind))
    ours = [kind for kind in found if kind.__module__.startswith("visavis.")]
    return sorted(
        (kind for kind in ours if not kind.__module__.startswith(("visavis.client", "visavis.ui"))),
        key=lambda kind: kind.__qualname__,
    )


def made(kind: type[VisavisError], message: str = "of the machine") -> VisavisError:
    """An error with a message, however it is constructed."""
    return kind.__new__(kind, message)


def test_all_routes_errors_are_known_here() -> None:
    assert app.create_app is not None
    assert {kind.__name__ for kind in every()} >= {"BadExport", "BadArchive", "RateLimited", "Busy"}


@pytest.mark.parametrize("kind", every())
def test_every_error_has_the_status_of_its_code(kind: type[VisavisError]) -> None:
    assert kind.code in BY_CODE, f"say which status {kind.__name__} ({kind.code}) has"
    assert service.status_of(made(kind)) == BY_CODE[kind.code]


def test_no_two_kinds_of_failure_share_a_code() -> None:
    codes = [kind.code for kind in every() if "code" in vars(kind)]
    assert len(codes) == len(set(codes))


INSIDE = [kind for kind in every() if service.status_of(made(kind)) >= 500]


@pytest.mark.parametrize("kind", INSIDE)
def test_what_went_wrong_inside_is_not_told(kind: type[VisavisError]) -> None:
    body = service.told(made(kind, "/var/lib/gallery.db: bad key"), "r" * 8)
    assert body["error"] == {
        "code": kind.code,
        "message": "the service could not answer; its log says why",
        "details": {},
    }


def test_what_the_caller_can_mend_is_told() -> None:
    found = service.answer(errors.NoFace("expected a face, got none"), "abcd1234")
    assert found.status_code == 422
    assert json.loads(bytes(found.body)) == {
        "error": {"code": "no_face", "message": "expected a face, got none", "details": {}},
        "request_id": "abcd1234",
    }


def test_an_error_nobody_knows_is_one_inside() -> None:
    class Strange(VisavisError):
        code = "strange"

    class Odd(errors.InputError):
        code = "odd"

    class Peculiar(errors.GalleryError):
        code = "peculiar"

    assert service.status_of(Strange("x")) == 500
    assert service.status_of(Odd("x")) == 422
    assert service.status_of(Peculiar("x")) == 409


@pytest.mark.parametrize(
    ("error", "details"),
    [
        (errors.LowQuality("poor", ["blurred", "dark"]), {"reasons": ["blurred", "dark"]}),
        (errors.NotLive("not live"), {}),
        (errors.ChallengeRefused("late", "expired"), {"reason": "expired"}),
        (
            errors.EnrolmentRejected("none", [errors.Rejection(1, "no_face", "no face in it")]),
            {"rejected": [{"index": 1, "code": "no_face", "reason": "no face in it"}]},
        ),
        (
            service.BadRequest("bad", ({"where": "body", "what": "x"},)),
            {"problems": [{"where": "body", "what": "x"}]},
        ),
        (errors.NoFace("none"), {}),
    ],
)
def test_details(error: VisavisError, details: object) -> None:
    assert service.told(error, "r")["error"]["details"] == details


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (rates.RateLimited("often", 0.2), "1"),
        (rates.RateLimited("often", 2.1), "3"),
        (BackedOff("wait", 30.0), "30"),
        (Overloaded("full", 0.0), "1"),
        (TooSlow("full", 4.5), "5"),
        (InProgress("still"), "1"),
    ],
)
def test_retry_after_is_whole_seconds_and_long_enough(error: VisavisError, seconds: str) -> None:
    assert service.answer(error, "r").headers["retry-after"] == seconds


def test_how_to_authenticate_is_told_where_that_was_missing() -> None:
    missing = service.answer(auth.Unauthorized("none"), "r").headers
    assert missing["www-authenticate"] == "Bearer"
    for other in (auth.Forbidden("no"), errors.NoFace("no"), DatabaseUnusable("no")):
        assert service.headers_of(other) == {}
