"""Subjects on the way to and from another gallery, in files under a passphrase."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree
from typing import Annotated, Any, BinaryIO, Final, Literal

from fastapi import APIRouter, Body
from fastapi.exceptions import RequestValidationError
from pydantic import Field, SecretStr, ValidationError
from starlette.requests import Request
from starlette.responses import StreamingResponse

from visavis.errors import ConfigError, InputError, TamperedTemplate, WrongKey
from visavis.gallery import transfer
from visavis.gallery.transfer import Transfer
from visavis.service.database import DatabaseUnusable, service_database_of
from visavis.service.deps import Administering, CollectionName
from visavis.service.images import read_upload
from visavis.service.openapi import ERRORS
from visavis.service.schemas import base
from visavis.service.state import Call

router = APIRouter(prefix="/v1/collections/{collection}", tags=["transfer"], responses=ERRORS)

FILE: Final = "file"
_NAME: Final = "export.visavis"
_PASSPHRASE: Final = "correct horse battery staple"  # nosec B105: an example
_PART: Final = 1 << 20
_PREFIX: Final = ".transfer-"
_LONGEST_SECONDS: Final = 3600.0
_TYPE: Final = "application/octet-stream"


class BadExport(InputError):
    """Raised for a file that is no export, was changed, or has another passphrase."""

    code = "bad_export"


class ExportIn(base.Request):
    """The passphrase that the file is to have; whoever has both has the templates."""

    passphrase: SecretStr = Field(
        min_length=8, max_length=1000, examples=["correct horse battery staple"]
    )


class ImportIn(base.Request):
    """The file's passphrase, and what becomes of subjects whose id is taken: `refuse` the whole
    file, `skip` them, or `merge` those of their templates that are new.
    """

    passphrase: SecretStr = Field(
        min_length=1, max_length=1000, examples=["correct horse battery staple"]
    )
    existing: Literal["refuse", "skip", "merge"] = "refuse"


class TransferOut(base.Message):
    """What an import stored; `skipped` subjects were there already."""

    subjects: int = Field(examples=[42])
    templates: int = Field(examples=[130])
    skipped: int = Field(examples=[0])


def _document() -> dict[str, Any]:
    fields = ImportIn.model_json_schema()["properties"]
    schema = {
        "type": "object",
        "required": [FILE, "passphrase"],
        "properties": {FILE: {"type": "string", "format": "binary"}, **fields},
    }
    example = {FILE: _NAME, "passphrase": _PASSPHRASE, "existing": "skip"}
    content = {"multipart/form-data": {"schema": schema, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


@router.post(
    "/export",
    operation_id="export_collection",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "The export",
            "content": {_TYPE: {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def export_collection(
    collection: CollectionName, body: Annotated[ExportIn, Body()], call: Administering
) -> StreamingResponse:
    """Gives all that a collection holds as one file under a passphrase."""
    file = await call.run(lambda: _export(call, collection, body.passphrase))
    headers = {
        "Content-Length": str(os.fstat(file.fileno()).st_size),
        "Content-Disposition": f'attachment; filename="{_NAME}"',
    }
    return StreamingResponse(_parts(file), media_type=_TYPE, headers=headers)


@router.post("/import", operation_id="import_collection", openapi_extra=_document())
async def import_collection(
    request: Request, collection: CollectionName, call: Administering
) -> TransferOut:
    """Adds the subjects of an export, all of them or none; makes the collection if need be."""
    upload = await read_upload(request, call.services.limits, ())
    data, asked = upload.one(FILE), _asked(dict(upload.fields))
    done = await call.run(lambda: _import(call, collection, data, asked))
    return TransferOut(subjects=done.subjects, templates=done.templates, skipped=done.skipped)


def _asked(fields: dict[str, Any]) -> ImportIn:
    try:
        return ImportIn.model_validate(fields)
    except ValidationError as error:
        problems = [{**one, "loc": ("body", *one["loc"])} for one in error.errors()]
        raise RequestValidationError(problems) from None


def _export(call: Call, collection: str, passphrase: SecretStr) -> BinaryIO:
    """The export, open; it has no name on disk any more."""
    with _private_folder(call) as folder:
        path = folder / _NAME
        secret = passphrase.get_secret_value()
        try:
            transfer.export(call.services.gallery, collection, path, secret, details=call.origin)
        except ConfigError as error:
            raise DatabaseUnusable(f"the export cannot be written: {error}") from error
        return path.open("rb")


def _import(call: Call, collection: str, data: bytes, asked: ImportIn) -> Transfer:
    if any(info.name == collection for info in call.services.gallery.collections()):
        call.services.gallery.open_collection(collection)  # what is wrong with it is no bad file
    with _private_folder(call) as folder:
        path = folder / _NAME
        path.write_bytes(data)
        try:
            return transfer.import_(
                call.services.gallery,
                collection,
                path,
                asked.passphrase.get_secret_value(),
                existing=asked.existing,
                details=call.origin,
            )
        except (WrongKey, TamperedTemplate, ConfigError) as error:
            raise BadExport(str(error)) from error
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            what = type(error).__name__
            raise BadExport(f"expected an export, got something else: {what}") from error


@contextmanager
def _private_folder(call: Call) -> Iterator[Path]:
    """A folder beside the gallery that nobody else may enter, gone with all in it afterwards."""
    beside = service_database_of(call.services.settings.gallery).parent
    _sweep(beside)
    folder: Path | None = None
    try:
        folder = Path(tempfile.mkdtemp(dir=beside, prefix=_PREFIX))
        yield folder
    except OSError as error:
        raise DatabaseUnusable(f"no file can be written in {beside}: {error.strerror}") from error
    finally:
        if folder is not None:
            rmtree(folder, ignore_errors=True)


def _sweep(beside: Path) -> None:
    """Removes what a process that was killed left."""
    for folder in beside.glob(f"{_PREFIX}*"):
        with suppress(FileNotFoundError):
            if folder.stat().st_mtime < time.time() - _LONGEST_SECONDS:
                rmtree(folder, ignore_errors=True)


def _parts(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while part := file.read(_PART):
            yield part
