"""What goes wrong when the service is asked."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from visavis.errors import VisavisError

T = TypeVar("T")

BAD_ANSWER: Final = "bad_answer"


class ServiceError(VisavisError):
    """The service refused, or its answer could not be read.

    `code` is the service's own (`no_face`, `forbidden`, …); `status` the HTTP status, None where
    there was none; `request_id` finds the request in the service's logs; `retry_after` seconds.
    """

    code = "service"

    def __init__(
        self,
        message: str,
        code: str,
        *,
        status: int | None = None,
        request_id: str | None = None,
        details: Mapping[str, Any] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.request_id = request_id
        self.details = dict(details or {})
        self.retry_after = retry_after


class Unreachable(ServiceError):
    """Raised where no answer came: nobody listens, the line broke, or it took too long."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "unreachable")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came over HTTP; the names of `headers` in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def request_id(self) -> str | None:
        """Under which the service's logs have it."""
        return self.headers.get("x-request-id")

    def read(self, read: Callable[[Any], T], what: str) -> T:
        """What `read` makes of the JSON, None for an empty body. Raises ServiceError."""
        with reading(what, self.status, self.request_id):
            return read(json.loads(self.body) if self.body else None)

    def error(self) -> ServiceError:
        """What an answer that is no success says, whether the service gave it or a proxy."""
        try:
            told = json.loads(self.body)
            return error_of(told, status=self.status, retry_after=self._retry_after())
        except (ValueError, KeyError, TypeError, AttributeError):
            return ServiceError(
                f"expected an answer of the service, got HTTP {self.status}",
                BAD_ANSWER,
                status=self.status,
                request_id=self.request_id,
                retry_after=self._retry_after(),
            )

    def _retry_after(self) -> float | None:
        """Seconds. A date, as proxies may give, counts as none."""
        given = self.headers.get("retry-after", "")
        return float(given) if given.isdecimal() else None


@contextmanager
def reading(what: str, status: int | None = None, ident: str | None = None) -> Iterator[None]:
    """Turns what goes wrong in the reading of an answer into ServiceError."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        told = f"expected {what}, got something else: {type(error).__name__}: {error}"
        raise ServiceError(told, BAD_ANSWER, status=status, request_id=ident) from error


def error_of(
    told: Mapping[str, Any], *, status: int | None = None, retry_after: float | None = None
) -> ServiceError:
    """The error of an envelope. Raises KeyError, TypeError, AttributeError for anything else."""
    body = told["error"]
    return ServiceError(
        str(body["message"]),
        str(body["code"]),
        status=status,
        request_id=told.get("request_id"),
        details=body.get("details"),
        retry_after=retry_after,
    )
