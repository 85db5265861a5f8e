"""What readers give: pictures with labels, pairs of them, and presentations for attack detection.

Nothing here opens a picture: readers list files, so that a set of millions costs little.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from visavis.errors import BadDataset

BONA_FIDE: Final = "bona_fide"
"""The species of a presentation that is no attack."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One file of a set: `name` is its path inside the set, with slashes, on every machine.

    `identity` is the person shown, None where unknown. `attributes` are the set's own labels,
    such as age, gender and race, in its own words.
    """

    path: Path
    name: str
    identity: str | None = None
    attributes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class Dataset:
    """Pictures of one set, in the reader's stable order.

    `notes` say what the reader left out and why. Raises BadDataset for a set without pictures or
    with two pictures of one name.
    """

    name: str
    root: Path
    pictures: tuple[Picture, ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.pictures:
            raise BadDataset(f"{self.name}: expected pictures in {self.root}, found none")
        if len({p.name for p in self.pictures}) != len(self.pictures):
            raise BadDataset(f"{self.name}: expected a name for each picture, found doubles")

    def __len__(self) -> int:
        return len(self.pictures)

    @cached_property
    def identities(self) -> tuple[str, ...]:
        """The people of the set, sorted; empty where none is labelled."""
        return tuple(sorted({p.identity for p in self.pictures if p.identity is not None}))

    @cached_property
    def owners(self) -> NDArray[np.int64]:
        """(N,) index into `identities` of each picture, -1 where unknown."""
        place: dict[str | None, int] = {name: i for i, name in enumerate(self.identities)}
        return np.array([place.get(p.identity, -1) for p in self.pictures], np.int64)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over names, labels and bytes of all pictures: reads every file once."""
        whole = hashlib.sha256()
        for picture in self.pictures:
            labels = sorted(picture.attributes.items())
            whole.update(repr((picture.name, picture.identity, labels)).encode())
            whole.update(_file_digest(picture.path))
        return whole.hexdigest()

    def only(self, names: Iterable[str], name: str | None = None) -> "Dataset":
        """The part of the set with these picture names, in the set's order."""
        wanted = set(names)
        kept = tuple(p for p in self.pictures if p.name in wanted)
        return Dataset(name or self.name, self.root, kept, self.notes)


@dataclass(frozen=True)
class PairList:
    """Comparisons by protocol: `folds[k]` is (P, 3) int64 rows of (first, second, same).

    `first` and `second` index `dataset.pictures`; `same` is 1 for a genuine pair. A list without
    folds has one. `notes` name pairs that were left out because a picture is not there.
    """

    name: str
    dataset: Dataset
    folds: tuple[NDArray[np.int64], ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.folds or any(f.ndim != 2 or f.shape[1] != 3 or not len(f) for f in self.folds):
            raise BadDataset(f"{self.name}: expected folds of (first, second, same), none empty")
        pairs = self.pairs
        if pairs[:, :2].min() < 0 or pairs[:, :2].max() >= len(self.dataset):
            raise BadDataset(f"{self.name}: expected pairs of pictures of {self.dataset.name}")
        if not set(np.unique(pairs[:, 2])) <= {0, 1}:
            raise BadDataset(f"{self.name}: expected 1 (same) or 0 in the third column")

    @cached_property
    def pairs(self) -> NDArray[np.int64]:
        """(P, 3): all folds, one after another."""
        return np.concatenate(self.folds)


@dataclass(frozen=True, slots=True)
class Presentation:
    """One picture shown to a camera: `species` is BONA_FIDE or the attack instrument's name.

    `subject`, `session` and `device` are empty where the set does not say; subjects split a set.
    """

    picture: Picture
    species: str
    subject: str = ""
    session: str = ""
    device: str = ""

    @property
    def attack(self) -> bool:
        return self.species != BONA_FIDE


@dataclass(frozen=True)
class PadSet:
    """Labelled presentations for attack detection, one for each picture of `dataset`, in order."""

    dataset: Dataset
    presentations: tuple[Presentation, ...]

    def __post_init__(self) -> None:
        if tuple(p.picture for p in self.presentations) != self.dataset.pictures:
            raise BadDataset(f"{self.dataset.name}: expected one presentation for each picture")

    @cached_property
    def species(self) -> tuple[str, ...]:
        """The attack species, sorted; without BONA_FIDE."""
        return tuple(sorted({p.species for p in self.presentations if p.attack}))


def _file_digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
