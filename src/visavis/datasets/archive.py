"""Unpacking archives that nobody vouches for: plain files inside one folder, in bounded size."""

import gzip
import lzma
import os
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from shutil import rmtree
from typing import IO, TypeAlias

from visavis.errors import BadDataset

_CHUNK = 1 << 20
_BROKEN = (
    tarfile.TarError,
    zipfile.BadZipFile,
    gzip.BadGzipFile,
    lzma.LZMAError,
    zlib.error,
    EOFError,
    RuntimeError,  # an encrypted zip
)
Opener: TypeAlias = AbstractContextManager[IO[bytes]]


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """The most that is unpacked: bytes in all, and files."""

    max_bytes: int = 64 * 2**30
    max_files: int = 5_000_000


@dataclass(frozen=True, slots=True)
class _Entry:
    """A file of an archive and how it is read."""

    name: str
    opened: Opener


_DEFAULT = ArchiveLimits()


def unpack(archive: Path, folder: Path, limits: ArchiveLimits = _DEFAULT) -> tuple[Path, ...]:
    """Unpacks a tar (also compressed) or zip file; gives what it holds at the top, in `folder`.

    Everything appears at once or nothing does. Only plain files are written, with usual rights.
    Raises BadDataset for a broken archive, absolute paths, "..", links, devices, one name twice,
    more than the limits, or a name that is taken in `folder`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    workshop = Path(tempfile.mkdtemp(dir=folder, prefix=".unpacking-"))
    try:
        with _entries(archive) as entries:
            _write(entries, workshop, limits)
        return _moved(workshop, folder)
    except _BROKEN as error:
        what = f"{type(error).__name__}: {error}"
        raise BadDataset(f"expected a whole archive, got {what} in {archive.name}") from error
    finally:
        rmtree(workshop, ignore_errors=True)


@contextmanager
def _entries(archive: Path) -> Iterator[Iterator[_Entry]]:
    with archive.open("rb") as file:
        zipped = file.read(2) == b"PK"
    if zipped:
        with zipfile.ZipFile(archive) as opened:
            yield _zipped(opened)
    else:
        with tarfile.open(archive) as tar:
            yield _tarred(tar)


def _zipped(archive: zipfile.ZipFile) -> Iterator[_Entry]:
    for info in archive.infolist():
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise BadDataset(f"expected plain files, got a link or device: {info.filename!r}")
        if not info.is_dir():
            yield _Entry(info.filename, archive.open(info))


def _tarred(archive: tarfile.TarFile) -> Iterator[_Entry]:
    for member in archive:
        content = archive.extractfile(member) if member.isfile() else None
        if content is not None:
            yield _Entry(member.name, closing(content))
        elif not member.isdir():
            raise BadDataset(f"expected plain files, got a link or device: {member.name!r}")


def _write(entries: Iterator[_Entry], folder: Path, limits: ArchiveLimits) -> None:
    left = limits.max_bytes
    for number, entry in enumerate(entries, 1):
        if number > limits.max_files:
            raise BadDataset(f"expected at most {limits.max_files} files in an archive")
        target = folder / _inner(entry.name)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with entry.opened as source, target.open("xb") as file:
                left -= _copy(source, file, left)
        except (FileExistsError, NotADirectoryError):
            raise BadDataset(f"expected each name once, got {entry.name!r} again") from None


def _copy(source: IO[bytes], target: IO[bytes], left: int) -> int:
    """How many bytes were copied. Raises BadDataset for more than are `left`."""
    done = 0
    while chunk := source.read(_CHUNK):
        done += len(chunk)
        if done > left:
            raise BadDataset("expected an archive within the limit of bytes, got a larger one")
        target.write(chunk)
    return done


def _inner(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    odd = "\\" in name or ":" in name or "\0" in name
    if odd or path.is_absolute() or ".." in path.parts or not path.parts:
        raise BadDataset(f"expected a path inside the archive, got {name!r}")
    return path


def _moved(workshop: Path, folder: Path) -> tuple[Path, ...]:
    made = sorted(workshop.iterdir())
    if not made:
        raise BadDataset("expected files in the archive, found none")
    taken = [path.name for path in made if (folder / path.name).exists()]
    if taken:
        raise BadDataset(f"expected no {taken[0]} in {folder}: move it away to fetch it anew")
    for path in made:
        os.replace(path, folder / path.name)
    return tuple(folder / path.name for path in made)
