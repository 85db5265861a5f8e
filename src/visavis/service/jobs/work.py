"""What a job does with one portion: enrol it, or find out that it was enrolled before."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from visavis.audit import Detail
from visavis.errors import (
    DuplicateSubject,
    EnrolmentRejected,
    InputError,
    TamperedTemplate,
    UnknownSubject,
    VisavisError,
    WrongKey,
)
from visavis.gallery.collection import Collection
from visavis.gallery.gallery import Gallery
from visavis.policy import Policy
from visavis.recognizer import Enrolment, Recognizer
from visavis.service.jobs.values import Contents, Result, Task
from visavis.types import Template

_FAR: Final = 10**6
"""Audit records that are looked through for an enrolment that may have been made."""
_SAME: Final = 1 - 1e-4
"""Similarity of two embeddings of one photo."""


class Enroller:
    """Enrols portions, each exactly once. Thread-safe."""

    def __init__(
        self,
        gallery: Gallery,
        recognizer_of: Callable[[str], Recognizer],
        policy_of: Callable[[Mapping[str, Any]], Policy],
    ) -> None:
        """`policy_of` makes a policy of what an order says of it."""
        self._gallery = gallery
        self._recognizer_of = recognizer_of
        self._policy_of = policy_of

    def enrol(self, task: Task, contents: Contents) -> tuple[Result, ...]:
        """The result of each photo. Raises VisavisError for what is wrong with more than these
        photos: no such collection, a rate that was not measured, a gallery that cannot be written.
        """
        recognizer = self._recognizer_of(task.order.collection)
        policy = self._policy_of(task.order.policy)
        if task.begun and self._was_enrolled(task):
            return _recovered(recognizer, policy, contents)
        if task.dropped:
            return (Result("cancelled"),) * len(contents.photos)
        if _expired(recognizer.collection, contents.subject):
            expired = Result("refused", "expired", "the subject has expired: forget it first")
            return (expired,) * len(contents.photos)
        details = {**task.order.origin, "job": task.mark}
        return self._enrolled(recognizer, policy, contents, details)

    def _was_enrolled(self, task: Task) -> bool:
        """Whether the audit log, written in one transaction with the templates, says so."""
        record = self._gallery.audit_find("job", task.mark, limit=_FAR)
        return record is not None and "templates" in record.details

    def _enrolled(
        self,
        recognizer: Recognizer,
        policy: Policy,
        contents: Contents,
        details: Mapping[str, Detail],
    ) -> tuple[Result, ...]:
        count = len(contents.photos)
        try:
            made = recognizer.enrol(
                contents.subject, contents.photos, policy=policy, details=details
            )
        except EnrolmentRejected as error:
            refusals = {r.index: Result("refused", r.code, r.reason) for r in error.rejections}
            return tuple(refusals[index] for index in range(count))
        except UnknownSubject as error:
            self._gallery.open_collection(recognizer.collection.name)  # if it is that which is gone
            return (_refused(error),) * count
        except (InputError, DuplicateSubject, TamperedTemplate, WrongKey) as error:
            return (_refused(error),) * count
        return _results(made, count)


def _results(made: Enrolment, count: int) -> tuple[Result, ...]:
    """Templates come in the order of the photos that were not rejected."""
    refusals = {r.index: Result("refused", r.code, r.reason) for r in made.rejected}
    templates = iter(made.templates)
    return tuple(
        refusals.get(index) or Result("enrolled", template=next(templates).id)
        for index in range(count)
    )


def _recovered(recognizer: Recognizer, policy: Policy, contents: Contents) -> tuple[Result, ...]:
    """What became of photos that were enrolled before anybody noted it: those whose embedding is
    a template's were accepted.
    """
    collection = recognizer.collection
    known = collection.templates(contents.subject) if contents.subject in collection else ()
    return tuple(_found(recognizer, policy, photo, known) for photo in contents.photos)


def _found(
    recognizer: Recognizer, policy: Policy, photo: bytes, known: Sequence[Template]
) -> Result:
    try:
        _, sample = recognizer.pipeline.sample(photo, policy)
    except InputError as error:
        return _refused(error)
    for template in known:
        if template.embedding.similarity(sample.embedding) >= _SAME:
            return Result("enrolled", template=template.id)
    return Result("refused", "interrupted", "refused before the service stopped, or removed since")


def _refused(error: VisavisError) -> Result:
    return Result("refused", error.code, str(error))


def _expired(collection: Collection, subject: str) -> bool:
    try:
        expiry = collection.subject(subject).expires_at
    except UnknownSubject:
        return False
    return expiry is not None and expiry <= datetime.now(UTC)
