"""Encrypted galleries: who is enrolled, under which keys, and the search among them."""

from pathlib import Path

DATABASE = "gallery.db"


def key_store_of(directory: Path) -> Path:
    """Where a gallery's key store lies unless it is put elsewhere: in a folder beside the
    gallery's, so that a backup of the one does not hold the other.
    """
    whole = Path(directory).absolute()
    return whole.with_name(f"{whole.name}-keys") / "keys.db"
