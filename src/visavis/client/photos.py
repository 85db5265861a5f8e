"""Photos on their way to the service."""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import TypeAlias, cast

from visavis.errors import InputError

Photo: TypeAlias = bytes | bytearray | memoryview | str | PathLike[str]
"""The bytes of a picture's file, or the path of one."""


def photo_bytes(photo: Photo) -> bytes:
    """The bytes of a picture's file. Raises InputError for what is none, or cannot be read."""
    match photo:
        case bytes() | bytearray() | memoryview():
            return bytes(photo)
        case str() | PathLike():
            return file_bytes(Path(photo))
        case _:
            raise InputError(f"expected bytes or a path, got {type(photo).__name__}")


def several(photos: Photo | Sequence[Photo]) -> Sequence[Photo]:
    """One or more photos as a list of them."""
    return photos if isinstance(photos, (list, tuple)) else [cast(Photo, photos)]


def file_bytes(path: Path) -> bytes:
    """All that a file holds. Raises InputError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"expected a readable file, got {error.strerror}: {path}") from None
