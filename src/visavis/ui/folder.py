"""Where report pages are."""

from pathlib import Path


def pages_of(folder: Path | None) -> list[Path]:
    """The report pages in a folder, by name; none where there is no folder."""
    if folder is None or not folder.is_dir():
        return []
    return sorted(page for page in folder.glob("*.html") if page.is_file())
