"""The photos of a job out of an archive or of files with paths: SUBJECT/PHOTO, in memory."""

import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import Final

from visavis.errors import InputError
from visavis.gallery.sealing import check_name
from visavis.service.errors import RequestTooLarge
from visavis.service.jobs.limits import JobLimits
from visavis.service.jobs.values import Portion

_ENTRY: Final = b"PK\x01\x02"
"""How every entry of a zip's directory begins; photos hold it by chance once in 4 GB."""
_UTF8: Final = 0x800
_ENCRYPTED: Final = 0x1
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_HIDDEN: Final = (".", "__MACOSX")
_STEPS: Final = (".", "..")
_LONGEST: Final = 200
_BROKEN: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
    LookupError,
    OverflowError,
)


class BadArchive(InputError):
    """Raised for an archive or paths that are not photos in one folder a subject."""

    code = "bad_archive"


@dataclass(frozen=True, slots=True)
class _Photo:
    """A photo at a path; `size` in bytes, before it is read."""

    path: str
    size: int
    read: Callable[[], bytes]


def from_archive(data: bytes, limits: JobLimits) -> tuple[Portion, ...]:
    """The photos of a zip file, one folder a subject; nothing is unpacked before it is read.

    A single folder around all others is looked through; hidden files are left out. Raises
    BadArchive, RequestTooLarge; so does reading a photo.
    """
    if data.count(_ENTRY) > 2 * limits.photos + 100:  # before the directory is read into memory
        raise RequestTooLarge(f"expected at most {limits.photos} photos in an archive, got more")
    with _whole():
        archive = zipfile.ZipFile(BytesIO(data))
        photos = [_packed(archive, info) for info in archive.infolist() if _wanted(info)]
    return _portions(_unwrapped(photos), limits)


def from_files(files: Sequence[tuple[str, bytes]], limits: JobLimits) -> tuple[Portion, ...]:
    """The photos of files that are each called SUBJECT/PHOTO. Raises as `from_archive`."""
    return _portions(
        [_Photo(path, len(data), partial(bytes, data)) for path, data in files], limits
    )


def _wanted(info: zipfile.ZipInfo) -> bool:
    parts = info.filename.split("/")
    hidden = any(part.startswith(_HIDDEN) and part not in _STEPS for part in parts)
    return not info.is_dir() and not hidden


def _packed(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> _Photo:
    if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
        raise BadArchive(f"expected plain files, got a link or device: {_short(info.filename)}")
    if info.compress_type not in _METHODS or info.flag_bits & _ENCRYPTED:
        raise BadArchive(
            f"expected files packed with deflate and no password, got {_short(info.filename)}"
        )
    return _Photo(_path(info), info.file_size, partial(_unpacked, archive, info))


def _path(info: zipfile.ZipInfo) -> str:
    """The path in Unicode: some programs write UTF-8 and do not say so."""
    if info.flag_bits & _UTF8 or info.filename.isascii():
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        raise BadArchive(f"expected paths in UTF-8, got {_short(info.filename)}") from None


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    with _whole(), archive.open(info) as file:
        return file.read(info.file_size + 1)


@contextmanager
def _whole() -> Iterator[None]:
    try:
        yield
    except InputError:
        raise
    except _BROKEN as error:
        raise BadArchive(f"expected a whole zip file, got {type(error).__name__}") from None


def _unwrapped(photos: Sequence[_Photo]) -> list[_Photo]:
    """The photos without the one folder that is around all their folders."""
    tops = {photo.path.partition("/")[0] for photo in photos}
    if len(tops) != 1 or tops & {"", ".."} or any(p.path.count("/") != 2 for p in photos):
        return list(photos)
    return [_Photo(p.path.partition("/")[2], p.size, p.read) for p in photos]


def _portions(photos: Sequence[_Photo], limits: JobLimits) -> tuple[Portion, ...]:
    _check_sizes(photos, limits)
    people: dict[str, list[_Photo]] = {}
    seen: set[str] = set()
    for photo in photos:
        subject, _ = _split(photo.path)
        if photo.path in seen:
            raise BadArchive(f"expected each path once, got {_short(photo.path)} again")
        seen.add(photo.path)
        people.setdefault(subject, []).append(photo)
    return tuple(
        Portion(subject, tuple(_split(p.path)[1] for p in part), tuple(p.read for p in part))
        for subject, own in people.items()
        for part in _parts(own, limits)
    )


def _check_sizes(photos: Sequence[_Photo], limits: JobLimits) -> None:
    """What an archive says of sizes is what is unpacked of it at most."""
    if not photos:
        raise BadArchive("expected photos as SUBJECT/PHOTO, found none")
    if len(photos) > limits.photos:
        raise RequestTooLarge(f"expected at most {limits.photos} photos, got {len(photos)}")
    for photo in photos:
        if photo.size > limits.photo_bytes:
            raise RequestTooLarge(
                f"expected photos of at most {limits.photo_bytes} bytes, got {photo.size} in "
                f"{_short(photo.path)}"
            )
    total = sum(photo.size for photo in photos)
    if total > limits.total_bytes:
        raise RequestTooLarge(
            f"expected at most {limits.total_bytes} bytes of photos unpacked, got {total}"
        )


def _split(path: str) -> tuple[str, str]:
    """Subject and file. Raises BadArchive."""
    subject, slash, file = path.partition("/")
    odd = "\\" in path or "/" in file or subject in _STEPS or file in _STEPS
    if odd or not slash or len(subject) > _LONGEST:
        raise BadArchive(f"expected photos as SUBJECT/PHOTO, got {_short(path)}")
    try:
        check_name(subject, "subject id")
        check_name(file, "file name")
    except InputError as error:
        raise BadArchive(f"{error}, in {_short(path)}") from None
    return subject, file


def _parts(photos: Iterable[_Photo], limits: JobLimits) -> Iterator[list[_Photo]]:
    """The photos of a subject in portions, none too large to hold in memory."""
    part: list[_Photo] = []
    size = 0
    for photo in photos:
        full = len(part) == limits.portion_photos or size + photo.size > limits.portion_bytes
        if part and full:
            yield part
            part, size = [], 0
        part.append(photo)
        size += photo.size
    yield part


def _short(path: str) -> str:
    return repr(path[:_LONGEST])
