"""Opens what an address names."""

from importlib.util import find_spec

from visavis.errors import MissingExtra
from visavis.video.address import Address
from visavis.video.decoded import Decoded
from visavis.video.folder import Folder
from visavis.video.mjpeg import Mjpeg
from visavis.video.pushed import Pushed as Pushed
from visavis.video.source import Source as Source
from visavis.video.source import SourceOptions as SourceOptions

_DEFAULT = SourceOptions()


def require_extra(purpose: str) -> None:
    """Raises MissingExtra where a library of the extra `video` is missing, before work begins."""
    if not (find_spec("av") and find_spec("scipy")):
        raise MissingExtra("video", purpose)


def open_source(address: Address | str, options: SourceOptions = _DEFAULT) -> Source:
    """The source that an address names; it connects when its frames are asked for.

    Raises BadStream for what is no address, MissingExtra where the extra `video` is needed.
    """
    found = Address.parse(address) if isinstance(address, str) else address
    match found.kind:
        case "folder":
            return Folder(found, options)
        case "http":
            return Mjpeg(found, options)
        case _:
            return Decoded(found, options)
