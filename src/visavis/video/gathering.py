"""Unknown faces of photos and films, gathered and grouped into people."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeAlias

import numpy as np

from visavis.image import decode
from visavis.types import Embedding, Face, Identification, Image, Region
from visavis.video.appearances import Part, Shot, Span
from visavis.video.cluster import cluster
from visavis.video.index import together
from visavis.video.lookout import cut

Pictures: TypeAlias = Callable[[str], Image]
"""Gives the photo of a path, (H, W, 3)."""


@dataclass(frozen=True, slots=True, eq=False)
class Stranger:
    """An unknown face: one in a photo, or one followed through a film for `span` (its times).

    `finds`: in how many pictures it was found. `face` is its place in the photo.
    """

    source: str
    embedding: Embedding
    quality: float
    face: Face | None = None
    span: Span | None = None
    finds: int = 1
    shot: Shot | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Faces of one person, the best first; `alike` is the mean cosine with their middle."""

    number: int
    faces: tuple[Stranger, ...]
    alike: float

    @property
    def finds(self) -> int:
        """In how many pictures the person was found."""
        return sum(face.finds for face in self.faces)


class Gathering:
    """Faces as they come in, photo by photo and film by film. Not thread-safe.

    Of those who are known it counts who they are, and of those of whom nothing can be said how
    many they are: too bad to tell, ambiguous, not live.
    """

    def __init__(self) -> None:
        self._faces: list[Stranger] = []
        self._apart: list[tuple[int, int]] = []
        self.known: dict[str, int] = {}
        self.unclear = 0

    def __len__(self) -> int:
        return len(self._faces)

    def photo(self, source: str, found: Sequence[Identification]) -> None:
        """Takes the faces of a photo: they are of as many people."""
        start = len(self._faces)
        for one in found:
            if self._is_new(one.decision, one.subject):
                sample = one.sample
                face = Stranger(source, sample.embedding, sample.quality.score, sample.face)
                self._faces.append(face)
        self._apart += combinations(range(start, len(self._faces)), 2)

    def film(self, source: str, part: Part) -> None:
        """Takes what was seen in a part of a film, with shots: who is in one frame is apart."""
        start = len(self._faces)
        new = [one for one in part.appearances if self._is_new(one.decision, one.subject)]
        for one in new:
            assert one.shot is not None  # the first look at a face has one
            span = one.spans[0][0], one.spans[-1][1]
            made = (None, span, len(one.frames), one.shot)
            self._faces.append(Stranger(source, one.embedding, one.quality, *made))
        self._apart += ((start + a, start + b) for a, b in together(new, range(len(new))))

    def groups(self, threshold: float, least: int = 1) -> list[Group]:
        """The people, numbered from 1, who was found most often first; at least `least` times.

        The same faces in the same order give the same groups. Raises as `cluster`.
        """
        faces = self._faces
        finds = [face.finds for face in faces]
        labels = cluster([f.embedding for f in faces], threshold, self._apart, finds)
        members: dict[int, list[Stranger]] = {}
        for label, face in zip(labels.tolist(), faces, strict=True):
            members.setdefault(label, []).append(face)
        made = (_group(label + 1, members[label]) for label in sorted(members))
        return [group for group in made if group.finds >= least]

    def _is_new(self, decision: str, subject: str | None) -> bool:
        if subject is not None:
            self.known[subject] = self.known.get(subject, 0) + 1
        elif decision != "unknown":
            self.unclear += 1
        return subject is None and decision == "unknown"


def photos(group: Group, most: int) -> Iterator[Region]:
    """Up to `most` photos of a person to enrol, the best first."""
    for face in group.faces[:most]:
        if face.shot is not None:
            yield Region(face.shot.png, face.shot.box)
        elif face.face is not None:
            yield Region(face.source, face.face.box)


def portrait(face: Stranger, pictures: Pictures) -> Image:
    """The face with a little of what is around it."""
    if face.shot is not None:
        return decode(face.shot.png)
    assert face.face is not None  # it was found in a photo
    return cut(pictures(face.source), face.face)


def _group(number: int, faces: Sequence[Stranger]) -> Group:
    vectors = np.stack([face.embedding.vector for face in faces])
    middle = vectors.sum(axis=0)
    alike = float(np.mean(vectors @ middle) / max(np.linalg.norm(middle), 1e-12))
    best = sorted(faces, key=lambda face: -face.quality)
    return Group(number, tuple(best), alike)
