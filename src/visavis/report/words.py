"""Texts of the user's, such as file names, made harmless before they reach a page or a drawing."""

import re
from typing import Final

from visavis.errors import InputError

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")
_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]()#+!|$~^])")


def clean(text: object) -> str:
    """The text without control characters and broken surrogates; line ends become spaces."""
    flat = re.sub(r"[\r\n\t]+", " ", str(text))
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in flat)


def shorten(text: object, longest: int = 40) -> str:
    """The text, cut in its middle to `longest` characters."""
    whole = clean(text)
    if len(whole) <= longest:
        return whole
    return f"{whole[: longest // 2]}…{whole[len(whole) - (longest - longest // 2 - 1) :]}"


def literal(text: object) -> str:
    """The text so that Markdown shows it as it is: for names inside a Text, a Note or a lead."""
    escaped = _MARKDOWN.sub(r"\\\1", clean(text).replace("&", "&amp;").replace("<", "&lt;"))
    return escaped.replace(">", "&gt;")


def stem(name: str) -> str:
    """The name itself, if it can stand in a file name, an anchor and a style sheet."""
    if not _NAME.fullmatch(name):
        raise InputError(f"expected a name of letters, digits, - and _, got {name!r}")
    return name
