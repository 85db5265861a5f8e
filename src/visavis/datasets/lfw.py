"""Labeled Faces in the Wild (Huang et al., 2007): its pictures, its people, and its errors."""

from dataclasses import dataclass, replace
from functools import cached_property
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

from visavis.datasets.listing import contents, counted, folders, lines, pictures
from visavis.datasets.records import Dataset, Picture
from visavis.datasets.table import read_table
from visavis.errors import BadDataset

PLACES: Final = (
    "images",
    "lfw",
    "lfw-deepfunneled/lfw-deepfunneled",
    "lfw-deepfunneled",
    "lfw_funneled",
    ".",
)
"""Where the folders of people lie in the layouts that LFW comes in."""
VERDICTS: Final = ("same_person", "wrong_name", "duplicate", "different")


@dataclass(frozen=True, slots=True)
class Erratum:
    """What was found out about a picture, or about two: see `Errata`."""

    first: str
    second: str
    verdict: str
    note: str


@dataclass(frozen=True)
class Errata:
    """Known errors of a set, by picture name.

    `same_person`: two names for one person. `wrong_name`: `first` does not show the person named.
    `duplicate`: `second` is the picture `first` again. `different`: looked alike, was looked at,
    and is two people. Raises BadDataset for another verdict or a missing name.
    """

    entries: tuple[Erratum, ...]

    def __post_init__(self) -> None:
        for entry in self.entries:
            if entry.verdict not in VERDICTS:
                raise BadDataset(f"expected {', '.join(VERDICTS)}, got {entry.verdict!r}")
            if not entry.first or not (entry.second or entry.verdict == "wrong_name"):
                raise BadDataset(f"expected pictures for {entry.verdict}, got {entry}")

    @cached_property
    def left_out(self) -> frozenset[str]:
        """Pictures that take no part in comparisons: under a wrong name, or there twice."""
        wrong = {e.first for e in self.entries if e.verdict == "wrong_name"}
        return frozenset(wrong | {e.second for e in self.entries if e.verdict == "duplicate"})

    @cached_property
    def same_people(self) -> frozenset[tuple[str, str]]:
        """Sorted pairs of identities that are one person: no impostors of each other."""
        return self._identities("same_person")

    @cached_property
    def different_people(self) -> frozenset[tuple[str, str]]:
        """Sorted pairs of identities that look alike and are two people."""
        return self._identities("different")

    def _identities(self, verdict: str) -> frozenset[tuple[str, str]]:
        found = (e for e in self.entries if e.verdict == verdict)
        pairs = (sorted((_person(e.first), _person(e.second))) for e in found)
        return frozenset((a, b) for a, b in pairs if a != b)


def errata() -> Errata:
    """The errors of LFW that come with Visavis, each looked at."""
    with as_file(files("visavis.datasets") / "lfw_errata.csv") as file:
        return read_errata(file)


def read_errata(file: Path) -> Errata:
    """The errata of a CSV file with the columns first, second, verdict, note."""
    table = read_table(file)
    if table.columns != ("first", "second", "verdict", "note"):
        raise BadDataset(f"expected first,second,verdict,note, got {','.join(table.columns)}")
    return Errata(tuple(Erratum(*row) for row in table.rows))


def cleaned(dataset: Dataset, known: Errata) -> Dataset:
    """The set without pictures that are left out, and with one name for one person."""
    names: dict[str, str] = {}
    for first, second in sorted(known.same_people):
        names[second] = names.get(first, first)
    kept = tuple(
        replace(p, identity=names.get(p.identity or "", p.identity))
        for p in dataset.pictures
        if p.name not in known.left_out
    )
    note = f"known label errors: {len(dataset) - len(kept)} pictures left out"
    return Dataset(dataset.name, dataset.root, kept, (*dataset.notes, note))


def images_folder(root: Path) -> Path | None:
    """The folder that holds a folder for each person, in any layout of LFW; None if there is none.

    Known by its file names: `<Name>/<Name>_0001.jpg`.
    """
    return next((root / p for p in PLACES if _holds_people(root / p)), None)


def read_lfw(root: Path) -> Dataset:
    """All pictures, named `<Name>/<Name>_0001.jpg`; the identity is the folder's name.

    Raises BadDataset where no layout of LFW is found.
    """
    images = images_folder(root)
    if images is None:
        looked = ", ".join(f"{p}/" for p in PLACES)
        raise BadDataset(
            f"expected <Name>/<Name>_0001.jpg in one of {looked} of {root}, got {contents(root)}"
        )
    found = [(folder.name, path) for folder in folders(images) for path in pictures(folder)]
    kept = [(person, path) for person, path in found if _numbered(person, path)]
    odd = len(found) - len(kept)
    notes = (f"left out {counted(odd, 'file')} not named as LFW names pictures",) if odd else ()
    people = tuple(Picture(path, f"{person}/{path.name}", person) for person, path in kept)
    return Dataset(_title(root, images), images, people, notes)


def read_people(file: Path) -> tuple[tuple[str, ...], ...]:
    """The names in `people.txt` (a tuple a fold) or `peopleDev*.txt` (one tuple).

    Raises BadDataset where the counts in the file do not fit.
    """
    rows = [line.split() for line in lines(file)]
    several = len(rows) > 1 and len(rows[1]) == 1
    folds, rest = [], rows[1:] if several else rows
    while rest:
        size = int(rest[0][0]) if rest[0][0].isdecimal() else 0
        names = tuple(row[0] for row in rest[1 : size + 1] if len(row) == 2)
        if not size or len(names) != size:
            raise BadDataset(f"expected a count and as many people, got {rest[0]} in {file}")
        folds.append(names)
        rest = rest[size + 1 :]
    if not folds or (several and [str(len(folds))] != rows[0]):
        raise BadDataset(f"expected folds as the first line says, got {len(folds)} in {file}")
    return tuple(folds)


def _person(name: str) -> str:
    return name.rpartition("/")[0]


def _title(root: Path, images: Path) -> str:
    """LFW, unless it is somebody's own set in the manner of LFW."""
    known = any((root / f).exists() for f in ("pairs.txt", "people.txt", "pairs.csv"))
    return "LFW" if known or "lfw" in f"{root.name} {images.name}".lower() else root.name


def _holds_people(folder: Path) -> bool:
    """Whether the first folder with pictures in it names them as LFW does."""
    if not folder.is_dir():
        return False
    filled = ((inner.name, found) for inner in folders(folder) if (found := pictures(inner)))
    person, found = next(filled, ("", []))
    return any(_numbered(person, path) for path in found)


def _numbered(person: str, path: Path) -> bool:
    name, _, number = path.stem.rpartition("_")
    return name == person and len(number) == 4 and number.isdecimal()
