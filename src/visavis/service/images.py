"""Pictures out of requests: multipart, a raw body, or base64 in JSON. Nothing touches disk."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from visavis.service.errors import BadRequest, RequestTooLarge, UnsupportedBody
from visavis.serving import ServiceSettings

RAW: Final = "image"
"""The name of the one picture that a raw body is."""
_FIELD_BYTES: Final = 64 * 2**10


@dataclass(frozen=True, slots=True)
class Upload:
    """The files of a request by field, each in order, and its other fields.

    The fields of JSON are what JSON can say; those of a form are text.
    """

    files: Mapping[str, tuple[bytes, ...]]
    fields: Mapping[str, Any] = field(default_factory=dict)

    def one(self, name: str) -> bytes:
        """The only picture of a field. Raises BadRequest."""
        found = self.many(name)
        if len(found) > 1:
            raise BadRequest(f"expected one picture as {name!r}, got {len(found)}")
        return found[0]

    def many(self, name: str) -> tuple[bytes, ...]:
        """The pictures of a field, one at least. Raises BadRequest."""
        found = self.files.get(name, ())
        if not found:
            got = ", ".join(sorted(self.files)) or "none"
            raise BadRequest(f"expected a picture as {name!r}, got {got}")
        return found


async def read_upload(
    request: Request, limits: ServiceSettings, pictures: tuple[str, ...] = (RAW,)
) -> Upload:
    """What a request brings; `pictures` are the fields of JSON that hold base64.

    Raises UnsupportedBody for another content type, BadRequest for a body that is not what its
    type says, RequestTooLarge for more pictures than `limits` allow.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        match kind:
            case "multipart/form-data":
                upload = await _form(request, limits)
            case "application/json":
                upload = _json(await request.body(), pictures)
            case "application/octet-stream":
                upload = Upload({RAW: (await request.body(),)})
            case _ if kind.startswith("image/"):
                upload = Upload({RAW: (await request.body(),)})
            case _:
                raise UnsupportedBody(
                    "expected multipart/form-data, application/json, image/* or "
                    f"application/octet-stream, got {kind[:80] or 'no content type'!r}"
                )
    except ClientDisconnect:
        raise BadRequest("the client went away before its request was whole") from None
    count = sum(map(len, upload.files.values()))
    if count > limits.max_images:
        raise RequestTooLarge(f"expected at most {limits.max_images} pictures, got {count}")
    return upload


async def _form(request: Request, limits: ServiceSettings) -> Upload:
    parser = MultiPartParser(
        request.headers,
        request.stream(),
        max_files=limits.max_images,
        max_fields=limits.max_images,
        max_part_size=_FIELD_BYTES,
    )
    parser.spool_max_size = limits.max_request + 1  # in memory, whatever its size
    try:
        form = await parser.parse()
    except MultiPartException as error:
        if error.message.startswith("Too many files"):
            raise RequestTooLarge(
                f"expected at most {limits.max_images} pictures, got more"
            ) from None
        raise BadRequest(f"expected a whole multipart form: {error.message}") from None
    except (ValueError, KeyError, AttributeError, AssertionError) as error:
        raise BadRequest(f"expected a multipart form, got {type(error).__name__}") from None
    files: dict[str, tuple[bytes, ...]] = {}
    fields: dict[str, str] = {}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            files[name] = (*files.get(name, ()), await value.read())
            await value.close()
        else:
            fields[name] = value
    return Upload(files, fields)


def _json(body: bytes, pictures: tuple[str, ...]) -> Upload:
    found = parse_object(body)
    files = {name: _pictures(name, found.pop(name)) for name in pictures if name in found}
    return Upload(files, found)


def parse_object(body: bytes) -> dict[str, Any]:
    """A JSON object. Raises BadRequest."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"expected JSON, got {type(error).__name__}") from None
    if not isinstance(found, dict):
        raise BadRequest(f"expected a JSON object, got {type(found).__name__}")
    return found


def _pictures(name: str, value: Any) -> tuple[bytes, ...]:
    texts = value if isinstance(value, list) else [value]
    return tuple(decode_base64(name, text) for text in texts)


def decode_base64(name: str, text: Any) -> bytes:
    """The bytes of base64 text, in one line or many, with or without `data:image/jpeg;base64,`
    before it.

    Raises BadRequest.
    """
    if not isinstance(text, str):
        raise BadRequest(f"expected base64 text as {name!r}, got {type(text).__name__}")
    if text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest(f"expected base64 text as {name!r}, got something else") from None
