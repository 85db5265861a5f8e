"""CelebA (Liu et al., ICCV 2015): pictures in one folder, identities and attributes in lists."""

import sys
from pathlib import Path
from types import MappingProxyType
from typing import Final

from visavis.datasets.listing import contents, counted, first_of, lines, pictures
from visavis.datasets.records import Dataset, Picture
from visavis.datasets.table import Row, read_table
from visavis.errors import BadDataset

_FOLDERS: Final = ("img_celeba", "img_align_celeba", "img_align_celeba_png")
_IMAGES: Final = tuple(
    place for name in _FOLDERS for place in (f"{name}/{name}", name, f"Img/{name}")
)
_IDENTITIES: Final = ("identity_CelebA.txt", "Anno/identity_CelebA.txt")
_ATTRIBUTES: Final = ("list_attr_celeba.txt", "Anno/list_attr_celeba.txt", "list_attr_celeba.csv")


def is_celeba(root: Path) -> bool:
    """Whether one of CelebA's lists or folders of pictures is there."""
    return first_of(root, *_IDENTITIES, *_ATTRIBUTES, *_IMAGES) is not None


def read_celeba(root: Path) -> Dataset:
    """The pictures as shot (`img_celeba`) or aligned, named by their files.

    Attributes are "1" or "-1", as listed. Pictures without a line in a list lack what it says,
    and a note counts them. Raises BadDataset without pictures, or without any of the lists.
    """
    images = next((i for p in _IMAGES if (i := root / p).is_dir() and pictures(i)), None)
    identities, attributes = first_of(root, *_IDENTITIES), first_of(root, *_ATTRIBUTES)
    if images is None or (identities is None and attributes is None):
        raise BadDataset(
            "expected img_celeba or img_align_celeba with pictures, and identity_CelebA.txt or "
            f"list_attr_celeba.txt, in {root}, got {contents(root)}"
        )
    people = {} if identities is None else _identities(identities)
    labels = {} if attributes is None else _attributes(attributes)
    files = [(path, path.with_suffix(".jpg").name) for path in pictures(images)]
    found = tuple(
        Picture(path, path.name, people.get(key), labels.get(key, MappingProxyType({})))
        for path, key in files
    )
    missing = {"an identity": sum(key not in people for _, key in files)}
    if attributes is not None:
        missing["attributes"] = sum(key not in labels for _, key in files)
    notes = tuple(f"{counted(n, 'picture')} without {what}" for what, n in missing.items() if n)
    return Dataset("CelebA", images, found, notes)


def _identities(file: Path) -> dict[str, str]:
    """The number of the person in each picture."""
    rows = [line.split() for line in lines(file)]
    if any(len(row) != 2 for row in rows):
        raise BadDataset(f"expected a picture and a number a line in {file}")
    return {name: sys.intern(person) for name, person in rows}


def _attributes(file: Path) -> dict[str, Row]:
    if file.suffix == ".csv":
        table = read_table(file)
        return {row[0]: labels for row, labels in zip(table.rows, table.labels({0}), strict=True)}
    listed = lines(file)
    if len(listed) < 3:
        raise BadDataset(f"expected a count, a header and pictures in {file}")
    _, header, *body = listed
    columns = {name: at for at, name in enumerate(header.split())}
    found = {}
    for line in body:
        name, *values = line.split()
        if len(values) != len(columns):
            raise BadDataset(f"expected {len(columns)} attributes of {name}, got {len(values)}")
        found[name] = Row(columns, tuple(map(sys.intern, values)))
    return found
