"""The sealed photos of jobs on disk: one file a job, cut shorter as its portions are done.

Portions stand in it in reverse: the one whose turn comes first is last, so that a file is cut at
the end of what is left.
"""

import math
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from visavis.errors import ConfigError, TamperedTemplate
from visavis.gallery.vault import DataKey, private_file
from visavis.service.database import DatabaseUnusable
from visavis.service.jobs.reports import seal_photo
from visavis.service.jobs.values import Place, Portion

_ENDING: Final = ".photos"


class Staging:
    """A folder of mode 0700 with files of mode 0600, made when there is something to hold."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(
        self, ident: str, parts: Sequence[Portion], keys: Sequence[bytes]
    ) -> tuple[Place, ...]:
        """Reads, seals and writes all photos of a job, synced to disk; says where they are.

        Raises what reading raises, and DatabaseUnusable where the file system refuses.
        """
        places: list[Place] = []
        first = sum(len(part.files) for part in parts)
        try:
            with private_file(self._path(ident), replace=False) as draft, draft.open("wb") as file:
                for part, key in zip(reversed(parts), reversed(keys), strict=True):
                    first -= len(part.files)
                    offset = file.tell()
                    sizes = tuple(map(file.write, _sealed(part, DataKey(key), ident, first)))
                    places.append(Place(offset, sizes))
        except ConfigError as error:
            raise DatabaseUnusable(f"the photos of a job cannot be kept: {error}") from error
        return tuple(reversed(places))

    def read(self, ident: str, place: Place) -> list[bytes]:
        """The sealed photos of a portion. Raises TamperedTemplate where they are not there."""
        try:
            with self._path(ident).open("rb") as file:
                file.seek(place.offset)
                return [file.read(size) for size in place.sizes]
        except OSError as error:
            raise TamperedTemplate(f"staged photos cannot be read: {error.strerror}") from None

    def cut(self, ident: str, offset: int) -> None:
        """Drops what stands from `offset` on; the file with its last."""
        if offset == 0:
            return self.remove(ident)
        _unless_gone(lambda: os.truncate(self._path(ident), offset))

    def remove(self, ident: str) -> None:
        """Drops all photos of a job."""
        _unless_gone(self._path(ident).unlink)

    def sweep(self, known: set[str], before: float) -> int:
        """Removes files of no known job that were last written before a time (seconds since the
        epoch): what a job that was cut off in the middle of staging left, which no key opens.
        """
        found = [path for path in self._files() if path.name.removesuffix(_ENDING) not in known]
        old = [path for path in found if _written(path) < before]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def _files(self) -> list[Path]:
        inside = self.folder.iterdir() if self.folder.is_dir() else ()
        return [path for path in inside if _ENDING in path.name]

    def _path(self, ident: str) -> Path:
        return self.folder / f"{ident}{_ENDING}"


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # another process was quicker
        return math.inf


def _sealed(part: Portion, key: DataKey, ident: str, first: int) -> Iterator[bytes]:
    for offset, read in enumerate(part.read):
        yield seal_photo(key, read(), ident, first + offset)


def _unless_gone(change: Callable[[], object]) -> None:
    try:
        change()
    except FileNotFoundError:
        return
    except OSError as error:
        raise DatabaseUnusable(f"staged photos cannot be removed: {error.strerror}") from error
