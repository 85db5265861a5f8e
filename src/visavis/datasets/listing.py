"""What lies in a folder: pictures and folders in a stable order, and text files, or BadDataset."""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from visavis.errors import BadDataset

SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"})
_SHOWN = 4  # names in a message


def folders(folder: Path) -> list[Path]:
    """The folders directly inside, by name; hidden ones left out."""
    return sorted(folder / e.name for e in _entries(folder) if e.is_dir())


def pictures(folder: Path) -> list[Path]:
    """The picture files directly inside, by name."""
    return sorted(folder / e.name for e in _entries(folder) if _is_picture(e))


def tree(folder: Path) -> list[Path]:
    """All picture files in the folder and below, folder by folder, sorted."""
    return sorted(_walk(folder))


def first_of(root: Path, *places: str) -> Path | None:
    """The first of these files or folders below `root` that is there."""
    return next((root / place for place in places if (root / place).exists()), None)


def lines(file: Path) -> list[str]:
    """The lines of a text file that are not empty, stripped. Raises BadDataset."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadDataset(f"expected a text file, got {type(error).__name__}: {file}") from error
    return [line for raw in text.splitlines() if (line := raw.strip())]


def inside(root: Path, name: str) -> Path:
    """The file that a list names, below `root`. Raises BadDataset for a name that leads out."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in name or not path.parts:
        raise BadDataset(f"expected the path of a picture inside {root}, got {name!r}")
    return root / path


def contents(root: Path) -> str:
    """What the folder holds, in words, for a message."""
    if not root.is_dir():
        return "no folder"
    entries = sorted(_entries(root), key=lambda e: e.name)
    inner = [e.name for e in entries if e.is_dir()]
    files = [e.name for e in entries if not e.is_dir()]
    return f"{_some(inner, 'folder')} and {_some(files, 'file')}"


def counted(number: int, noun: str) -> str:
    """The number and the noun, in the plural unless it is one."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _some(names: list[str], what: str) -> str:
    shown = ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
    return counted(len(names), what) + (f" ({shown})" if names else "")


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return [entry for entry in found if not entry.name.startswith(".")]
    except OSError as error:
        raise BadDataset(f"expected a folder, got {type(error).__name__}: {folder}") from error


def _is_picture(entry: os.DirEntry[str]) -> bool:
    return os.path.splitext(entry.name)[1].lower() in SUFFIXES and entry.is_file()


def _walk(folder: Path) -> Iterator[Path]:
    for entry in _entries(folder):
        if _is_picture(entry):
            yield folder / entry.name
        elif entry.is_dir(follow_symlinks=False):
            yield from _walk(folder / entry.name)
