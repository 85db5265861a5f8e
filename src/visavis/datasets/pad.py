"""Presentations for attack detection, from an index or from names of folders."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from visavis.datasets.attributes import FILES
from visavis.datasets.listing import contents, counted, inside, tree
from visavis.datasets.records import BONA_FIDE, Dataset, PadSet, Picture, Presentation
from visavis.datasets.table import Table, read_table
from visavis.errors import BadDataset

_BONA_FIDE: Final = ("real", "live", "bona_fide", "bonafide", "genuine", "client")
_ATTACK: Final = ("spoof", "attack", "attacks", "fake", "imposter", "impostor")
_SPECIES: Final = ("print", "printed", "photo", "replay", "video", "display", "mask", "cut")
_LABELS: Final = ("label", "class", "type")


def read_pad(root: Path, index: Path | None = None) -> PadSet:
    """The presentations below `root`, by an index (`index.csv`, where there is one) or by folders.

    An index has the columns file and label, and may have subject, session, species and device;
    other columns are attributes. Without one, a folder real, live, … holds bona fide
    presentations, spoof, attack, … or print, replay, mask, … attacks; folders inside are species
    or subjects. The subject is the picture's identity. Raises BadDataset without both kinds.
    """
    if index is None and (root / "index.csv").is_file():
        index = root / "index.csv"
    if index is None:
        found, odd = _from_folders(root)
        note = f"left out {counted(odd, 'picture')} outside folders such as real and spoof"
    else:
        found, odd = _from_index(root, read_table(index), index)
        note = f"left out {counted(odd, 'listed picture')}: not there"
    if {p.attack for p in found} != {True, False}:
        raise BadDataset(
            f"expected bona fide presentations and attacks in {root}, such as real/ and spoof/, "
            f"got {len(found)} of one kind and {contents(root)}"
        )
    pictures = tuple(p.picture for p in found)
    dataset = Dataset(root.resolve().name, root, pictures, (note,) if odd else ())
    return PadSet(dataset, tuple(found))


def _from_index(root: Path, table: Table, index: Path) -> tuple[list[Presentation], int]:
    """The presentations whose pictures are there, and how many are not."""
    file, label = table.place(*FILES), table.place(*_LABELS)
    if file is None or label is None:
        raise BadDataset(f"expected the columns file and label in {index}, got {table.columns}")
    names = ("subject", "session", "species", "device")
    places = [table.place(name) for name in names]
    found = []
    for row, rest in zip(table.rows, table.labels({file, label, *places}), strict=True):
        subject, session, species, device = ("" if p is None else row[p] for p in places)
        path = inside(root, row[file])
        name = path.relative_to(root).as_posix()
        picture = Picture(path, name, subject or None, rest)
        kind = _species(row[label], species, index)
        found.append(Presentation(picture, kind, subject, session, device))
    there = [p for p in found if p.picture.path.is_file()]
    return there, len(found) - len(there)


def _species(label: str, species: str, index: Path) -> str:
    word = _word(label)
    if not word or word.strip("_").isdecimal():
        raise BadDataset(f"expected labels such as real and print in {index}, got {label!r}")
    if word in _BONA_FIDE:
        return BONA_FIDE
    return _word(species) or word


def _from_folders(root: Path) -> tuple[list[Presentation], int]:
    """The presentations, and how many pictures lie outside folders of either kind."""
    paths = tree(root)
    inner = [path.relative_to(root).parent.parts for path in paths]
    people = {
        part for parts in inner for part in parts[_kind_at(parts) + 1 :] if _is_bona_fide(parts)
    }
    found = [
        _presentation(path, root, parts, people)
        for path, parts in zip(paths, inner, strict=True)
        if _kind_at(parts) < len(parts)
    ]
    return found, len(paths) - len(found)


def _presentation(path: Path, root: Path, parts: Sequence[str], people: set[str]) -> Presentation:
    """By the folders below the one that says the kind: of people known alive, or species."""
    at = _kind_at(parts)
    subjects = [part for part in parts[at + 1 :] if _is_subject(part, people)]
    subject = subjects[0] if subjects else ""
    picture = Picture(path, path.relative_to(root).as_posix(), subject or None)
    if _is_bona_fide(parts):
        return Presentation(picture, BONA_FIDE, subject)
    kinds = [_word(part) for part in parts[at + 1 :] if not _is_subject(part, people)]
    generic = _word(parts[at]) in _ATTACK
    return Presentation(picture, kinds[0] if generic and kinds else _word(parts[at]), subject)


def _kind_at(parts: Sequence[str]) -> int:
    """The place of the first folder that says bona fide or attack; behind the last if none."""
    known = _BONA_FIDE + _ATTACK + _SPECIES
    return next((at for at, part in enumerate(parts) if _word(part) in known), len(parts))


def _is_bona_fide(parts: Sequence[str]) -> bool:
    at = _kind_at(parts)
    return at < len(parts) and _word(parts[at]) in _BONA_FIDE


def _is_subject(part: str, people: set[str]) -> bool:
    """A folder that bona fide pictures have too, or a number, such as 0001, s12 or subject_3."""
    return part in people or re.fullmatch(r"[A-Za-z]*[-_]?\d+", part) is not None


def _word(text: str) -> str:
    return text.strip().lower().replace("-", "_").replace(" ", "_")
