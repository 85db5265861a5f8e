"""Training, validation and test parts that share no person."""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from visavis.datasets.records import Dataset, PadSet, Picture
from visavis.errors import InputError

Part: TypeAlias = Literal["train", "val", "test"]
PARTS: Final[tuple[Part, ...]] = ("train", "val", "test")


@dataclass(frozen=True, slots=True)
class Split:
    """How identities are dealt out: shares of train, val and test in any unit, and a seed.

    Raises InputError for shares that are negative or all zero.
    """

    train: float = 80
    val: float = 10
    test: float = 10
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.train, self.val, self.test) < 0 or not self._total > 0:
            raise InputError(f"expected shares of train/val/test such as 80/10/10, got {self}")

    @classmethod
    def parse(cls, text: str, seed: int = 0) -> "Split":
        """From "80/10/10"."""
        if not re.fullmatch(r"\d+(\.\d+)?(/\d+(\.\d+)?){2}", text):
            raise InputError(f"expected train/val/test such as 80/10/10, got {text!r}")
        train, val, test = map(float, text.split("/"))
        return cls(train, val, test, seed)

    def part(self, identity: str) -> Part:
        """The part of a person, by a hash of the name: the same whoever else is in the set."""
        return self._cut(_draw(identity, self.seed))

    def exact(self, identities: Iterable[str]) -> Mapping[str, Part]:
        """The part of each person so that parts have their share of people, to one person."""
        order = sorted(set(identities), key=lambda name: (_draw(name, self.seed), name))
        return {name: self._cut((at + 0.5) / len(order)) for at, name in enumerate(order)}

    def dataset(self, dataset: Dataset, part: Part, *, exact: bool = False) -> Dataset:
        """The pictures of one part. One without identity is dealt out by its own name.

        Raises BadDataset where the part has no picture.
        """
        name = self._chooser((key(p) for p in dataset.pictures), exact)
        kept = [p.name for p in dataset.pictures if name(key(p)) == part]
        return dataset.only(kept, f"{dataset.name}, {part}")

    def pad(self, pad: PadSet, part: Part, *, exact: bool = False) -> PadSet:
        """The presentations of one part's subjects: frames of one person are never divided."""
        names = [p.subject or p.picture.name for p in pad.presentations]
        choose = self._chooser(names, exact)
        shown = zip(pad.presentations, names, strict=True)
        kept = tuple(p for p, name in shown if choose(name) == part)
        title = f"{pad.dataset.name}, {part}"
        return PadSet(pad.dataset.only((p.picture.name for p in kept), title), kept)

    def _chooser(self, names: Iterable[str], exact: bool) -> Callable[[str], Part]:
        return self.exact(names).__getitem__ if exact else self.part

    @property
    def _total(self) -> float:
        return self.train + self.val + self.test

    def _cut(self, at: float) -> Part:
        """The part that the place `at`, 0..1, falls in."""
        place = at * self._total
        if place < self.train:
            return "train"
        return "val" if place < self.train + self.val else "test"


def key(picture: Picture) -> str:
    """What decides a picture's part: the person, or the picture where nobody is named."""
    return picture.name if picture.identity is None else picture.identity


def _draw(name: str, seed: int) -> float:
    """A number in [0, 1) that only the name and the seed decide."""
    digest = hashlib.sha256(f"{seed}\n{name}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48
