"""Many pictures in one request: each with its result or its error."""

from typing import Generic, Self, TypeVar

from pydantic import Field

from visavis.errors import VisavisError
from visavis.service.errors import details_of, status_of
from visavis.service.schemas.base import ErrorBody, Message
from visavis.service.schemas.decisions import IdentifiedOut
from visavis.service.schemas.faces import DetectedOut, EmbeddingsOut

R = TypeVar("R", bound=Message)


class BatchItem(Message, Generic[R]):
    """What became of one picture: a result or an error, the other is null."""

    index: int = Field(examples=[0], description="the picture's place in the request")
    result: R | None
    error: ErrorBody | None

    @classmethod
    def of(cls, index: int, found: R | VisavisError) -> Self:
        """An error is told as it would be of this picture alone."""
        if isinstance(found, VisavisError):
            return cls(index=index, result=None, error=_told(found))
        return cls(index=index, result=found, error=None)


class DetectedItem(BatchItem[DetectedOut]):
    """The faces of one picture, or why there is no answer."""


class EmbeddedItem(BatchItem[EmbeddingsOut]):
    """The vectors of one picture, or why there is no answer."""


class IdentifiedItem(BatchItem[IdentifiedOut]):
    """Who is in one picture, or why there is no answer."""


class DetectedBatch(Message):
    """The faces of each picture, in the order of the request."""

    items: list[DetectedItem]


class EmbeddedBatch(Message):
    """The vectors of each picture, in the order of the request."""

    items: list[EmbeddedItem]


class IdentifiedBatch(Message):
    """Who is in each picture, in the order of the request."""

    items: list[IdentifiedItem]


def _told(error: VisavisError) -> ErrorBody:
    if status_of(error) >= 500:
        return ErrorBody(code=error.code, message="the service could not answer; its log says why")
    return ErrorBody(code=error.code, message=str(error), details=details_of(error))
