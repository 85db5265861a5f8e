"""Fetching a set's files over HTTP: taken up where a transfer broke off, checked, in bounds."""

import hashlib
import http.client
import os
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from urllib.error import HTTPError
from urllib.parse import urlsplit

from visavis.batching import Progress
from visavis.datasets.archive import ArchiveLimits, unpack
from visavis.datasets.sources import RemoteFile
from visavis.errors import FetchFailed

_CHUNK = 1 << 18
_RANGE_NOT_SATISFIABLE = 416


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """Patience and bounds: seconds between two reads and for a whole file, tries an address, and
    bytes of a file whose size is not known.
    """

    read_timeout: float = 30.0
    total_timeout: float = 6 * 3600.0
    tries: int = 3
    max_bytes: int = 4 * 2**30
    archive: ArchiveLimits = field(default_factory=ArchiveLimits)


_DEFAULT = FetchLimits()


def fetch(
    file: RemoteFile,
    folder: Path,
    limits: FetchLimits = _DEFAULT,
    progress: Progress | None = None,
) -> tuple[Path, ...]:
    """The file in `folder`, or what was in it if it is an archive; what is there is not fetched.

    An interrupted transfer leaves `<name>.part`, and the next call goes on from there where the
    server can. Nothing counts before its SHA-256 is right. Raises FetchFailed that says how each
    address failed, BadDataset for an archive that is not safe.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target, marker = folder / file.name, folder / f".{file.name}.unpacked"
    if file.archive and (there := _unpacked(marker, file)):
        return there
    if not _have(target, file):
        _download(file, target, limits, progress)
    if not file.archive:
        return (target,)
    made = unpack(target, folder, limits.archive)
    marker.write_text("\n".join([file.sha256, *(path.name for path in made)]), encoding="utf-8")
    target.unlink()
    return made


def _unpacked(marker: Path, file: RemoteFile) -> tuple[Path, ...]:
    """What an earlier call unpacked, if it is all there."""
    if not marker.exists():
        return ()
    digest, *names = marker.read_text(encoding="utf-8").split("\n")
    paths = tuple(marker.parent / name for name in names)
    return paths if digest == file.sha256 and all(p.exists() for p in paths) else ()


def _have(target: Path, file: RemoteFile) -> bool:
    if not target.exists():
        return False
    if _digest(target) != file.sha256:
        raise FetchFailed(f"expected {file.name} or nothing in {target}, got another file")
    return True


def _download(
    file: RemoteFile, target: Path, limits: FetchLimits, progress: Progress | None
) -> None:
    part = target.with_name(f"{target.name}.part")
    deadline = time.monotonic() + limits.total_timeout
    failures = []
    for url in file.urls:
        for _ in range(limits.tries):
            transfer = _Transfer(file, url, part, deadline, limits, progress)
            resumes = transfer.start > 0
            try:
                _receive(transfer)
            except HTTPError as error:
                failures.append(f"{url} ({error})")
                break
            except (OSError, http.client.HTTPException) as error:
                failures.append(f"{url} ({error or type(error).__name__})")
                continue
            if _accepted(part, target, file, url, resumes):
                return
    raise FetchFailed(f"{file.name}: could not download from {'; '.join(failures) or 'nowhere'}")


def _accepted(part: Path, target: Path, file: RemoteFile, url: str, resumed: bool) -> bool:
    """Whether the part is the file and has its name now; else it is removed.

    What was taken up from an earlier call may be the fault: only a whole transfer of wrong bytes
    raises FetchFailed.
    """
    digest, size = _digest(part), part.stat().st_size
    if digest == file.sha256:
        os.replace(part, target)
        return True
    part.unlink()
    if resumed:
        return False
    raise FetchFailed(
        f"{file.name}: {url} gave {size} bytes with SHA-256 {digest}, expected {file.sha256}"
    )


@dataclass(frozen=True, slots=True)
class _Transfer:
    """One attempt at one address."""

    file: RemoteFile
    url: str
    part: Path
    deadline: float
    limits: FetchLimits
    progress: Progress | None

    @property
    def start(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    @property
    def bound(self) -> int:
        return self.limits.max_bytes if self.file.bytes is None else self.file.bytes


def _receive(transfer: _Transfer) -> None:
    """Completes the part. Raises OSError where the transfer breaks off; the part stays."""
    start = transfer.start
    try:
        response = _open(transfer, start)
    except HTTPError as error:
        if error.code != _RANGE_NOT_SATISFIABLE or not start:
            raise
        return  # the part is whole, or wrong: its digest tells
    with response:
        resumed = response.status == http.client.PARTIAL_CONTENT
        if resumed and not _begins_at(response, start):
            transfer.part.unlink()
            raise OSError(f"expected bytes from {start} on, got other ones: beginning anew")
        with transfer.part.open("ab" if resumed else "wb") as file:
            _copy(transfer, response, file, start if resumed else 0)
            file.flush()
            os.fsync(file.fileno())


def _open(transfer: _Transfer, start: int) -> http.client.HTTPResponse:
    if urlsplit(transfer.url).scheme not in ("https", "http"):
        raise FetchFailed(f"expected an address of https or http, got {transfer.url}")
    headers = {"User-Agent": "visavis", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    request = urllib.request.Request(transfer.url, headers=headers)
    response: http.client.HTTPResponse = urllib.request.urlopen(  # nosec B310: the scheme was checked
        request, timeout=transfer.limits.read_timeout
    )
    return response


def _begins_at(response: http.client.HTTPResponse, start: int) -> bool:
    return response.getheader("Content-Range", "").startswith(f"bytes {start}-")


def _copy(
    transfer: _Transfer, response: http.client.HTTPResponse, file: BinaryIO, done: int
) -> None:
    """Appends the body. Raises FetchFailed for more bytes than there may be."""
    length = response.getheader("Content-Length")
    whole = done + int(length) if length and length.isdecimal() else transfer.file.bytes
    while chunk := response.read1(_CHUNK):  # one receive at a time, so a trickle meets the deadline
        done += len(chunk)
        if done > transfer.bound:
            transfer.part.unlink()
            raise FetchFailed(f"{transfer.url} sent more than {transfer.bound} bytes")
        if time.monotonic() > transfer.deadline:
            raise FetchFailed(f"{transfer.url} was too slow: {done} bytes in the time allowed")
        file.write(chunk)
        if transfer.progress is not None:
            transfer.progress(done, whole or done)
    if whole is not None and done < whole:
        raise ConnectionError(f"the transfer broke off: {done} of {whole} bytes")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
