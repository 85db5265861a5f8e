"""Pictures that a set holds more than once: the same bytes, or the same photograph made anew."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from visavis.evaluate.embedded import Embedded
from visavis.evaluate.files import Files, hash_vectors
from visavis.evaluate.similar import Pairs, pairs_above
from visavis.types import Floats

Kind: TypeAlias = Literal["same bytes", "near"]
Edge: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Likeness:
    """When two pictures count as one photograph.

    Their perceptual hashes differ in at most `bits` of 64 and their faces' cosine is `cosine` or
    more; or the cosine alone is `alone` or more (another cut of it, or the next frame); or, where
    one shows no face, the hashes differ in at most `faceless` bits. The defaults were set by
    looking at LFW's closest pairs: a hash alone takes one pose on one background for a copy.
    """

    bits: int = 10
    cosine: float = 0.9
    alone: float = 0.97
    faceless: int = 4


@dataclass(frozen=True, slots=True)
class Group:
    """Pictures that are one photograph: names in the set's order, and whom they are said to show.

    `kind` is "same bytes" where all files are equal. More than one identity is a label error.
    """

    names: tuple[str, ...]
    identities: tuple[str, ...]
    kind: Kind


@dataclass(frozen=True, slots=True)
class Duplicates:
    """All groups, those across identities first, then the largest.

    `extra` counts pictures beyond the first of each group; `exact` those of them whose bytes are
    in the set already. `unseen` counts pairs that were alike but too many to be grouped.
    """

    likeness: Likeness
    groups: tuple[Group, ...]
    extra: int
    exact: int
    unseen: int = 0

    @property
    def across(self) -> tuple[Group, ...]:
        """The groups that are said to show more than one person."""
        return tuple(g for g in self.groups if len(g.identities) > 1)


def find_duplicates(
    embedded: Embedded, files: Files, likeness: Likeness | None = None
) -> Duplicates:
    """Groups of duplicates within a set: what is joined by a chain of likeness is one group."""
    likeness = likeness or Likeness()
    same = _same_bytes(files.digests)
    near, unseen = near_pairs(embedded, files, likeness=likeness)
    pictures = embedded.dataset.pictures
    groups = []
    for rows in components([*same, *near]):
        members = [pictures[row] for row in rows]
        names = tuple(m.name for m in members)
        whom = tuple(sorted({m.identity for m in members if m.identity is not None}))
        equal = len({files.digests[row] for row in rows}) == 1
        groups.append(Group(names, whom, "same bytes" if equal else "near"))
    groups.sort(key=lambda g: (-min(len(g.identities), 2), -len(g.names), g.names))
    extra = sum(len(g.names) - 1 for g in groups)
    return Duplicates(likeness, tuple(groups), extra, len(same), unseen)


def near_pairs(
    embedded: Embedded,
    files: Files,
    other: Embedded | None = None,
    other_files: Files | None = None,
    *,
    likeness: Likeness,
) -> tuple[list[Edge], int]:
    """Rows of a set (and of another, if given) that are one photograph; and pairs left unseen."""
    second = embedded if other is None else other
    hashes = _hashes(files), None if other_files is None else _hashes(other_files)
    alike = pairs_above(hashes[0], 1 - likeness.bits / 32, hashes[1])
    cosines = np.einsum("ij,ij->i", embedded.vectors[alike.first], second.vectors[alike.second])
    faceless = np.isnan(cosines) & (alike.scores >= 1 - likeness.faceless / 32)
    found = _edges(alike, (cosines >= likeness.cosine) | faceless)
    vectors = None if other is None else other.vectors
    close = pairs_above(embedded.vectors, likeness.alone, vectors)
    found |= _edges(close, np.ones(len(close), bool))
    unseen = alike.total - len(alike) + close.total - len(close)
    return sorted(found), unseen


def components(edges: Iterable[Edge]) -> list[list[int]]:
    """Rows joined by a chain of edges, each list rising, the lists by their first row."""
    parent: dict[int, int] = {}

    def root(row: int) -> int:
        while parent.setdefault(row, row) != row:
            parent[row] = row = parent[parent[row]]
        return row

    for first, second in edges:
        a, b = sorted((root(first), root(second)))
        parent[b] = a
    groups: dict[int, list[int]] = defaultdict(list)
    for row in sorted(parent):
        groups[root(row)].append(row)
    return list(groups.values())


def _same_bytes(digests: Sequence[bytes]) -> list[Edge]:
    """Each row whose file is there already, joined to the first of the kind."""
    first: dict[bytes, int] = {}
    seen = [(first.setdefault(digest, row), row) for row, digest in enumerate(digests) if digest]
    return [(a, b) for a, b in seen if a != b]


def _hashes(files: Files) -> Floats:
    """Hashes as vectors; NaN where a picture could not be read."""
    vectors = hash_vectors(files.hashes)
    vectors[~files.readable] = np.nan
    return vectors


def _edges(pairs: Pairs, keep: NDArray[np.bool_]) -> set[Edge]:
    return set(zip(pairs.first[keep].tolist(), pairs.second[keep].tolist(), strict=True))
