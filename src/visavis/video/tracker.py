"""Which faces of a stream are one and the same, from one picture to the next."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np

from visavis.errors import ConfigError, InputError
from visavis.types import Embedding, Face, Floats
from visavis.video.association import gaps, overlapped, pairs, unclear
from visavis.video.motion import Motion, Numbers

Embed: TypeAlias = Callable[[Sequence[int]], Sequence[Embedding]]
"""The embeddings of the faces with these places in the list that `update` was given, in order."""

_OFF: Final = 0.4  # sizes of a face: a gap beyond which a place alone is not believed
_WEIGHT: Final = 1.5  # sizes of a face that a whole unit of cosine is worth


@dataclass(frozen=True, slots=True)
class TrackRules:
    """When faces are one track.

    A track is told once it was found `confirm` times, one time less where the detector's scores
    reach `sure` on average. A face that is gone is expected where it was going for `hold` seconds,
    and known again by its looks for `memory` seconds, wherever it comes back. `blink`: seconds
    that a face may be gone and be taken for the same without a look. `same`: the cosine from which
    two looks are of one person; `other`: that below which they are not. They are for SFace; the
    calibration of another model says its own. Raises ConfigError for rules that contradict.
    """

    confirm: int = 3
    sure: float = 0.8
    hold: float = 1.0
    memory: float = 5.0
    blink: float = 0.3
    same: float = 0.4
    other: float = 0.25

    def __post_init__(self) -> None:
        if self.confirm < 1 or not 0 <= self.blink <= self.hold <= self.memory:
            raise ConfigError(f"expected confirm >= 1 and blink <= hold <= memory, got {self}")
        if not -1 <= self.other <= self.same <= 1:
            raise ConfigError(f"expected cosines, other <= same, got {self}")


@dataclass(frozen=True, slots=True, eq=False)
class Tracked:
    """A face that is followed, at `at` seconds.

    `face` is the detector's, the `index`-th of the faces given; where it was not seen, `index` is
    None and `face` is the last one, moved to where it is expected. `since` and `seen`: when it was
    first and last found, `hits` how often, `misses` how often not since then. `pace`: its speed in
    sizes of the face a second.
    """

    id: int
    face: Face
    at: float
    index: int | None
    since: float
    seen: float
    hits: int
    misses: int
    pace: float

    @property
    def age(self) -> float:
        """Seconds since it was first found."""
        return self.at - self.since


@dataclass(frozen=True, slots=True)
class Tracks:
    """All that is followed at one moment, each by id.

    `seen` were found now. `hidden` were not, and may be behind something, turned away or gone.
    `tentative` are places, in the list given, of faces that are not told yet: maybe none is a
    face. `ended` will not come back; they are as they were seen last.
    """

    seen: tuple[Tracked, ...] = ()
    hidden: tuple[Tracked, ...] = ()
    tentative: tuple[int, ...] = ()
    ended: tuple[Tracked, ...] = ()


class Tracker:
    """Follows faces through a stream by place, speed and, in doubt, by looks. Not thread-safe.

    It holds no picture: of each track the last face and the mean of its embeddings. Embeddings
    are asked for when a track is told, once more when it stands clear, and then only where places
    leave a doubt: several faces near one track or several tracks near one face, a face that jumped
    or was gone. Who comes out of a doubt is looked at once more, and if it is somebody else, the
    face begins anew: each new face is compared with all who are hidden before it gets an id.
    """

    def __init__(self, rules: TrackRules | None = None) -> None:
        self._rules = rules or TrackRules()
        self._tracks: list[_Track] = []
        self._at = -math.inf
        self._last_id = 0

    def update(self, at: float, faces: Sequence[Face], embed: Embed) -> Tracks:
        """What the faces found at `at` seconds are; no faces is a finding too.

        Raises InputError where time goes back, ModelMismatch for embeddings of two models,
        MissingExtra without SciPy, and whatever `embed` raises; after that, go on with the next
        frame: what was found may have been noted already.
        """
        if not at >= self._at:
            raise InputError(f"expected a time of {self._at} s or later, got {at}")
        looks = _Looks(embed)
        found = self._matched(self._expected(at), at, faces, looks)
        clear = self._clear(at, faces, found)
        self._verify(found, clear, looks)
        rest = [i for i in range(len(faces)) if i not in found]
        found |= self._near([t for t in self._tracks if not t.id], rest, at, faces)
        self._enter(at, faces, found)
        for index in clear & looks.made.keys():
            if found[index].id:
                found[index].learn(looks.made[index], self._rules.same)
        self._tell(found, clear, looks)
        self._at = at
        return self._report(at, found)

    def predict(self, at: float) -> tuple[Tracked, ...]:
        """Where the faces are that were seen of late, in a frame in which none is sought."""
        return tuple(t.at(at) for t in self._expected(at))

    def learn(self, id: int, embedding: Embedding) -> None:
        """Takes an embedding of a track that was made for other ends; an unknown id is nothing.

        Raises ModelMismatch for another model's.
        """
        for track in self._tracks:
            if track.id == id:
                track.learn(embedding, self._rules.same)

    def end(self) -> tuple[Tracked, ...]:
        """Ends all tracks, as at the end of a stream; ids go on counting."""
        ended = tuple(t.at(t.seen) for t in self._tracks if t.id)
        self._tracks = []
        return ended

    def _expected(self, at: float) -> "list[_Track]":
        """The told tracks that are where they were going."""
        hold = self._rules.hold
        return [t for t in self._tracks if t.id and t.placed and at - t.seen <= hold]

    def _matched(
        self, tracks: "list[_Track]", at: float, faces: Sequence[Face], looks: "_Looks"
    ) -> "dict[int, _Track]":
        """The told tracks of the faces, by place, and by looks where places leave a doubt."""
        expected = [t.motion.then(at) for t in tracks]
        costs = gaps(expected, faces)
        asked = unclear(costs, [m.spread for m in expected]) | self._back(tracks, costs, at)
        looks.ask(sorted(asked))
        weighed = costs.copy()
        for row, track in enumerate(tracks):
            for face in asked:
                weighed[row, face] = self._cost(track, float(costs[row, face]), looks.made[face])
        found = {face: tracks[row] for row, face in pairs(weighed)}
        refused = np.isfinite(costs) & np.isinf(weighed)
        for row, face in np.argwhere(refused).tolist():
            if face not in found and tracks[row] not in found.values():
                tracks[row].placed = False  # somebody else is where it was
        for face in asked & found.keys():
            found[face].doubt = True
        return found

    def _back(self, tracks: "list[_Track]", costs: Numbers, at: float) -> set[int]:
        """The faces whose nearest track was gone for more than a blink, or that are off."""
        found = set()
        for face in np.flatnonzero(np.isfinite(costs).any(axis=0)):
            nearest = int(costs[:, face].argmin())
            gone = tracks[nearest].misses and at - tracks[nearest].seen > self._rules.blink
            if gone or costs[nearest, face] > _OFF:
                found.add(int(face))
        return found

    def _cost(self, track: "_Track", gap: float, look: Embedding) -> float:
        """The gap, less where looks agree; infinite where they do not and the place is no help."""
        alike = track.alike(look)
        if alike < self._rules.other and (track.misses or gap > _OFF):
            return math.inf
        return gap + _WEIGHT * (self._rules.same - alike)

    def _clear(self, at: float, faces: Sequence[Face], found: "dict[int, _Track]") -> set[int]:
        """The faces that are plainly seen, with no other over them, nor a hidden one that may
        be; the tracks of all others are in doubt from now on.
        """
        hidden = [t.motion.then(at).box for t in self._expected(at) if t not in found.values()]
        covered = overlapped([f.box for f in faces], hidden)
        for index in covered & found.keys():
            found[index].doubt = True
        sure = {i for i, f in enumerate(faces) if f.score >= self._rules.sure}
        return sure - covered

    def _verify(self, found: "dict[int, _Track]", clear: set[int], looks: "_Looks") -> None:
        """Looks again at those who came out of a doubt, and takes the face from who is another."""
        doubtful = sorted(i for i in clear & found.keys() if found[i].doubt)
        looks.ask(doubtful)
        for index in doubtful:
            track = found[index]
            if track.alike(looks.made[index]) >= self._rules.other:
                track.doubt = track.weak = False
            elif track.weak:
                track.looks, track.mean, track.weak = None, None, False
            else:
                found.pop(index).placed = False

    def _near(
        self, tracks: "list[_Track]", free: Sequence[int], at: float, faces: Sequence[Face]
    ) -> "dict[int, _Track]":
        """The tracks that are not told yet, by place alone."""
        costs = gaps([t.motion.then(at) for t in tracks], [faces[i] for i in free])
        return {free[face]: tracks[row] for row, face in pairs(costs)}

    def _enter(self, at: float, faces: Sequence[Face], found: "dict[int, _Track]") -> None:
        """Notes what was found, in old tracks and new ones, and what was not."""
        for track in self._tracks:
            track.misses += 1
        for index, face in enumerate(faces):
            if index in found:
                found[index].enter(at, face)
            else:
                found[index] = _Track.of(at, face)
                self._tracks.append(found[index])

    def _tell(self, found: "dict[int, _Track]", clear: set[int], looks: "_Looks") -> None:
        """Gives ids to tracks that were seen often enough: that of a hidden one who looks the same,
        else a new one.
        """
        ready = sorted(i for i, t in found.items() if not t.id and self._is_sure(t))
        looks.ask(ready)
        hidden = [t for t in self._tracks if t.id and t.misses]
        costs = np.array([[-t.alike(looks.made[i]) for i in ready] for t in hidden])
        costs = costs.reshape(len(hidden), len(ready))
        known = pairs(np.where(costs <= -self._rules.same, costs, np.inf)) if costs.size else []
        for row, column in known:
            self._tracks.remove(hidden[row])
            found[ready[column]].follow(hidden[row])
        for index in ready:
            track = found[index]
            if not track.id:
                self._last_id += 1
                track.id = self._last_id
                track.weak = index not in clear
                track.learn(looks.made[index], self._rules.same)
            track.doubt = True

    def _is_sure(self, track: "_Track") -> bool:
        sure = track.score >= self._rules.sure * track.hits
        return track.hits >= self._rules.confirm - (sure and self._rules.confirm > 1)

    def _report(self, at: float, found: "dict[int, _Track]") -> Tracks:
        """What is followed now; what has ended is dropped."""
        gone = {id(t) for t in self._tracks if self._is_over(t, at)}
        ended = tuple(t.at(t.seen) for t in self._tracks if id(t) in gone and t.id)
        self._tracks = [t for t in self._tracks if id(t) not in gone]
        seen = [(t.id, i) for i, t in found.items() if t.id]
        return Tracks(
            tuple(replace(found[i].at(at), index=i) for _, i in sorted(seen)),
            tuple(t.at(at) for t in self._tracks if t.id and t.misses),
            tuple(sorted(i for i, t in found.items() if not t.id)),
            ended,
        )

    def _is_over(self, track: "_Track", at: float) -> bool:
        if not track.id:
            return track.misses > 1
        return track.misses > 0 and at - track.seen > self._rules.memory


class _Looks:
    """Embeddings of the faces of one picture, each made once, when it is needed."""

    def __init__(self, embed: Embed) -> None:
        self._embed = embed
        self.made: dict[int, Embedding] = {}

    def ask(self, indexes: Sequence[int]) -> None:
        missing = [i for i in indexes if i not in self.made]
        if missing:
            self.made.update(zip(missing, self._embed(missing), strict=True))


@dataclass(slots=True, eq=False)
class _Track:
    """What is known of one face.

    `id` is 0 until it is told; `looks` is the sum of its embeddings. `doubt`: it may have changed
    hands; `weak`: it was never seen plainly; `placed`: it may be where it was going, else it is
    known by looks alone.
    """

    motion: Motion
    face: Face
    since: float
    seen: float
    score: float
    hits: int = 1
    misses: int = 0
    id: int = 0
    doubt: bool = False
    weak: bool = False
    placed: bool = True
    looks: Floats | None = None
    mean: Embedding | None = None

    @classmethod
    def of(cls, at: float, face: Face) -> "_Track":
        return cls(Motion.of(at, face.box), face, at, at, face.score)

    def enter(self, at: float, face: Face) -> None:
        """Notes that it was found."""
        self.motion = self.motion.seen(at, face.box)
        self.face, self.seen, self.misses = face, at, 0
        self.score += face.score
        self.hits += 1

    def follow(self, earlier: "_Track") -> None:
        """Goes on as a track that was lost."""
        self.id, self.since, self.weak = earlier.id, earlier.since, earlier.weak
        self.looks, self.mean = earlier.looks, earlier.mean
        self.score += earlier.score
        self.hits += earlier.hits

    def learn(self, look: Embedding, same: float) -> None:
        """Adds a look to the mean, unless it may be of somebody else."""
        if self.mean is not None and self.mean.similarity(look) < same:
            return
        self.looks = look.vector if self.looks is None else self.looks + look.vector
        self.mean = Embedding.of(self.looks, look.model)

    def alike(self, look: Embedding) -> float:
        """The cosine of a look with the mean of all; 0 before the first."""
        return 0.0 if self.mean is None else self.mean.similarity(look)

    def at(self, at: float) -> Tracked:
        """As it is expected at a time; as it was found, at the time of that."""
        return Tracked(
            self.id,
            self.face if at <= self.seen else _moved(self.face, self.motion.then(at).box),
            at,
            None,
            self.since,
            self.seen,
            self.hits,
            self.misses,
            self.motion.pace,
        )


def _moved(face: Face, box: Floats) -> Face:
    """The face with its box brought to another, and its landmarks with it."""
    scale = (box[2:] - box[:2]) / (face.box[2:] - face.box[:2])
    return Face(box, (face.landmarks - face.box[:2]) * scale + box[:2], face.score)
