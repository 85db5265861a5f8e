"""One process at a time does the work of jobs, whoever takes them in."""

import sys
from pathlib import Path
from typing import IO

from visavis.service.database import DatabaseUnusable


class Alone:
    """A lock on a file, which ends with the process. On Windows everybody is taken to be alone."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def take(self) -> bool:
        """Whether this process holds the lock, now or since before. Raises DatabaseUnusable."""
        if self._file is None:
            self._file = self._locked()
        return self._file is not None

    def release(self) -> None:
        """Lets another process have it."""
        if self._file is not None:
            self._file.close()
        self._file = None

    def _locked(self) -> IO[bytes] | None:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = self._path.open("ab")
        except OSError as error:
            raise DatabaseUnusable(f"cannot lock {self._path}: {error.strerror}") from error
        if _lock(file):
            return file
        file.close()
        return None


def _lock(file: IO[bytes]) -> bool:
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
