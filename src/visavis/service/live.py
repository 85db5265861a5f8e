"""Who is seen in a live stream: what looks at one frame after the other, and what is recorded."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from visavis.audit import Detail
from visavis.policy import Policy
from visavis.recognizer import Recognizer
from visavis.service.timed import Stages, Stopwatch
from visavis.types import Identification, Image, Sample
from visavis.video.frames import Frame
from visavis.video.tracker import TrackRules
from visavis.video.watch import Eyes, Watcher, WatchRules

TRACKED: Final = WatchRules(tracks=TrackRules(confirm=2))
"""A face that the detector is sure of is answered in the first frame that shows it."""
RECORD_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class SeenFace:
    """Who a face of a frame is. `track` has one number for one person's face from frame to frame,
    None where frames are not joined.
    """

    identification: Identification
    track: int | None = None


@dataclass(frozen=True, slots=True)
class FrameResult:
    """What was made of one frame."""

    faces: tuple[SeenFace, ...] = ()


class FrameWatcher(Protocol):
    """Looks at the frames of one stream, in order, and may remember. One thread at a time."""

    def see(self, image: Image, when: float, number: int) -> FrameResult:
        """What a frame shows that came `when`, in seconds of a clock that never goes back; it was
        the `number`-th that came, those that were dropped counted.

        Leaves no audit record: see `Journal`.
        """
        ...


class PlainWatcher:
    """Looks at each frame for itself."""

    def __init__(self, recognizer: Recognizer, policy: Policy, stages: Stages) -> None:
        """Times the search as a stage; the steps before it time themselves."""
        self._recognizer = recognizer
        self._policy = policy
        self._stages = stages

    def see(self, image: Image, when: float, number: int) -> FrameResult:
        samples = self._recognizer.pipeline.samples(image, self._policy)
        with self._stages.stage("search"):
            found = [self._recognizer.decide(sample, self._policy) for sample in samples]
        return FrameResult(tuple(SeenFace(one) for one in found))


class TrackingWatcher:
    """Follows faces from frame to frame: each is looked at closely now and then, and decided by
    all its looks. A frame in which faces were not sought has them where they are expected.
    """

    def __init__(
        self,
        recognizer: Recognizer,
        eyes: Eyes,
        policy: Policy,
        stages: Stages,
        rules: WatchRules = TRACKED,
    ) -> None:
        """Times the search as a stage, as PlainWatcher. Raises ConfigError as `Watcher`."""
        self._recognizer = recognizer
        self._policy = policy
        self._stages = stages
        self._watcher = Watcher(recognizer.pipeline, eyes, self._decide, policy, rules)

    def see(self, image: Image, when: float, number: int) -> FrameResult:
        people = self._watcher.see(Frame.of(image, number, when)).people
        return FrameResult(tuple(SeenFace(one.identification, one.track) for one in people))

    def _decide(self, sample: Sample) -> Identification:
        with self._stages.stage("search"):
            return self._recognizer.decide(sample, self._policy)


class Journal:
    """Chooses what of a stream goes into the audit log: a record for every frame would flood it.

    A decision is recorded when it is new among those of the last `every` seconds, and once in
    `every` seconds for as long as it is made again. It is known by what was decided and whom it
    names; where several faces of a frame have the same, each of them counts. Somebody who leaves
    and comes back within that time is not recorded twice.
    """

    def __init__(self, every: float = RECORD_SECONDS) -> None:
        self._every = every
        self._told: dict[tuple[str, str | None, int], float] = {}

    def due(self, found: Sequence[Identification], when: float) -> list[Identification]:
        """Which decisions of a frame are to be recorded now; they then count as recorded."""
        self._told = {k: at for k, at in self._told.items() if when - at < self._every}
        counts: Counter[tuple[str, str | None]] = Counter()
        due = []
        for one in found:
            kind = (str(one.decision), one.subject)
            counts[kind] += 1
            entry = (*kind, counts[kind])
            if entry not in self._told:
                self._told[entry] = when
                due.append(one)
        return due


@dataclass(frozen=True, slots=True)
class Watched:
    """A frame that was worked on: its size, what it showed, and seconds by stage (`queue` from its
    arrival until work began, `total` until it ended).
    """

    width: int
    height: int
    result: FrameResult
    seconds: Mapping[str, float]


class Watching:
    """The work of one stream, from a frame's bytes to its records. One thread at a time."""

    def __init__(
        self,
        recognizer: Recognizer,
        watcher: FrameWatcher,
        stopwatch: Stopwatch,
        details: Mapping[str, Detail],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`details` go into every audit record; `clock` is the one that frames are stamped by."""
        self._recognizer = recognizer
        self._watcher = watcher
        self._stopwatch = stopwatch
        self._details = dict(details)
        self._clock = clock
        self._journal = Journal()

    def work(self, frame: bytes, at: float, number: int = 1) -> Watched:
        """What a frame shows, the `number`-th, that arrived `at`. Raises InputError for one that
        cannot be used.
        """
        queued = max(self._clock() - at, 0.0)
        with self._stopwatch.collect() as stages:
            image = self._recognizer.pipeline.decode(frame)
            result = self._watcher.see(image, at, number)
        found = [face.identification for face in result.faces]
        for one in self._journal.due(found, at):
            self._recognizer.note(one, self._details)
        total = max(self._clock() - at, 0.0)
        seconds = {**stages, "queue": queued, "total": total}
        return Watched(image.shape[1], image.shape[0], result, seconds)
