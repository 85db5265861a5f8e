"""VGGFace2 (Cao et al., 2018): a folder for each identity in each part, and names and genders."""

import re
from pathlib import Path
from types import MappingProxyType
from typing import Final

from visavis.datasets.listing import contents, first_of, folders, pictures
from visavis.datasets.records import Dataset, Picture
from visavis.datasets.table import read_table
from visavis.errors import BadDataset

PARTS: Final = ("train", "test", "val")
_META: Final = ("identity_meta.csv", "meta/identity_meta.csv")


def is_vggface2(root: Path) -> bool:
    """Whether `root` has a part with folders n000001, or such folders, or the list of people."""
    return first_of(root, *_META) is not None or bool(_parts(root))


def read_vggface2(root: Path) -> Dataset:
    """Pictures named as they lie, `train/n000001/0001_01.jpg`; the identity is n000001.

    Attributes: `part`, and `gender` and `person` where `identity_meta.csv` is there. Raises
    BadDataset without folders of that name.
    """
    meta, parts = first_of(root, *_META), _parts(root)
    about = {} if meta is None else _people(meta)
    found = tuple(
        picture
        for part, people in parts
        for person in people
        for picture in _pictures(root, person, {"part": part} | about.get(person.name, {}))
    )
    if not found:
        looked = ", ".join(f"{part}/n000001" for part in PARTS)
        raise BadDataset(f"expected {looked} or n000001 in {root}, got {contents(root)}")
    unknown = {p.identity for p in found} - about.keys()
    notes = (f"without a gender, not being in identity_meta.csv: {len(unknown)} people",)
    return Dataset("VGGFace2", root, found, notes if unknown else ())


def _parts(root: Path) -> list[tuple[str, list[Path]]]:
    """The parts that are there, with the folders of their people."""
    places = [(part, root / part) for part in PARTS if (root / part).is_dir()] or [("", root)]
    inside = [(part, [f for f in folders(place) if _is_person(f)]) for part, place in places]
    return [(part, people) for part, people in inside if people]


def _is_person(folder: Path) -> bool:
    return re.fullmatch(r"n\d{6}", folder.name) is not None


def _pictures(root: Path, person: Path, labels: dict[str, str]) -> list[Picture]:
    shared = MappingProxyType({name: value for name, value in labels.items() if value})
    place = person.relative_to(root).as_posix()
    return [Picture(path, f"{place}/{path.name}", person.name, shared) for path in pictures(person)]


def _people(meta: Path) -> dict[str, dict[str, str]]:
    table = read_table(meta)
    key, name, gender = (table.place(n) for n in ("class_id", "name", "gender"))
    if key is None or name is None or gender is None:
        raise BadDataset(f"expected Class_ID, Name and Gender in {meta}, got {table.columns}")
    return {row[key]: {"gender": row[gender], "person": row[name]} for row in table.rows}
