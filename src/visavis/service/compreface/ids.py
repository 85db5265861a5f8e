"""Template ids as the UUIDs that CompreFace's clients expect, and back."""

import re
from typing import Final

from visavis.service.errors import NotHere

_SHAPE: Final = re.compile(
    r"([0-7][0-9a-f]{7})-([0-9a-f]{4})-4([0-9a-f]{3})-8([0-9a-f])00-0{12}", re.IGNORECASE
)
"""Of 64 bits, the first of which is 0."""


def image_id(template: str) -> str:
    """The UUID that stands for a template, whose id is 16 hexadecimal digits."""
    return f"{template[:8]}-{template[8:12]}-4{template[12:15]}-8{template[15]}00-{'0' * 12}"


def template_of(image: str) -> str:
    """The template that a UUID stands for. Raises NotHere for one that was not made here."""
    found = _SHAPE.fullmatch(image)
    if found is None:
        raise NotHere("no such image: expected an image_id as it was given for an example")
    return "".join(found.groups()).lower()
