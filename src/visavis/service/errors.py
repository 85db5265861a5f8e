"""From errors to answers: this module alone knows which error is which HTTP status."""

import math
from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse

from visavis import errors
from visavis.errors import VisavisError

UNEXPECTED = "internal"


class TooManyFaces(errors.InputError):
    """Raised for a picture with more faces than the service works on."""

    code = "too_many_faces"


class RequestTooLarge(errors.InputError):
    """Raised for a request of more bytes or pictures than the service takes."""

    code = "request_too_large"


class BadRequest(errors.InputError):
    """Raised for a request that cannot be read: its body, its type or a parameter."""

    code = "invalid_request"

    def __init__(self, message: str, problems: tuple[Mapping[str, Any], ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems


class UnsupportedBody(errors.InputError):
    """Raised for a content type that is none of those a route takes."""

    code = "unsupported_media_type"


class TooSlowClient(VisavisError):
    """Raised when a request takes longer to arrive or to answer than it may."""

    code = "timeout"


class NotHere(VisavisError):
    """Raised for a path, a job, a challenge or a template that does not exist."""

    code = "not_found"


_BY_CODE: Mapping[str, int] = {
    "bad_image": 400,
    "invalid_request": 400,
    "bad_cursor": 400,
    "input": 400,
    "unauthorized": 401,
    "forbidden": 403,
    "not_found": 404,
    "unknown_subject": 404,
    "unknown_key": 404,
    "method_not_allowed": 405,
    "timeout": 408,
    "duplicate_subject": 409,
    "model_mismatch": 409,
    "gallery": 409,
    "duplicate_camera": 409,
    "fixed_camera": 409,
    "too_many_cameras": 409,
    "challenge_refused": 409,
    "idempotency_in_progress": 409,
    "image_too_large": 413,
    "request_too_large": 413,
    "unsupported_media_type": 415,
    "overloaded": 429,
    "too_slow": 429,
    "rate_limited": 429,
    "backed_off": 429,
    "busy": 503,
    "database": 503,
}
"""What is not here is 422 where the caller can mend it, and 500 where not."""


def status_of(error: VisavisError) -> int:
    """The HTTP status that tells a client what kind of error this is."""
    match error:
        case errors.WrongKey() | errors.TamperedTemplate() | errors.BrokenAudit():
            return 500
        case errors.ModelError() | errors.MissingExtra() | errors.MissingTool():
            return 500
        case _ if error.code in _BY_CODE:
            return _BY_CODE[error.code]
        case errors.InputError() | errors.ConfigError():
            return 422
        case errors.GalleryError():
            return 409
        case _:
            return 500


def envelope(
    code: str, message: str, request_id: str, details: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The one shape that every error has."""
    body = {"code": code, "message": message, "details": dict(details or {})}
    return {"error": body, "request_id": request_id}


def answer(error: VisavisError, request_id: str) -> JSONResponse:
    """What the client is told, with its status and headers."""
    return JSONResponse(told(error, request_id), status_of(error), headers=headers_of(error))


def told(error: VisavisError, request_id: str) -> dict[str, Any]:
    """The envelope of an error. Of what went wrong inside it says no more than that it did."""
    inside = status_of(error) >= 500
    message = "the service could not answer; its log says why" if inside else str(error)
    return envelope(error.code, message, request_id, {} if inside else details_of(error))


def details_of(error: VisavisError) -> dict[str, Any]:
    """What else a client can use: codes and scores, never pictures or vectors."""
    match error:
        case errors.LowQuality():
            return {"reasons": [str(reason) for reason in error.reasons]}
        case errors.NotLive(liveness=found) if found is not None:
            return {"reasons": list(found.reasons), "species": found.species}
        case errors.ChallengeRefused():
            return {"reason": str(error.reason)}
        case errors.EnrolmentRejected():
            return {
                "rejected": [
                    {"index": r.index, "code": r.code, "reason": r.reason} for r in error.rejections
                ]
            }
        case BadRequest():
            return {"problems": [dict(problem) for problem in error.problems]}
        case _:
            return {}


def headers_of(error: VisavisError) -> dict[str, str]:
    """Retry-After where waiting helps, and how to authenticate where that was missing."""
    after = getattr(error, "retry_after", None)
    if after is not None:
        return {"Retry-After": str(max(1, math.ceil(after)))}
    return {"WWW-Authenticate": "Bearer"} if error.code == "unauthorized" else {}
