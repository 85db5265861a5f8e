"""Collections on their way to and from another service, in files under a passphrase."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, Self

from visavis.client.bodies import File, Form
from visavis.client.operation import DEFAULT, Fields, Operation, path
from visavis.client.photos import file_bytes
from visavis.client.reading import nothing
from visavis.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Transfer:
    """What an import stored; `skipped` subjects were there already."""

    subjects: int
    templates: int
    skipped: int

    @classmethod
    def of(cls, found: Fields) -> Self:
        return cls(int(found["subjects"]), int(found["templates"]), int(found["skipped"]))


@dataclass(frozen=True, slots=True)
class Download:
    """An operation whose answer goes to a file."""

    operation: Operation[None]
    to: Path

    @contextmanager
    def file(self) -> Iterator[BinaryIO]:
        """The file, new and of mode 0600; gone again if the block fails.

        Raises ConfigError where there is one already, or none can be.
        """
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        try:
            with os.fdopen(os.open(self.to, flags, 0o600), "wb") as file, self._whole():
                yield file
        except FileExistsError:
            raise ConfigError(f"{self.to} exists; an export is never overwritten") from None
        except OSError as error:
            raise ConfigError(f"cannot write {self.to}: {error.strerror}") from None

    @contextmanager
    def _whole(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.to.unlink()
            raise


def export(to: str | os.PathLike[str], passphrase: str, *, collection: str = DEFAULT) -> Download:
    """Saves all that a collection holds to a new file; whoever has it and the passphrase has all.

    Raises ConfigError where there is such a file already.
    """
    address = path("collections", collection, "export")
    body = {"passphrase": passphrase}
    return Download(Operation("POST", address, nothing, body=body), Path(to))


def import_(
    file: str | os.PathLike[str],
    passphrase: str,
    *,
    collection: str = DEFAULT,
    existing: Literal["refuse", "skip", "merge"] = "refuse",
) -> Operation[Transfer]:
    """Adds the subjects of an export, all or none, and makes the collection if need be.

    `existing`: what becomes of a subject whose id is taken.
    """
    texts = {"passphrase": passphrase, "existing": existing}
    form = Form([File("file", file_bytes(Path(file)), "export.visavis")], texts)
    address = path("collections", collection, "import")
    return Operation("POST", address, Transfer.of, body=form, again=False)
