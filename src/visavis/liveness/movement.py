"""How a head moves: away from its own look ahead, and from one frame to the next."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from visavis.liveness.challenge import Action
from visavis.liveness.track import Observation
from visavis.policy import QualityLimits
from visavis.types import Embedding


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a movement must go to count (`do`), to be held (`hold`), and to be over (`rest`)."""

    do: float
    hold: float
    rest: float


@dataclass(frozen=True, slots=True)
class Rules:
    """What counts as done, and as the same person without a cut.

    `turn` and `nod` are degrees away from the first look ahead, whose own yaw may be `bias`;
    `closer` is the face's size in shares of what it was. `frames` in a row make a finding, good or
    bad; a face may be lost for `gap` seconds. `same` is the least cosine of a frame to the first
    look ahead, `turned` that of a turned face, `steady` that of neighbouring frames, less by 1 a
    second: measured with the default embedder (`benchmarks/liveness/challenge.py`), other ones
    need their own. `narrow`: the least breadth of a turned face, see `breadth`. Frames that break
    `limits` are left out: landmarks of smaller faces do not carry these angles.
    """

    turn: Reach = Reach(22, 16, 12)
    closer: Reach = Reach(1.25, 1.18, 1.12)
    nod: Reach = Reach(16, 11, 9)
    bias: float = 20.0
    settle_frames: int = 4
    settle_seconds: float = 0.4
    frames: int = 2
    gap: float = 0.7
    same: float = 0.40
    turned: float = 0.34
    steady: float = 0.70
    narrow: float = 0.82
    limits: QualityLimits = field(default_factory=lambda: QualityLimits(min_size=24))

    def reach(self, action: Action) -> Reach:
        match action:
            case Action.LEFT | Action.RIGHT:
                return self.turn
            case Action.CLOSER:
                return self.closer
            case Action.UP | Action.DOWN:
                return self.nod

    def ahead(self, window: Sequence[Observation]) -> bool:
        """Whether these frames show one still look ahead, long enough to measure from."""
        if len(window) < self.settle_frames:
            return False
        if window[-1].at - window[0].at < self.settle_seconds:
            return False
        yaws = [o.pose[0] for o in window]
        sizes = [size(o) for o in window]
        still = max(yaws) - min(yaws) <= 10 and max(sizes) <= 1.08 * min(sizes)
        return still and abs(float(np.median(yaws))) <= self.bias


@dataclass(frozen=True, slots=True, eq=False)
class Ahead:
    """A person's own neutral look, from which all movement is measured: a webcam above or beside
    the screen, and the person, have a bias.
    """

    yaw: float
    pitch: float
    size: float
    breadth: float
    embedding: Embedding

    @classmethod
    def of(cls, window: Sequence[Observation]) -> "Ahead":
        """The medians of several frames, and the mean of their embeddings."""
        yaw, pitch, _ = np.median([o.pose for o in window], axis=0)
        length, across = np.median([(size(o), breadth(o)) for o in window], axis=0)
        return cls(float(yaw), float(pitch), float(length), float(across), mean(window))

    def moved(self, action: Action, o: Observation, mirrored: bool) -> float:
        """How far a frame has gone in the direction of an action: degrees, or times the size."""
        yaw, pitch, _ = o.pose
        own_left = (self.yaw - yaw) if mirrored else (yaw - self.yaw)
        match action:
            case Action.LEFT:
                return own_left
            case Action.RIGHT:
                return -own_left
            case Action.CLOSER:
                return size(o) / self.size
            case Action.UP:
                return pitch - self.pitch
            case Action.DOWN:
                return self.pitch - pitch

    def flat(self, window: Sequence[Observation], rules: Rules) -> bool:
        """Whether turned frames are narrower than their own yaw explains."""
        return float(np.median([breadth(o) for o in window])) < rules.narrow * self.breadth

    def same(self, o: Observation, rules: Rules) -> bool:
        """Whether a frame shows this person; a turned face is less alike."""
        turned = abs(o.pose[0] - self.yaw) >= rules.turn.hold
        return alike(o, self.embedding) >= (rules.turned if turned else rules.same)


def follows(o: Observation, last: Observation, rules: Rules) -> bool:
    """Whether a frame can come after `last` without a cut.

    The place may differ by 0.25 faces and 2.5 a second, the yaw by 12 degrees and 250 a second,
    the size by 12 % and 120 % a second. The clips at hand turn by up to 240 degrees a second.
    """
    apart = o.at - last.at
    far = math.dist(_middle(o), _middle(last)) / last.face.height
    turned = abs(o.pose[0] - last.pose[0])
    grown = abs(math.log(size(o) / size(last)))
    smooth = (
        far <= 0.25 + 2.5 * apart and turned <= 12 + 250 * apart and grown <= 0.12 + 1.2 * apart
    )
    return smooth and (last.embedding is None or alike(o, last.embedding) >= rules.steady - apart)


def size(o: Observation) -> float:
    """Pixels from the eyes to the mouth, or between the eyes if that is more; never 0."""
    left, right, _, *mouth = o.face.landmarks.astype(np.float64)
    down = (mouth[0] + mouth[1] - left - right) / 2
    return max(math.hypot(*down), math.hypot(*(right - left)), 1e-6)


def breadth(o: Observation) -> float:
    """The eyes' distance in shares of that to the mouth, with the turn taken out.

    It stays where a head turns: 0.79 or more of its own median in 99 of 100 photographs of
    CelebA's people at a yaw of 20 to 50 degrees, 0.87 in 95. A picture on paper that is tilted
    until a detector takes it for a turn has 0.47 to 0.82 of it, with few exceptions.
    """
    left, right, _, *mouth = o.face.landmarks.astype(np.float64)
    down = max(math.hypot(*((mouth[0] + mouth[1] - left - right) / 2)), 1e-6)
    facing = max(math.cos(math.radians(o.pose[0])), 0.1)
    return math.hypot(*(right - left)) / facing / down


def mean(window: Sequence[Observation]) -> Embedding:
    """The direction of the mean of the embeddings of frames that all have one."""
    found = [o.embedding for o in window if o.embedding is not None]
    return Embedding.of(np.mean([e.vector for e in found], axis=0), found[0].model)


def alike(o: Observation, other: Embedding) -> float:
    """The cosine of a frame's embedding to another; -1 without one."""
    return -1.0 if o.embedding is None else o.embedding.similarity(other)


def _middle(o: Observation) -> tuple[float, float]:
    x1, y1, x2, y2 = map(float, o.face.box)
    return (x1 + x2) / 2, (y1 + y2) / 2
