"""What is sealed in the rows of jobs: who the photos show, what became of them, and their keys."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from typing import Final, Self

from visavis.gallery.vault import DataKey
from visavis.service.jobs.values import Item, Result

_KEY: Final = "visavis/service/jobs/key"
_REPORT: Final = "visavis/service/jobs/report"
_PHOTO: Final = "visavis/service/jobs/photo"


@dataclass(frozen=True, slots=True)
class Report:
    """The photos of a portion by name, with their results; no names once the subject was
    forgotten.
    """

    subject: str | None
    files: tuple[str, ...]
    results: tuple[Result, ...]

    @classmethod
    def waiting(cls, subject: str, files: tuple[str, ...]) -> Self:
        """Before anything is done."""
        return cls(subject, files, (Result("waiting"),) * len(files))

    def items(self, first: int) -> Iterator[Item]:
        """The photos, numbered from `first`."""
        for offset, result in enumerate(self.results):
            file = self.files[offset] if self.files else None
            yield Item(first + offset, self.subject, file, result)

    def forgotten(self) -> "Report":
        """Without all that tells who it was: outcomes and their codes stay."""
        results = tuple(Result(result.outcome, result.code) for result in self.results)
        return Report(None, (), results)


class Seals:
    """Seals under one key of 32 bytes; each thing opens in its own place alone.

    Opening raises TamperedTemplate.
    """

    def __init__(self, key: bytes) -> None:
        self._key = DataKey(key)

    def lookup(self, collection: str, subject: str) -> str:
        """What stands for a subject where rows are sought."""
        return self._key.pseudonym(json.dumps([collection, subject]))

    def seal_key(self, key: bytes, job: str, portion: int) -> bytes:
        return self._key.seal(key, _KEY, job, str(portion))

    def open_key(self, sealed: bytes, job: str, portion: int) -> DataKey:
        """The key of a portion's photos."""
        return DataKey(self._key.unseal(sealed, _KEY, job, str(portion)))

    def seal_report(self, report: Report, job: str, portion: int) -> bytes:
        fields = [report.subject, report.files, [astuple(result) for result in report.results]]
        return self._key.seal(json.dumps(fields).encode(), _REPORT, job, str(portion))

    def open_report(self, sealed: bytes, job: str, portion: int) -> Report:
        subject, files, results = json.loads(self._key.unseal(sealed, _REPORT, job, str(portion)))
        return Report(subject, tuple(files), tuple(Result(*fields) for fields in results))


def seal_photo(key: DataKey, photo: bytes, job: str, number: int) -> bytes:
    """A photo under its portion's key; `number` is the photo's in its job."""
    return key.seal(photo, _PHOTO, job, str(number))


def open_photos(key: DataKey, sealed: Sequence[bytes], job: str, first: int) -> list[bytes]:
    """The photos of a portion. Raises TamperedTemplate."""
    ready = key.ready()
    return [ready.unseal(blob, _PHOTO, job, str(first + i)) for i, blob in enumerate(sealed)]
