"""A picture as an object held before a camera: a sheet or a screen, in a hand, in a room."""

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from visavis.datasets.distortions import GAMMA, exposure
from visavis.datasets.hands import gripped
from visavis.datasets.reflections import reflecting, shadowed
from visavis.datasets.rooms import polygon
from visavis.datasets.scenes import Frame, Matrix, carried
from visavis.errors import InputError
from visavis.types import Floats, Image

_COARSE: Final = 8  # smooth fields are made this much smaller


@dataclass(frozen=True, slots=True, eq=False)
class Instrument:
    """A picture as an object: a sheet or a screen seen from right before it.

    `matrix` is (3, 3) float64, photo pixels to instrument pixels (centres at whole numbers).
    `gloss` is 0 for matt, 1 for a mirror; a screen `emits` its light; `alpha` is (H, W) uint8 of
    cut paper, 0 where nothing is left. Raises InputError for other shapes or a gloss beyond 0..1.
    """

    image: Image
    matrix: NDArray[np.float64]
    gloss: float = 0.0
    emits: bool = False
    alpha: NDArray[np.uint8] | None = None

    def __post_init__(self) -> None:
        if self.image.ndim != 3 or self.image.shape[2] != 3 or self.image.dtype != np.uint8:
            raise InputError(f"expected an RGB uint8 image, got {self.image.shape}")
        if self.matrix.shape != (3, 3) or not np.isfinite(self.matrix).all():
            raise InputError(f"expected a finite (3, 3) matrix, got {self.matrix.tolist()}")
        if not 0 <= self.gloss <= 1:
            raise InputError(f"expected a gloss of 0 to 1, got {self.gloss}")
        if self.alpha is not None and self.alpha.shape != self.image.shape[:2]:
            raise InputError(f"expected alpha of {self.image.shape[:2]}, got {self.alpha.shape}")


@dataclass(frozen=True, slots=True)
class Pose:
    """How a sheet stands: `yaw`, `pitch`, `roll` in degrees; `distance` in sides of the face."""

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    distance: float = 4.0

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "Pose":
        """Held about straight, now and then well askew."""
        spread = rng.choice([4.0, 10.0, 18.0], p=[0.4, 0.4, 0.2])
        yaw, pitch = np.clip(rng.normal(0, spread, 2), -40, 40).tolist()
        return cls(yaw, pitch, float(rng.normal(0, 5)), float(rng.uniform(3.5, 10)))

    def matrix(self, middle: NDArray[np.float64], side: float, frame: Frame) -> Matrix:
        """(3, 3), instrument to scene: the face's `middle` to the frame's centre, at its size."""
        yaw, pitch, roll = (math.radians(a) for a in (self.yaw, self.pitch, self.roll))
        y = np.array(
            [(math.cos(yaw), 0, math.sin(yaw)), (0, 1, 0), (-math.sin(yaw), 0, math.cos(yaw))]
        )
        x = np.array(
            [
                (1, 0, 0),
                (0, math.cos(pitch), -math.sin(pitch)),
                (0, math.sin(pitch), math.cos(pitch)),
            ]
        )
        z = np.array(
            [(math.cos(roll), -math.sin(roll), 0), (math.sin(roll), math.cos(roll), 0), (0, 0, 1)]
        )
        turned = (y @ x @ z)[:, :2]
        plane = np.array(
            [(1 / side, 0, -middle[0] / side), (0, 1 / side, -middle[1] / side), (0, 0, 1)]
        )
        d, (cx, cy) = self.distance, frame.centre
        lens = np.array([(frame.side * d, 0, cx), (0, frame.side * d, cy), (0, 0, 1)])
        seen = np.column_stack([turned, (0, 0, d)])
        made: Matrix = lens @ seen @ plane
        return made


@dataclass(frozen=True, slots=True)
class Rim:
    """What surrounds the picture on its object: a sheet's margin or a screen's bezel.

    Widths and the radius of the corners are in shorter sides of the picture.
    """

    left: float = 0.0
    top: float = 0.0
    right: float = 0.0
    bottom: float = 0.0
    corner: float = 0.0
    colour: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @classmethod
    def draw(cls, instrument: Instrument, rng: np.random.Generator) -> "Rim":
        """Paper has a white margin or none; a screen a bezel, dark mostly, of any maker's width."""
        if not instrument.emits:
            white = float(rng.uniform(195, 250))
            even = rng.uniform(0.01, 0.12) * (rng.random() < 0.3)
            a, b, c, d = (even * rng.uniform(0.7, 1.4, 4)).tolist()
            return cls(a, b, c, d, 0.0, (white, white, white - float(rng.uniform(0, 12))))
        thin, thick = rng.uniform(0.01, 0.07), rng.uniform(0.02, 0.2)
        upper = thick if rng.random() < 0.6 else thin
        corner = float(rng.choice([0.0, 0.03, 0.12]))
        grey = float(rng.uniform(2, 40) if rng.random() < 0.85 else rng.uniform(120, 235))
        return cls(thin, upper, thin, thick, corner, (grey, grey, grey))

    def outline(self, instrument: Instrument, matrix: Matrix) -> NDArray[np.float64]:
        """(28, 2) the edge of the whole object in the scene, seven places to a corner."""
        height, width = instrument.image.shape[:2]
        short = min(height, width)
        low = np.array([-self.left, -self.top]) * short
        high = np.array([self.right, self.bottom]) * short + (width - 1, height - 1)
        turn = np.linspace(0, math.pi / 2, 7)
        arc = self.corner * short * np.column_stack([1 - np.cos(turn), 1 - np.sin(turn)])
        back = arc[::-1]
        corners = [low + arc, (high[0], low[1]) + back * (-1, 1), high - arc]
        corners.append((low[0], high[1]) + back * (1, -1))
        return carried(matrix, np.concatenate(corners))


def hold(
    instrument: Instrument,
    middle: NDArray[np.float64],
    side: float,
    scene: Image,
    frame: Frame,
    rng: np.random.Generator,
    pose: Pose | None = None,
) -> tuple[Image, Matrix]:
    """The scene with the instrument held so that its face fills the frame, and the (3, 3) matrix
    instrument to scene.

    `middle` and `side` are the face's box's on the instrument; `pose` is drawn where it is not
    given. It has a margin or a bezel, throws a shadow, is gripped by fingers and reflects as it is
    glossy; where it ends may be out of view. All but the pose is the generator's choice.
    """
    matrix = (pose or Pose.draw(rng)).matrix(middle, side, frame)
    made = _dimmed(scene, instrument, rng) if instrument.emits else scene.copy()
    rim = Rim() if instrument.alpha is not None else Rim.draw(instrument, rng)
    outline = rim.outline(instrument, matrix)
    made = shadowed(made, outline, frame.side, rng)
    if rim != Rim():
        polygon(made, outline, rim.colour)
    made = laid(instrument, matrix, made, rng)
    if rng.random() < 0.25 + 0.75 * instrument.gloss:
        made = reflecting(made, outline, instrument.gloss, rng)
    if rng.random() < 0.5:
        made = gripped(made, outline, frame.side, rng)
    return made, matrix


def _dimmed(scene: Image, instrument: Instrument, rng: np.random.Generator) -> Image:
    """The room against a screen: from nearly dark to twice as bright, where it can be that."""
    light, around = (_mean(part) for part in (instrument.image, scene))
    ratio = 0.15 * (2 / 0.15) ** rng.random()
    gain = min(ratio * max(light, 0.02) / max(around, 1e-3), 1.0)
    return exposure(scene, math.log2(max(gain, 0.01)))


def _mean(image: Image) -> float:
    """The mean light, 0..1, of a sample of the pixels."""
    return float(np.mean((image[::16, ::16] / 255) ** GAMMA))


def laid(instrument: Instrument, matrix: Matrix, scene: Image, rng: np.random.Generator) -> Image:
    """The instrument's picture warped into the scene: only what is in view, at a fit fineness."""
    image, alpha, whole = _in_view(instrument, matrix, scene.shape[:2])
    if not image.size:
        return scene
    size = scene.shape[1], scene.shape[0]
    if instrument.emits or rng.random() < 0.7:
        bend = None
    else:
        bend = (float(rng.normal(0, 0.05)), int(rng.integers(2)))
    if bend is None and alpha is None:
        mode = cv2.BORDER_TRANSPARENT
        return np.asarray(cv2.warpPerspective(image, whole, size, dst=scene, borderMode=mode))
    if bend is None:
        bend = (0.0, 0)
    cover = alpha if alpha is not None else np.full(image.shape[:2], 255, np.uint8)
    x, y = _bent(whole, scene.shape[:2], image.shape[:2], bend)
    layer = cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    share = cv2.remap(cover, x, y, cv2.INTER_LINEAR)
    return _over(scene, np.asarray(layer, np.uint8), np.asarray(share, np.uint8))


def _over(scene: Image, layer: Image, share: NDArray[np.uint8]) -> Image:
    """`layer` over the scene where `share` (0..255) says so."""
    part = cv2.cvtColor(share, cv2.COLOR_GRAY2RGB)
    front = cv2.multiply(layer, part, scale=1 / 255)
    back = cv2.multiply(scene, 255 - np.asarray(part), scale=1 / 255)
    return np.asarray(cv2.add(front, back), np.uint8)


def _in_view(
    instrument: Instrument, matrix: Matrix, size: tuple[int, ...]
) -> tuple[Image, NDArray[np.uint8] | None, Matrix]:
    """The part of the instrument that the scene shows, shrunk where far finer than the scene."""
    height, width = size[:2]
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)])
    seen = carried(np.linalg.inv(matrix), corners)
    last = np.array(instrument.image.shape[1::-1])
    x1, y1 = np.clip(np.floor(seen.min(axis=0)) - 2, 0, last).astype(int)
    x2, y2 = np.clip(np.ceil(seen.max(axis=0)) + 3, 0, last).astype(int)
    image = instrument.image[y1:y2, x1:x2]
    alpha = None if instrument.alpha is None else instrument.alpha[y1:y2, x1:x2]
    shift = np.array([(1, 0, x1), (0, 1, y1), (0, 0, 1.0)])
    whole = matrix @ shift
    if not image.size:
        return image, alpha, whole
    ratio = float(np.abs(np.linalg.det(_slope(whole, image.shape)))) ** -0.5
    if ratio >= 2:
        n = int(ratio)
        across, down = max(image.shape[1] // n, 1), max(image.shape[0] // n, 1)
        fx, fy = image.shape[1] / across, image.shape[0] / down
        image = np.asarray(cv2.resize(image, (across, down), interpolation=cv2.INTER_AREA))
        if alpha is not None:
            alpha = np.asarray(cv2.resize(alpha, (across, down), interpolation=cv2.INTER_AREA))
        whole = whole @ np.array([(fx, 0, (fx - 1) / 2), (0, fy, (fy - 1) / 2), (0, 0, 1)])
        ratio /= n
    if ratio > 1.2:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), 0.35 * ratio))
    return image, alpha, whole


def _slope(matrix: Matrix, shape: tuple[int, ...]) -> Matrix:
    """(2, 2) derivative of the homography in the middle of a picture."""
    middle = np.array([(shape[1] / 2, shape[0] / 2)])
    around = middle + np.array([(0, 0), (1, 0), (0, 1)])
    found = carried(matrix, around)
    return np.column_stack([found[1] - found[0], found[2] - found[0]])


def _bent(
    matrix: Matrix, size: tuple[int, ...], shape: tuple[int, ...], bend: tuple[float, int]
) -> tuple[Floats, Floats]:
    """Where each pixel of the scene looks at a sheet that is rolled a little, up or across.

    The middle of the sheet stays; `bend` is the bow at its edge, of its length, and the axis.
    """
    height, width = size[:2]
    rows, columns = height // _COARSE + 2, width // _COARSE + 2
    grid = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1).reshape(-1, 2)
    found = carried(np.linalg.inv(matrix), (grid + 0.5) * _COARSE - 0.5)
    span = np.array(shape[1::-1], np.float64)
    away = (found / span - 0.5) * 2
    bow, axis = bend
    found[:, axis] += bow * span[axis] * np.clip(away[:, 1 - axis], -3, 3) ** 2
    coarse = found.reshape(rows, columns, 2).astype(np.float32)
    fine = cv2.resize(coarse, (columns * _COARSE, rows * _COARSE))[:height, :width]
    x, y = cv2.split(fine)
    return np.asarray(x, np.float32), np.asarray(y, np.float32)
