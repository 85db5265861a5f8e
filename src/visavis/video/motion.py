"""Where a face goes: its box and speed, guessed from boxes that jitter, and how sure that is."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from visavis.types import Floats

Numbers = NDArray[np.float64]

_JITTER: Final = 0.06  # of a face's size: how far a detector's box is from the face
_START: Final = 3.0  # sizes a second: how fast a face may be that was seen once
_TURN: Final = 8.0  # sizes a second squared: how a head changes its speed
_COAST: Final = 1.0  # seconds after which a third of the speed is left of a face that is not seen


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """A box that moves steadily, at one moment: made by `Motion.of`, led on by `seen`.

    `place` is (4,): middle x and y, width, height; `speed` is (4,): their change a second, all in
    pixels. `doubt` is the (2, 2) covariance of place and speed, in sizes of the face, for all four
    alike. It is a Kalman filter whose noise grows with the face, so that far and near faces are
    one.
    """

    at: float
    place: Numbers
    speed: Numbers
    doubt: Numbers

    @classmethod
    def of(cls, at: float, box: Floats) -> "Motion":
        """A box that was seen once, at `at` seconds: (x1, y1, x2, y2)."""
        return cls(at, _placed(box), np.zeros(4), np.diag([_JITTER**2, _START**2]))

    def then(self, at: float) -> "Motion":
        """Where it is at a later time, by what is known now; it comes to rest in the long run."""
        passed = max(at - self.at, 0.0)
        left = math.exp(-passed / _COAST)
        reach = _COAST * (1 - left)
        step = np.array([[1, reach], [0, left]])
        push = np.array([passed * passed / 2, passed]) * _TURN
        place = self.place + reach * self.speed
        place[2:] = np.clip(place[2:], self.place[2:] / 2, self.place[2:] * 2)
        doubt = step @ self.doubt @ step.T + np.outer(push, push)
        return Motion(at, place, left * self.speed, doubt)

    def seen(self, at: float, box: Floats) -> "Motion":
        """What is known once it was seen in `box` at `at`."""
        guess = self.then(at)
        gain = guess.doubt[:, 0] / (guess.doubt[0, 0] + _JITTER**2)
        off = _placed(box) - guess.place
        doubt = guess.doubt - np.outer(gain, guess.doubt[0])
        place = guess.place + gain[0] * off
        place[2:] = np.maximum(place[2:], 1.0)
        return Motion(at, place, guess.speed + gain[1] * off, doubt)

    @property
    def box(self) -> Floats:
        """(4,): x1, y1, x2, y2."""
        half = self.place[2:] / 2
        return np.concatenate([self.place[:2] - half, self.place[:2] + half]).astype(np.float32)

    @property
    def size(self) -> float:
        """The side in pixels of a square as large as the box."""
        return math.sqrt(float(self.place[2] * self.place[3]))

    @property
    def spread(self) -> float:
        """How far it may well be from its place (one standard deviation), in sizes."""
        return math.sqrt(float(self.doubt[0, 0]))

    @property
    def pace(self) -> float:
        """How fast it moves, or grows, in sizes a second."""
        way = math.hypot(float(self.speed[0]), float(self.speed[1]))
        return (way + float(np.abs(self.speed[2:]).max()) / 2) / self.size


def _placed(box: Floats) -> Numbers:
    """Middle x and y, width and height of a box."""
    low, high = np.asarray(box[:2], np.float64), np.asarray(box[2:], np.float64)
    return np.concatenate([(low + high) / 2, high - low])
