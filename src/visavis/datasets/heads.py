"""A head as a simple solid under a picture: where things sit on it, and turning it.

The model is an ellipsoid with a nose, fitted by five landmarks: rough, and meant for drawing on
faces and for synthetic changes of pose, not for reconstructing anybody.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from visavis.quality import pose
from visavis.types import Floats, Image

Points = NDArray[np.float64]
_HALF_WIDTH: Final = 1.15  # of the head, in units of the distance from the eyes to the mouth
_HALF_HEIGHT: Final = 1.55
_MIDDLE: Final = 0.15  # of the head, below the eyes
_JAW: Final = 0.2  # by how much the head is narrower at the chin than an ellipsoid
_REAL: Final = math.radians(78)  # how far round the head a picture shows it well
_EYES_OUT: Final = 1.0  # the eyes before the head's axis
_NOSE: Final = (0.57, 0.30, 0.28)  # below the eyes, out of the face, width of the bump
_ROUNDS: Final = 12  # of the fixed point that inverts a turn


@dataclass(frozen=True)
class Head:
    """Coordinates of a head in a picture, from (5, 2) `landmarks`.

    Local coordinates have their origin midway between the eyes, x to image-right along the head,
    y down it, and `unit` pixels to one: the distance from the eyes to the mouth, or between the
    eyes if that is more. The mouth is near y = 1, the chin 1.7, the crown -1.4.
    """

    landmarks: Floats

    @cached_property
    def unit(self) -> float:
        left, right, _, *mouth = self.landmarks.astype(np.float64)
        down = (mouth[0] + mouth[1] - left - right) / 2
        return float(max(np.hypot(*down), np.hypot(*(right - left))))

    @cached_property
    def angles(self) -> tuple[float, float, float]:
        """Yaw, pitch and roll in degrees, as `quality.pose` estimates them."""
        return pose(self.landmarks)

    @cached_property
    def axis(self) -> float:
        """Local x of the middle of the head: not between the eyes when it is turned."""
        return -_EYES_OUT * math.sin(math.radians(self.angles[0]))

    @cached_property
    def _turn(self) -> Points:
        angle = math.radians(self.angles[2])
        cos, sin = math.cos(angle), math.sin(angle)
        return np.array([(cos, sin), (-sin, cos)])

    def local(self, points: ArrayLike) -> Points:
        """(N, 2) places in the picture as local coordinates."""
        origin = self.landmarks[:2].astype(np.float64).mean(axis=0)
        found: Points = (np.asarray(points, np.float64) - origin) @ self._turn.T / self.unit
        return found

    def pixels(self, points: ArrayLike) -> Points:
        """(N, 2) local coordinates as places in the picture."""
        origin = self.landmarks[:2].astype(np.float64).mean(axis=0)
        placed: Points = np.asarray(points, np.float64) @ self._turn * self.unit + origin
        return placed

    def grid(self, height: int, width: int) -> Points:
        """(height, width, 2) local coordinates of every pixel of a picture."""
        places = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1)
        return self.local(places.reshape(-1, 2)).reshape(places.shape)


@dataclass(frozen=True)
class Turn:
    """A head turned further by `yaw` (to image-right) or `pitch` (up) degrees: synthetic.

    Where the head ends in the picture stays; its texture moves round it as on a globe, nearer
    parts such as the nose move more, and what comes into view at one side is mirrored from what
    was there. One of the two angles is 0. Holds to about 45 degrees.
    """

    head: Head
    yaw: float = 0.0
    pitch: float = 0.0

    def points(self, points: ArrayLike) -> Points:
        """Where (N, 2) places on the head come to lie; places off it stay."""
        local = self.head.local(points)
        along, across, half, sine, cosine = self._axes(local)
        inside = np.abs(along) < half
        depth = np.sqrt(np.maximum(half**2 - along**2, 0)) + self._bump(local)
        moved = np.where(inside, along * cosine + depth * sine, along)
        return self.head.pixels(self._joined(moved, across))

    def image(self, image: Image) -> Image:
        """The picture with the head turned."""
        if not (self.yaw or self.pitch):
            return image
        height, width = image.shape[:2]
        reach = 2 * self.head.unit
        centre = self.head.pixels([(self.head.axis, _MIDDLE)])[0]
        left, top = np.clip(centre - reach, 0, (width, height)).astype(int)
        right, bottom = np.clip(centre + reach + 1, 0, (width, height)).astype(int)
        if right <= left or bottom <= top:
            return image
        grid = np.stack(np.meshgrid(np.arange(left, right), np.arange(top, bottom)), axis=-1)
        flat = grid.reshape(-1, 2)
        sources, inside = self._sources(self.head.local(flat))
        x, y = self.head.pixels(sources).astype(np.float32).T.reshape(2, *grid.shape[:2])
        texture = cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        edge = cv2.GaussianBlur(
            inside.reshape(grid.shape[:2]).astype(np.float32), (0, 0), max(self.head.unit / 60, 0.5)
        )[..., None]
        made = image.copy()
        part = made[top:bottom, left:right]
        part[:] = np.rint(texture * edge + part * (1 - edge))
        return made

    def _sources(self, local: Points) -> tuple[Points, NDArray[np.bool_]]:
        """Which local place is seen at each local place, and which lie on the head."""
        along, across, half, sine, _ = self._axes(local)
        inside = np.abs(along) < half
        safe = np.where(inside, half, 1.0)
        angle = math.asin(sine)
        found = along
        for _ in range(_ROUNDS):
            bump = self._bump(self._joined(found, across))
            seen = np.clip((along - bump * sine) / safe, -1, 1)
            round_it = np.arcsin(seen) - angle
            hidden = np.maximum(np.abs(round_it) - _REAL, 0) * np.sign(round_it)
            found = np.where(inside, safe * np.sin(round_it - 2 * hidden), along)
        return self._joined(found, across), inside

    def _axes(self, local: Points) -> tuple[Points, Points, Points, float, float]:
        """Places along the turn and across it, the head's half extent there, and sine and cosine.

        Looking up moves the face towards smaller y.
        """
        x, y = (local[:, 0] - self.head.axis) / _HALF_WIDTH, (local[:, 1] - _MIDDLE) / _HALF_HEIGHT
        degrees = self.yaw or -self.pitch
        sine, cosine = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
        if self.yaw:
            half = _HALF_WIDTH * np.sqrt(np.maximum(1 - y**2, 0)) * (1 - _JAW * np.maximum(y, 0))
            return x * _HALF_WIDTH, y * _HALF_HEIGHT, half, sine, cosine
        half = _HALF_HEIGHT * np.sqrt(np.maximum(1 - x**2, 0))
        return y * _HALF_HEIGHT, x * _HALF_WIDTH, half, sine, cosine

    def _joined(self, along: Points, across: Points) -> Points:
        parts = (along, across) if self.yaw else (across, along)
        joined: Points = np.stack(parts, axis=1) + np.array((self.head.axis, _MIDDLE))
        return joined

    def _bump(self, local: Points) -> Points:
        """How far the nose stands out of the ellipsoid, at its tip most."""
        below, out, width = _NOSE
        tip = self.head.local(self.head.landmarks[2:3])[0]
        away = ((local[:, 0] - tip[0]) / width) ** 2 + ((local[:, 1] - below) / width) ** 2
        return np.asarray(out * np.exp(-away))
