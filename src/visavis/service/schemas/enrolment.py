"""Enrolment: what comes with pictures, the templates they became, those that were refused."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Self

from pydantic import BeforeValidator, Field

from visavis.errors import Rejection
from visavis.recognizer import Enrolment
from visavis.service.schemas.base import Message, Request
from visavis.service.schemas.policy import PolicyQuery
from visavis.service.schemas.values import Metadata, Moment, Text
from visavis.types import Template

_NUMBER: Final = r"-?[0-9]{1,5}(\.[0-9]{1,3})?"


class TemplateOut(Message):
    """A stored template, without its vector."""

    id: str = Field(examples=["00c5aa29f1b2de34"])
    quality: float = Field(examples=[0.71], description="of the face it was made from, 0 to 1")
    enrolled_at: datetime

    @classmethod
    def of(cls, template: Template) -> Self:
        quality = round(template.quality, 4)
        return cls(id=template.id, quality=quality, enrolled_at=template.enrolled_at)


class TemplatesOut(Message):
    """A page of a subject's templates, oldest first."""

    items: list[TemplateOut]
    next: str | None = Field(
        examples=[None], description="cursor of the next page, null at the end"
    )


class RejectedOut(Message):
    """A picture that was not enrolled: its place in the request, a stable code, the reason."""

    index: int = Field(examples=[1])
    code: str = Field(examples=["no_face"])
    reason: str = Field(examples=["expected a face, found none"])

    @classmethod
    def of(cls, found: Rejection) -> Self:
        return cls(index=found.index, code=found.code, reason=found.reason)


class EnrolledOut(Message):
    """What an enrolment stored, and the pictures that it refused."""

    subject: str = Field(examples=["ada"])
    templates: list[TemplateOut]
    rejected: list[RejectedOut]

    @classmethod
    def of(cls, found: Enrolment) -> Self:
        return cls.made(found.subject, found.templates, found.rejected)

    @classmethod
    def made(
        cls, subject: str, templates: Sequence[Template], rejected: Sequence[Rejection] = ()
    ) -> Self:
        return cls(
            subject=subject,
            templates=[TemplateOut.of(template) for template in templates],
            rejected=[RejectedOut.of(one) for one in rejected],
        )


def _parsed(given: Any) -> Any:
    """The value of JSON text, as forms hold it."""
    if not isinstance(given, str):
        return given
    try:
        return json.loads(given)
    except (ValueError, RecursionError):
        raise ValueError("expected a JSON object") from None


class EnrolFields(Request):
    """What may be said of a subject with its pictures; what is given replaces what is known."""

    name: Text | None = Field(None, examples=["Ada Lovelace"])
    metadata: Annotated[Metadata | None, BeforeValidator(_parsed)] = Field(
        None, description="text to text, 50 entries at most; in a form, as JSON text"
    )
    consent_ref: Text | None = Field(None, examples=["form-2025-117"])
    expires_at: Moment | None = None


class EnrolQuery(PolicyQuery):
    """The policy of an enrolment, and which face is meant."""

    box: str | None = Field(
        None,
        pattern=rf"^{_NUMBER}(,{_NUMBER}){{3}}$",
        description="left, top, right, bottom of the face meant in the one picture",
        examples=["84,60.5,171,183"],
    )

    @property
    def corners(self) -> tuple[float, ...] | None:
        return None if self.box is None else tuple(map(float, self.box.split(",")))
