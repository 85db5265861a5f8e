"""Files that the pages are made of, and their addresses."""

from importlib.resources import files
from typing import Final

OWN: Final = "/ui/own"
SCRIPT: Final = f'<script src="{OWN}/visavis.js"></script>'
ICON: Final = f'<link rel="icon" href="{OWN}/mark.svg">'
TYPES: Final = {
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
}
_WHOLE: Final = {"visavis.js": ("kit.js", "photos.js", "streams.js", "cameras.js")}
"""What the page loads as one: scripts that it adds by itself run in no certain order."""


def asset(name: str) -> str:
    """The text of a file here, or of several as one. Raises FileNotFoundError."""
    if "/" in name or name.startswith("."):
        raise FileNotFoundError(name)
    folder = files("visavis.ui.assets")
    return "".join((folder / part).read_text("utf-8") for part in _WHOLE.get(name, (name,)))
