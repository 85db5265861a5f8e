"""Who is in a film, part by part: each part is watched afresh, so that work can go on at any."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np

from visavis.errors import ConfigError
from visavis.image import encode
from visavis.quality import assess
from visavis.types import Decision, Embedding, Floats, Identification
from visavis.video.frames import Frame
from visavis.video.lookout import surroundings
from visavis.video.pace import PaceRules
from visavis.video.watch import Person, View, Watcher

Span: TypeAlias = tuple[float, float]
"""From when to when, in seconds on the film's clock."""
UNHURRIED: Final = PaceRules(budget=1e-9)
"""For films, which wait for nobody: faces are sought as seldom as their movement allows, whatever
the machine is like, so that every run sees the same frames."""
_SAME: Final = (
    0.2  # cosine of one track's vectors, from one look to the next, below which it is two
)


@dataclass(frozen=True, slots=True)
class SweepRules:
    """How a film is gone through, in seconds: watched afresh after each `part`; absences up to
    `gap` are none. `shots`: the best picture of each face is kept. Raises ConfigError.
    """

    part: float = 60.0
    gap: float = 2.0
    shots: bool = False

    def __post_init__(self) -> None:
        if not (self.part > 0 and self.gap >= 0):
            raise ConfigError(f"expected a part above 0 and a gap of 0 or more, got {self}")


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """A picture of a face with what is around it, as PNG, and where the face is in it: (4,)."""

    png: bytes
    box: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Appearance:
    """One face, followed through a part of a film.

    `subject` is who it was decided to be, `score` the best one of that; else `decision` says why
    nobody is named. `frames` are the numbers of those in which it was found.
    """

    spans: tuple[Span, ...]
    frames: tuple[int, ...]
    subject: str | None
    score: float
    decision: Decision
    quality: float
    embedding: Embedding
    shot: Shot | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What was seen in the part with this number: `span` is that of its frames."""

    number: int
    span: Span
    appearances: tuple[Appearance, ...]


def sweep(
    frames: Iterable[Frame],
    begin: Callable[[], Watcher],
    rules: SweepRules,
    *,
    after: int = -1,
    note: Callable[[Identification], None] = lambda _: None,
    tick: Callable[[float], None] = lambda _: None,
) -> Iterator[Part]:
    """The parts of a film in order, each once it is through; those up to `after` are passed over.

    `note` gets what was decided of each face in the end, for the audit log, before its part is
    given; `tick` is called with the time of each frame.
    """
    part: _Part | None = None
    for frame in frames:
        tick(frame.at)
        number = int(frame.at // rules.part)
        if number <= after:
            continue
        if part is None or part.number != number:
            if part is not None:
                yield part.done(note)
            part = _Part(number, frame.at, begin(), rules)
        part.see(frame)
    if part is not None:
        yield part.done(note)


class _Part:
    """A part that is being watched."""

    def __init__(self, number: int, at: float, watcher: Watcher, rules: SweepRules) -> None:
        self.number = number
        self._first = self._last = at
        self._watcher = watcher
        self._rules = rules
        self._tracks: dict[int, _Track] = {}
        self._over: list[_Track] = []

    def see(self, frame: Frame) -> None:
        view = self._watcher.see(frame)
        self._last = frame.at
        if view.sought:
            for person in view.people:
                self._meet(frame, view, person)

    def done(self, note: Callable[[Identification], None]) -> Part:
        tracks = sorted([*self._over, *self._tracks.values()], key=lambda t: t.order)
        for track in tracks:
            note(track.found)
        made = tuple(track.appearance() for track in tracks)
        return Part(self.number, (self._first, self._last), made)

    def _meet(self, frame: Frame, view: View, person: Person) -> None:
        track = self._tracks.get(person.track)
        if track is not None and person.look and not track.goes_on(person.identification):
            self._over.append(self._tracks.pop(person.track))
            track = _Track.of(person, view.at)
        elif track is None:
            track = _Track.of(person, min(person.since, view.at))
        self._tracks[person.track] = track
        track.see(person, view, self._rules.gap)
        if self._rules.shots and person.look:
            track.shoot(frame, person)


@dataclass(slots=True)
class _Track:
    """What is known of a face so far; `order` is when it came, and the track's number."""

    order: tuple[float, int]
    found: Identification
    spans: list[Span]
    frames: list[int] = field(default_factory=list)
    named: Identification | None = None
    shot: Shot | None = None
    worth: float = -1.0

    @classmethod
    def of(cls, person: Person, since: float) -> "_Track":
        return cls((since, person.track), person.identification, [(since, since)])

    def goes_on(self, now: Identification) -> bool:
        """Whether the same person is still looked at."""
        alike = self.found.sample.embedding.similarity(now.sample.embedding)
        other = self.named is not None and now.subject not in (None, self.named.subject)
        return alike >= _SAME and not other

    def see(self, person: Person, view: View, gap: float) -> None:
        self.found = person.identification
        self.frames.append(view.number)
        first, last = self.spans[-1]
        if view.at - last <= gap:
            self.spans[-1] = (first, view.at)
        else:
            self.spans.append((view.at, view.at))
        better = self.named is None or _score(self.found) > _score(self.named)
        if self.found.subject is not None and better:
            self.named = self.found

    def shoot(self, frame: Frame, person: Person) -> None:
        """Keeps a picture, unless there is a better one."""
        worth = assess(frame.image, person.face).score
        if worth > self.worth:
            image, corner, scale = surroundings(frame.image, person.face)
            box = (person.face.box - np.tile(corner, 2)) * scale
            self.shot, self.worth = Shot(encode(image, "PNG"), box), worth

    def appearance(self) -> Appearance:
        told = self.named or self.found
        return Appearance(
            tuple(self.spans),
            tuple(self.frames),
            told.subject,
            _score(told),
            told.decision,
            self.found.sample.quality.score,
            self.found.sample.embedding,
            self.shot,
        )


def _score(found: Identification) -> float:
    return found.candidates[0].score if found.candidates else 0.0
