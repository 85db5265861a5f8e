"""The conditions under which recognition is measured: each in steps, with physical units.

All are synthetic: made from a good picture, so that nothing else changes.
"""

import math
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from visavis.datasets import distortions as d
from visavis.datasets import occlusions as o
from visavis.datasets.heads import Head, Turn
from visavis.types import Face, Floats, Image

Kind: TypeAlias = Literal[
    "dark",
    "bright",
    "colour cast",
    "side light",
    "back light",
    "turned aside",
    "looking up",
    "looking down",
    "rotated",
    "mask",
    "sunglasses",
    "hat",
    "hand",
    "block",
    "blur",
    "motion blur",
    "noise",
    "low-light noise",
    "JPEG",
    "resolution",
    "distance",
]
Family: TypeAlias = Literal["light", "angle", "occlusion", "camera", "file and size"]
FRAME: Final = (640, 480)
"""Width and height of the picture in which `distance` puts a small face."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that goes wrong, in three to five steps from mild to severe.

    `unit` says what a value means, with the value at `{}`.
    """

    kind: Kind
    family: Family
    unit: str
    values: tuple[float, ...]

    def step(self, level: int) -> str:
        """A step in words: "sigma 2 px of a face 100 px wide"."""
        return self.unit.replace("{}", f"{self.values[level]:g}")


CONDITIONS: Final = (
    Condition("dark", "light", "exposure -{} stops", (2, 4, 6, 8)),
    Condition("bright", "light", "exposure +{} stops", (1, 2, 3, 4)),
    Condition("colour cast", "light", "red to blue {} to 1, or 1 to {}", (1.5, 2.5, 4, 8)),
    Condition("side light", "light", "one side {} stops darker", (2, 4, 6, 8)),
    Condition("back light", "light", "face {} stops below what is behind", (2, 4, 6, 8)),
    Condition("turned aside", "angle", "yaw {} degrees more", (15, 30, 45)),
    Condition("looking up", "angle", "pitch {} degrees up", (10, 20, 30)),
    Condition("looking down", "angle", "pitch {} degrees down", (10, 20, 30)),
    Condition("rotated", "angle", "{} degrees in the plane", (15, 30, 45, 90, 180)),
    Condition(
        "mask", "occlusion", "top edge {} of the way from eyes to mouth", (0.85, 0.5, 0.3, 0.15)
    ),
    Condition(
        "sunglasses", "occlusion", "lenses {} as high as eyes to mouth", (0.4, 0.52, 0.64, 0.78)
    ),
    Condition("hat", "occlusion", "edge above the eyes by {} of eyes to mouth", (0.9, 0.6, 0.35)),
    Condition("hand", "occlusion", "reach {}, 0 to the mouth, 1 to an eye", (0, 0.5, 1)),
    Condition(
        "block", "occlusion", "square {} times as wide as the face", (0.2, 0.3, 0.4, 0.5, 0.6)
    ),
    Condition("blur", "camera", "sigma {} px of a face 100 px wide", (1, 2, 3, 4, 6)),
    Condition("motion blur", "camera", "over {} px of a face 100 px wide", (5, 10, 20, 30)),
    Condition("noise", "camera", "sigma {} of 255", (10, 20, 40, 60, 80)),
    Condition("low-light noise", "camera", "{} photons in a white pixel", (100, 30, 10, 3)),
    Condition("JPEG", "file and size", "quality {}", (50, 30, 20, 10, 5)),
    Condition("resolution", "file and size", "{} px between the eyes", (24, 16, 12, 8, 6)),
    Condition(
        "distance", "file and size", "{} px between the eyes in 640 x 480", (24, 16, 12, 8, 6)
    ),
)


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture and the face in it that is meant."""

    image: Image
    face: Face

    @property
    def head(self) -> Head:
        return Head(self.face.landmarks)


def distort(scene: Scene, kind: Kind, value: float, rng: np.random.Generator) -> Scene:
    """The scene under a condition; the face's box and landmarks go where the picture takes them.

    `value` is in the condition's unit. Sides, places and colours are the generator's choice.
    """
    image, face, head = scene.image, scene.face, scene.head
    sign = 1 if rng.integers(2) else -1
    px = face.width / 100
    match kind:
        case "dark":
            return Scene(d.exposure(image, -value), face)
        case "bright":
            return Scene(d.exposure(image, value), face)
        case "colour cast":
            red, blue = sorted((value ** (sign / 2), value ** (-sign / 2)))[::sign]
            return Scene(d.cast(image, *_balanced(red, blue)), face)
        case "side light":
            middle, side = head.pixels([(head.axis, 0.5)])[0], 90 - 90 * sign
            return Scene(d.side_light(image, value, side, centre=middle, radius=head.unit), face)
        case "back light":
            return Scene(d.lit(image, _behind(scene, value)), face)
        case "turned aside":
            return _turned(scene, Turn(head, yaw=sign * value))
        case "looking up":
            return _turned(scene, Turn(head, pitch=value))
        case "looking down":
            return _turned(scene, Turn(head, pitch=-value))
        case "rotated":
            return _rotated(scene, sign * value)
        case "mask":
            return Scene(o.mask(image, head, value, rng), face)
        case "sunglasses":
            return Scene(o.sunglasses(image, head, value), face)
        case "hat":
            return Scene(o.hat(image, head, value, rng), face)
        case "hand":
            return Scene(o.hand(image, head, value, rng), face)
        case "block":
            return Scene(o.block(image, head, value, rng), face)
        case "blur":
            return Scene(d.blur(image, value * px), face)
        case "motion blur":
            return Scene(d.motion_blur(image, value * px, rng.uniform(0, 180)), face)
        case "noise":
            return Scene(d.noise(image, value, rng), face)
        case "low-light noise":
            return Scene(d.shot_noise(image, value, rng), face)
        case "JPEG":
            return Scene(d.jpeg(image, round(value)), face)
        case "resolution":
            return Scene(d.low_resolution(image, head.unit / value), face)
        case "distance":
            return _distant(scene, value / head.unit)


def _balanced(red: float, blue: float) -> tuple[float, float, float]:
    """Gains of the three channels that leave a grey's brightness as it was."""
    luma = 0.213 * red + 0.715 + 0.072 * blue
    return red / luma, 1 / luma, blue / luma


def _behind(scene: Scene, stops: float) -> Floats:
    """(H, W) stops of a light from behind: head and shoulders dark, the rest a little brighter."""
    head = scene.head
    x, y = np.moveaxis(head.grid(*scene.image.shape[:2]), -1, 0)
    x = x - head.axis
    skull = np.hypot(x / 1.25, (y - 0.1) / 1.65)
    body = np.hypot(x / 2.6, (y - 4.2) / 2.4)
    away = np.minimum(skull, body).astype(np.float32)
    dark = 1 / (1 + np.exp(np.clip((away - 1.03) * 24, -40, 40)))
    return np.asarray(0.3 * stops - stops * dark, np.float32)


def _turned(scene: Scene, turn: Turn) -> Scene:
    landmarks = turn.points(scene.face.landmarks)
    shift = (landmarks - scene.face.landmarks).mean(axis=0)
    box = scene.face.box + np.tile(shift, 2)
    return Scene(turn.image(scene.image), _face(scene.face, box, landmarks))


def _rotated(scene: Scene, degrees: float) -> Scene:
    """Turned anticlockwise about the face; what lies beyond the picture's edges is mirrored."""
    x1, y1, x2, y2 = map(float, scene.face.box)
    middle = ((x1 + x2) / 2, (y1 + y2) / 2)
    matrix = np.asarray(cv2.getRotationMatrix2D(middle, degrees, 1.0), np.float64)
    size = scene.image.shape[1::-1]
    image = cv2.warpAffine(scene.image, matrix, size, borderMode=cv2.BORDER_REFLECT_101)
    landmarks = scene.face.landmarks @ matrix[:, :2].T + matrix[:, 2]
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    half = np.array([(x2 - x1) / 2, (y2 - y1) / 2])  # of the ellipse in the box
    reach = np.array(
        [np.hypot(half[0] * cos, half[1] * sin), np.hypot(half[0] * sin, half[1] * cos)]
    )
    box = np.concatenate([middle - reach, middle + reach])
    return Scene(np.asarray(image, np.uint8), _face(scene.face, box, landmarks))


def _distant(scene: Scene, factor: float) -> Scene:
    """The picture times `factor` in the middle of a larger one of the colours of its corners."""
    width, height = FRAME
    small = d.resized(scene.image, min(factor, height / max(scene.image.shape[:2])))
    factor = small.shape[0] / scene.image.shape[0]
    height_in, width_in = scene.image.shape[:2]
    corners = scene.image[np.ix_((0, height_in - 1), (0, width_in - 1))]
    frame = np.asarray(cv2.resize(corners, FRAME, interpolation=cv2.INTER_LINEAR), np.uint8)
    left, top = (width - small.shape[1]) // 2, (height - small.shape[0]) // 2
    frame[top : top + small.shape[0], left : left + small.shape[1]] = small
    shift = np.array([left, top])
    box = scene.face.box * factor + np.tile(shift, 2)
    return Scene(frame, _face(scene.face, box, scene.face.landmarks * factor + shift))


def _face(old: Face, box: NDArray[np.float64], landmarks: NDArray[np.float64]) -> Face:
    return Face(np.asarray(box, np.float32), np.asarray(landmarks, np.float32), old.score)
