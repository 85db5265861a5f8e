"""The files of a job out of a multipart request, with their names. Nothing touches disk."""

from dataclasses import dataclass
from typing import Final

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from visavis.service.errors import BadRequest, UnsupportedBody
from visavis.service.jobs.intake import from_archive, from_files
from visavis.service.jobs.limits import JobLimits
from visavis.service.jobs.values import Portion

ARCHIVE: Final = "archive"
IMAGES: Final = "images"
_FIELD_BYTES: Final = 1024


@dataclass(frozen=True, slots=True)
class JobForm:
    """What a request for a job brings: an archive, or photos with their paths."""

    archive: bytes | None
    images: tuple[tuple[str, bytes], ...]

    def portions(self, limits: JobLimits) -> tuple[Portion, ...]:
        """The photos by subject. Raises BadArchive, RequestTooLarge."""
        if self.archive is not None:
            return from_archive(self.archive, limits)
        return from_files(self.images, limits)


async def read_form(request: Request, max_request: int, limits: JobLimits) -> JobForm:
    """Reads the request's body. Raises UnsupportedBody, BadRequest."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        raise UnsupportedBody(f"expected multipart/form-data, got {kind[:80] or 'none'!r}")
    files = await _files(request, max_request, limits.photos)
    archives = [data for field, _, data in files if field == ARCHIVE]
    images = tuple((path, data) for field, path, data in files if field == IMAGES)
    if len(archives) + bool(images) != 1 or len(archives) + len(images) != len(files):
        raise BadRequest(f"expected one file as {ARCHIVE!r}, or files as {IMAGES!r}, and no other")
    return JobForm(archives[0] if archives else None, images)


async def _files(
    request: Request, max_request: int, max_files: int
) -> list[tuple[str, str, bytes]]:
    """Field, name and bytes of each file."""
    parser = MultiPartParser(
        request.headers,
        request.stream(),
        max_files=max_files,
        max_fields=0,
        max_part_size=_FIELD_BYTES,
    )
    parser.spool_max_size = max_request + 1  # in memory, whatever its size
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise BadRequest(f"expected a whole multipart form: {error.message}") from None
    except ClientDisconnect:
        raise BadRequest("the client went away before its request was whole") from None
    except (ValueError, KeyError, AttributeError, AssertionError) as error:
        raise BadRequest(f"expected a multipart form, got {type(error).__name__}") from None
    found = []
    for field, value in form.multi_items():
        if isinstance(value, UploadFile):
            found.append((field, value.filename or "", await value.read()))
            await value.close()
    return found
