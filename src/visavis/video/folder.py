"""A folder of pictures, read as a video."""

import re
from collections.abc import Generator
from pathlib import Path
from typing import Final

from visavis.errors import BadImage, BadStream
from visavis.image import decode
from visavis.video.address import Address
from visavis.video.frames import Frame
from visavis.video.source import SourceOptions

_SUFFIXES: Final = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".heic"}


class Folder:
    """The pictures of a folder in the order of their names, numbers by value. See `Source`."""

    live = False

    def __init__(self, address: Address, options: SourceOptions) -> None:
        self.name = address.shown
        self.corrupt = 0
        self._folder = Path(address.place)
        self._options = options
        self._closed = False

    def close(self) -> None:
        self._closed = True

    def frames(self) -> Generator[Frame, None, None]:
        """See `Source`. A picture that is broken is passed over, and its time with it."""
        paths = self._paths()
        given = 0
        for number, path in enumerate(paths):
            if self._closed:
                return
            try:
                image = decode(path, self._options.limits)
            except BadImage:
                self.corrupt += 1
                continue
            yield Frame.of(image, number, number / self._options.folder_fps)
            given += 1
        if not given:
            raise BadStream(
                f"expected a folder of pictures, got {len(paths)}, none of them readable: "
                f"{self.name}"
            )

    def _paths(self) -> list[Path]:
        try:
            found = [p for p in self._folder.iterdir() if p.suffix.lower() in _SUFFIXES]
        except OSError as error:
            raise BadStream(f"expected a folder, got {error.strerror}: {self.name}") from error
        return sorted(found, key=lambda path: _natural(path.name))


def _natural(name: str) -> list[tuple[int, str]]:
    """A key by which `frame10` comes after `frame9`."""
    parts = re.findall(r"[0-9]+|[^0-9]+", name)
    return [(int(part), part) if part.isdecimal() else (-1, part) for part in parts]
