"""Where photos lie and where drawn ones go."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import typer

Targets: TypeAlias = Mapping[Path, Path]
"""The file that each photo's drawing is written to."""

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".heic", ".heif"}
)
_WRITABLE = (".jpg", ".jpeg", ".png", ".webp")


@dataclass(frozen=True, slots=True)
class Person:
    """A folder of photos, named like the subject they show."""

    folder: Path
    photos: tuple[Path, ...]

    @property
    def subject(self) -> str:
        return self.folder.name


def people(folder: Path) -> list[Person]:
    """One subject for each folder in `folder`, by name, with the photos directly inside it."""
    folders = sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    return [Person(path, tuple(_photos(path.iterdir()))) for path in folders]


def tree(folder: Path) -> list[Path]:
    """All photos in `folder` and the folders below it, sorted."""
    return _photos(folder.rglob("*"))


def _photos(paths: Iterable[Path]) -> list[Path]:
    return sorted(
        p
        for p in paths
        if p.suffix.lower() in SUFFIXES and not p.name.startswith(".") and p.is_file()
    )


def targets(draw: Path | None, photos: Sequence[Path]) -> Targets:
    """Where to draw each photo: `draw` itself for one photo, files in the folder for several.

    Raises BadParameter rather than write over a photo.
    """
    if draw is None:
        return {}
    if len(photos) == 1 and not draw.is_dir() and draw.suffix:
        found = {photos[0]: draw}
    else:
        found = _in_folder(draw, photos)
    originals = {photo.resolve() for photo in photos}
    for target in found.values():
        if target.resolve() in originals:
            raise typer.BadParameter(f"--draw would write over the photo {target}")
        if target.suffix.lower() not in _WRITABLE:
            raise typer.BadParameter(f"--draw writes {', '.join(_WRITABLE)}, got {target.name}")
    return found


def _in_folder(folder: Path, photos: Sequence[Path]) -> dict[Path, Path]:
    """A file name of its own in `folder` for each photo."""
    folder.mkdir(parents=True, exist_ok=True)
    found: dict[Path, Path] = {}
    taken: set[str] = set()
    for photo in photos:
        suffix = photo.suffix if photo.suffix.lower() in _WRITABLE else ".png"
        name, number = f"{photo.stem}{suffix}", 1
        while name.lower() in taken:
            number += 1
            name = f"{photo.stem}-{number}{suffix}"
        taken.add(name.lower())
        found[photo] = folder / name
    return found
