"""A head of five points that does what a challenge asks, filmed at a given rate."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from visavis.liveness.challenge import Action, Challenge, Step
from visavis.liveness.track import Observation
from visavis.types import Embedding, Face

POINTS = np.array([(-0.51, 0, 0), (0.51, 0, 0), (0, 0.57, 0.48), (-0.44, 1, 0), (0.44, 1, 0)])
PEAK = {
    Action.LEFT: (32.0, 0.0, 1.0),
    Action.RIGHT: (-32.0, 0.0, 1.0),
    Action.CLOSER: (0.0, 0.0, 1.4),
    Action.UP: (0.0, 24.0, 1.0),
    Action.DOWN: (0.0, -24.0, 1.0),
}


def steps(text: str, hold: float = 0.3) -> tuple[Step, ...]:
    """`steps("LRC")`: left, right, closer."""
    letters = {a.value[0].upper(): a for a in Action}
    return tuple(Step(letters[letter], hold) for letter in text)


def challenge(text: str = "LRCL", hold: float = 0.3) -> Challenge:
    return Challenge("00" * 16, steps(text, hold), 100.0, 160.0, 8.0, 45.0)


@dataclass(frozen=True)
class Actor:
    """`person` is a seed; `bias` (yaw, pitch) is how they look ahead; `stay` seconds are added to
    each hold. `own` is the cosine of a face turned by 32 degrees to the face ahead.
    """

    person: int = 1
    fps: float = 12.0
    bias: tuple[float, float] = (0.0, 0.0)
    scale: float = 40.0
    mirrored: bool = False
    stay: float = 0.5
    move: float = 0.35
    own: float = 0.7
    noise: float = 0.4
    seed: int = 0

    def perform(self, asked: Iterable[Step], start: float = 101.0) -> list[Observation]:
        """The frames of one performance, looking ahead first, between and last."""
        ahead = (0.0, 0.0, 1.0)
        keys = [(0.0, ahead), (1.2, ahead)]
        for step in asked:
            now = keys[-1][0]
            times = np.cumsum([self.move, step.hold + self.stay, self.move, 0.7]) + now
            poses = (PEAK[step.action], PEAK[step.action], ahead, ahead)
            keys += [(float(t), pose) for t, pose in zip(times, poses, strict=True)]
        return self.film(keys, start)

    def film(
        self, keys: list[tuple[float, tuple[float, float, float]]], start: float = 101.0
    ) -> list[Observation]:
        """Frames along (seconds, (yaw, pitch, size)), straight between."""
        rng = np.random.default_rng((self.person, self.seed))
        moments = np.arange(0, keys[-1][0], 1 / self.fps)
        times = [t for t, _ in keys]
        tracks = [np.interp(moments, times, [p[i] for _, p in keys]) for i in range(3)]
        return [
            self._frame(start + t, (yaw, pitch, size), rng)
            for t, yaw, pitch, size in zip(moments.tolist(), *tracks, strict=True)
        ]

    def vector(self, yaw: float = 0.0) -> Embedding:
        """The face itself, without noise."""
        rng = np.random.default_rng(self.person)
        face, left, right = np.linalg.qr(rng.standard_normal((64, 3)))[0].T
        angle = min(abs(yaw) / 32, 1.5) * np.arccos(self.own)
        side = left if yaw > 0 else right
        return Embedding.of(np.cos(angle) * face + np.sin(angle) * side, "fake-1")

    def _frame(
        self, at: float, pose: tuple[float, float, float], rng: np.random.Generator
    ) -> Observation:
        yaw, pitch, size = pose
        flip = -1 if self.mirrored else 1
        points = turned(flip * yaw + self.bias[0], pitch + self.bias[1], self.scale * size)
        points += rng.normal(0, self.noise, (5, 2))
        x, y = points.mean(axis=0)
        half = 1.6 * self.scale * size
        box = np.array([x - half * 0.75, y - half, x + half * 0.75, y + half])
        vector = self.vector(yaw).vector + rng.normal(0, 0.02, 64)
        face = Face(box.astype(np.float32), points.astype(np.float32), 0.95)
        return Observation(at, face, embedding=Embedding.of(vector, "fake-1"))


def turned(yaw: float, pitch: float, scale: float) -> np.ndarray:
    """Landmarks of a head that turns, then nods, seen from far away."""
    y, p = np.radians((yaw, pitch))
    turn = np.array([(np.cos(y), 0, np.sin(y)), (0, 1, 0), (-np.sin(y), 0, np.cos(y))])
    nod = np.array([(1, 0, 0), (0, np.cos(p), -np.sin(p)), (0, np.sin(p), np.cos(p))])
    return (POINTS @ turn.T @ nod.T)[:, :2] * scale + (320, 200)


def flat(yaw: float, scale: float, distance: float = 8.0) -> np.ndarray:
    """Landmarks of a picture of a face, turned by `yaw` before a near camera; `distance` in units
    of the eyes' to the mouth's.
    """
    x, y = POINTS[:, 0], POINTS[:, 1] - 0.5
    angle = np.radians(yaw)
    depth = distance / (distance + x * np.sin(angle))
    return np.stack([x * np.cos(angle) * depth, y * depth], axis=1) * scale + (320, 240)


def spliced(*parts: list[Observation]) -> list[Observation]:
    """One recording of several, each after the one before by its own rhythm."""
    joined = list(parts[0])
    for part in parts[1:]:
        apart = float(np.median([b.at - a.at for a, b in pairwise(part)]))
        shift = joined[-1].at + apart - part[0].at
        joined += [replace(o, at=o.at + shift) for o in part]
    return joined
