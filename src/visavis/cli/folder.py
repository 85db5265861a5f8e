"""Enrolling a folder of people: on all cores, resumable, one transaction a subject."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from visavis.batching import batch
from visavis.cli.console import progress
from visavis.cli.pictures import Person, people
from visavis.cli.run import Interrupted
from visavis.cli.words import count
from visavis.errors import (
    DuplicateSubject,
    EnrolmentRejected,
    InputError,
    Rejection,
    UnknownSubject,
)

if TYPE_CHECKING:
    from visavis.recognizer import Recognizer


@dataclass(frozen=True, slots=True)
class About:
    """What is stored about each subject beside its templates."""

    metadata: Mapping[str, str] | None = None
    consent_ref: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Enrolled:
    """How one folder fared: templates stored, and photos refused with their reasons."""

    person: Person
    templates: int = 0
    refused: tuple[tuple[Path, Rejection], ...] = ()
    skipped: bool = False

    @property
    def present(self) -> bool:
        """The subject is in the gallery, from now or from before."""
        return self.skipped or self.templates > 0


def enrol(recognizer: "Recognizer", folder: Path, about: About) -> list[Enrolled]:
    """Enrols one subject a folder; those who are enrolled already are skipped.

    Raises InputError for a folder without folders, Interrupted on Ctrl-C.
    """
    found = people(folder)
    if not found:
        raise InputError(f"expected folders of photos, one a subject, in {folder}; found none")
    done: list[Enrolled] = []

    def one(person: Person) -> Enrolled:
        known = _known(recognizer, person.subject)
        fared = Enrolled(person, skipped=True) if known else _enrol(recognizer, person, about)
        done.append(fared)
        return fared

    try:
        with progress("enrolling", len(found)) as advance, closing(batch(one, found)) as outcomes:
            for outcome in outcomes:
                outcome.unwrap()
                advance(outcome.index + 1, len(found))
    except KeyboardInterrupt:
        raise Interrupted(_how_far(done, len(found))) from None
    return sorted(done, key=lambda d: d.person.subject)


def _known(recognizer: "Recognizer", subject: str) -> bool:
    """Whether the id is taken, be it by somebody who has expired."""
    try:
        recognizer.collection.subject(subject)
    except UnknownSubject:
        return False
    return True


def _enrol(recognizer: "Recognizer", person: Person, about: About) -> Enrolled:
    if not person.photos:
        empty = Rejection(0, "no_photo", "the folder holds no photo")
        return Enrolled(person, refused=((person.folder, empty),))
    try:
        made = recognizer.enrol(
            person.subject,
            person.photos,
            metadata=about.metadata,
            consent_ref=about.consent_ref,
            expires_at=about.expires_at,
        )
    except EnrolmentRejected as error:
        return Enrolled(person, refused=_named(person, error.rejections))
    except (InputError, DuplicateSubject) as error:
        return Enrolled(person, refused=_named(person, [Rejection(0, error.code, str(error))]))
    return Enrolled(person, len(made.templates), _named(person, made.rejected))


def _named(person: Person, refused: Sequence[Rejection]) -> tuple[tuple[Path, Rejection], ...]:
    return tuple((person.photos[r.index], r) for r in refused)


def _how_far(done: Sequence[Enrolled], total: int) -> str:
    fresh = sum(d.templates > 0 for d in done)
    return (
        f"stopped after {len(done)} of {count(total, 'folder')}: {fresh} enrolled and safe. "
        "Run the same command again to go on."
    )
