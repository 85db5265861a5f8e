"""Who is in a stream: faces are found now and then, followed, and looked at closely when better."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from visavis.pipeline import Pipeline
from visavis.policy import Policy
from visavis.protocols import Detector, Embedder
from visavis.quality import assess
from visavis.types import Embedding, Face, Identification, Image, Quality, Sample
from visavis.video.frames import Frame
from visavis.video.looks import Look, LookRules, Looks
from visavis.video.moments import Moments, joined
from visavis.video.pace import Pace, PaceRules
from visavis.video.tracker import Tracked, Tracker, TrackRules

Decide: TypeAlias = Callable[[Sample], Identification]
"""Who a sample shows; leaves no record."""
Again: TypeAlias = Callable[[Image, Face], Face | None]
"""The face with landmarks as an embedding needs them; None where a closer look finds none."""


@dataclass(frozen=True, slots=True)
class Eyes:
    """What finds the faces of a frame quickly, and what looks again at one that is embedded."""

    finder: Detector
    again: Again


@dataclass(frozen=True, slots=True)
class WatchRules:
    """How a stream is watched: how often faces are sought, when they are one, how often they are
    looked at.
    """

    pace: PaceRules = field(default_factory=PaceRules)
    tracks: TrackRules = field(default_factory=TrackRules)
    looks: LookRules = field(default_factory=LookRules)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a frame, by all looks at the face so far.

    `track` is one number for one face from frame to frame, `since` when it was first seen. `look`
    says that this frame was looked at closely, `changed` that the decision is new by that.
    """

    track: int
    since: float
    identification: Identification
    look: bool = False
    changed: bool = False

    @property
    def face(self) -> Face:
        """Where the face is in this frame, or is thought to be where it was not sought."""
        return self.identification.sample.face


@dataclass(frozen=True, slots=True)
class View:
    """Who is in a frame, `at` seconds on the stream's clock. `sought`: faces were looked for in it,
    not only followed; `ended`: tracks that will not come back.
    """

    number: int
    at: float
    people: tuple[Person, ...]
    sought: bool
    ended: tuple[int, ...] = ()


class Watcher:
    """Looks at the frames of one stream, in order. One thread at a time.

    A face is embedded when it is new, when a frame shows it better, and now and then to be sure
    that it is still the same; who it is is decided by all its looks together. What no closer look
    has found to be a face is nobody. Leaves no audit record: `Person.changed` says when one is due.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        eyes: Eyes,
        decide: Decide,
        policy: Policy,
        rules: WatchRules | None = None,
    ) -> None:
        """Raises ConfigError where the policy asks for a liveness check and there is none."""
        self._check = pipeline.check(policy)
        self._embedder = pipeline.embedder
        self._eyes = eyes
        self._decide = decide
        self._policy = policy
        self._rules = rules or WatchRules()
        self._pace = Pace(self._rules.pace)
        self._tracker = Tracker(self._rules.tracks)
        self._known: dict[int, _Known] = {}

    @property
    def every(self) -> int:
        """Faces are sought in every `every`-th frame at present."""
        return self._pace.every

    def see(self, frame: Frame) -> View:
        """Who is in a frame. Raises InputError for one that is not after the last."""
        sought = self._pace.due(frame.number, frame.at)
        started = time.perf_counter()
        view = self._search(frame) if sought else self._follow(frame)
        self._pace.spent(time.perf_counter() - started, sought=sought)
        return view

    def _search(self, frame: Frame) -> View:
        image = frame.image
        closer = _Closer(image, self._eyes.finder.detect(image), self._eyes, self._embedder)
        tracks = self._tracker.update(frame.at, closer.faces, closer.embed)
        self._pace.moved(max((t.pace for t in tracks.seen), default=0.0))
        met = (self._meet(tracked, frame.at, closer) for tracked in tracks.seen)
        people = tuple(person for person in met if person is not None)
        for gone in tracks.ended:
            self._known.pop(gone.id, None)
        return View(frame.number, frame.at, people, True, tuple(t.id for t in tracks.ended))

    def _follow(self, frame: Frame) -> View:
        """Those who were seen of late, where they are expected."""
        seen = (t for t in self._tracker.predict(frame.at) if t.id in self._known and not t.misses)
        people = (self._known[t.id].person(t) for t in seen)
        return View(frame.number, frame.at, tuple(p for p in people if p is not None), False)

    def _meet(self, tracked: Tracked, at: float, closer: "_Closer") -> Person | None:
        """What is known of a face that was found, after a closer look where one is due."""
        known = self._known.setdefault(tracked.id, _Known(Looks(self._rules.looks)))
        quality = assess(closer.image, tracked.face)
        if self._check is not None:
            known.moments.add(closer.image, tracked.face, at)
        assert tracked.index is not None  # a face that was found has its place in the list
        if not known.looks.due(quality, at) or not known.tries(at, self._rules.looks.spacing):
            return known.person(tracked)
        face = closer.again(tracked.index)
        if face is None:
            return known.person(tracked)
        sample = self._sample(tracked.index, face, quality, closer)
        self._tracker.learn(tracked.id, sample.embedding)
        if not known.looks.add(Look(at, sample)):
            known.moments = Moments()
        changed = known.decided(self._decide)
        return known.person(tracked, look=True, changed=changed)

    def _sample(self, index: int, face: Face, quality: Quality, closer: "_Closer") -> Sample:
        """A close look at one face of a frame."""
        [embedding] = closer.embed([index])
        said = None
        if self._check is not None:
            said = self._check.check(closer.image, face, self._policy.live)
        return Sample(face, embedding, quality, said)


@dataclass(slots=True)
class _Known:
    """What is known of one track; `tried` is when a closer look was last taken at it."""

    looks: Looks
    moments: Moments = field(default_factory=Moments)
    identification: Identification | None = None
    tried: float | None = None

    def tries(self, at: float, spacing: float) -> bool:
        """Whether a closer look is taken: none again too soon after one that found no face."""
        if self.tried is not None and not len(self.looks) and at - self.tried < spacing:
            return False
        self.tried = at
        return True

    def decided(self, decide: Decide) -> bool:
        """Decides by all looks; whether the answer is another than before."""
        before = self.identification
        sample = self.looks.sample()
        moving = self.moments.judgement()
        self.identification = decide(replace(sample, liveness=joined(sample.liveness, moving)))
        now = self.identification
        return before is None or (before.decision, before.subject) != (now.decision, now.subject)

    def person(
        self, tracked: Tracked, *, look: bool = False, changed: bool = False
    ) -> Person | None:
        """Who it is, where it is now; None as long as no closer look found a face."""
        if self.identification is None:
            return None
        sample = replace(self.identification.sample, face=tracked.face)
        found = replace(self.identification, sample=sample)
        return Person(tracked.id, tracked.since, found, look, changed)


class _Closer:
    """The faces of one frame, each looked at again and embedded once, when that is asked for."""

    def __init__(self, image: Image, faces: list[Face], eyes: Eyes, embedder: Embedder) -> None:
        self.image = image
        self.faces = faces
        self._again = eyes.again
        self._embedder = embedder
        self._seen: dict[int, Face | None] = {}
        self._made: dict[int, Embedding] = {}

    def again(self, index: int) -> Face | None:
        if index not in self._seen:
            self._seen[index] = self._again(self.image, self.faces[index])
        return self._seen[index]

    def embed(self, indexes: Sequence[int]) -> list[Embedding]:
        missing = [i for i in indexes if i not in self._made]
        faces = [self.again(i) or self.faces[i] for i in missing]
        self._made.update(zip(missing, self._embedder.embed(self.image, faces), strict=True))
        return [self._made[i] for i in indexes]
