"""A folder for each identity: the layout of most sets of faces."""

from pathlib import Path

from visavis.datasets.listing import contents, counted, folders, pictures
from visavis.datasets.records import Dataset, Picture
from visavis.errors import BadDataset


def holds_people(root: Path) -> bool:
    """Whether a folder directly inside `root` has pictures directly inside it."""
    return any(pictures(folder) for folder in folders(root))


def read_folder(root: Path) -> Dataset:
    """Pictures named `<identity>/<file>`; files beside the folders are left out.

    Raises BadDataset where no folder holds a picture.
    """
    people = [(folder.name, pictures(folder)) for folder in folders(root)]
    found = tuple(
        Picture(path, f"{person}/{path.name}", person) for person, paths in people for path in paths
    )
    if not found:
        raise BadDataset(
            f"expected <identity>/<picture> in {root}, got {contents(root)} without pictures inside"
        )
    empty = sum(not paths for _, paths in people)
    loose = len(pictures(root))
    notes = [f"left out {counted(empty, 'folder')} without pictures"] if empty else []
    notes += [f"left out {counted(loose, 'picture')} in nobody's folder"] if loose else []
    return Dataset(root.resolve().name, root, found, tuple(notes))
