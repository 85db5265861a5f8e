"""Files that the pages are made of, and their addresses."""

from importlib.resources import files
from typing import Final

OWN: Final = "/ui/own"
SCRIPT: Final = f'<script src="{OWN}/visavis.js"></script>'
TYPES: Final = {
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
}


def asset(name: str) -> str:
    """The text of a file here. Raises FileNotFoundError."""
    if "/" in name or name.startswith("."):
        raise FileNotFoundError(name)
    return (files("visavis.ui.assets") / name).read_text("utf-8")
