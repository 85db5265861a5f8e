"""Pictures varied at random for training: a recipe says how often and how strongly.

The same recipe, picture and generator give the same result, bit for bit.
"""

import math
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from visavis.datasets import distortions as d
from visavis.errors import ConfigError, InputError
from visavis.types import Floats, Image

Effect: TypeAlias = Literal[
    "exposure",
    "gamma",
    "contrast",
    "side_light",
    "balance",
    "hue",
    "saturation",
    "block",
    "band",
    "blur",
    "motion",
    "resolution",
    "noise",
    "shot",
    "jpeg",
]
EFFECTS: Final[tuple[Effect, ...]] = get_args(Effect)
"""What a recipe does to pixels, in the order of a camera: light, colour, optics, sensor, file."""


@dataclass(frozen=True, slots=True)
class Chance:
    """How often an effect comes, and from how mild to how strong, both ends 0..1.

    Raises ConfigError unless 0 <= low <= high <= 1 and the probability lies in 0..1.
    """

    probability: float
    high: float = 0.5
    low: float = 0.0

    def __post_init__(self) -> None:
        if not (0 <= self.probability <= 1 and 0 <= self.low <= self.high <= 1):
            raise ConfigError(f"expected probability and 0 <= low <= high in 0..1, got {self}")

    def draw(self, rng: np.random.Generator) -> float:
        """A strength; 0 where the effect does not come."""
        return float(rng.uniform(self.low, self.high)) if rng.random() < self.probability else 0.0


@dataclass(frozen=True, slots=True)
class Recipe:
    """What `augment` does. At strength 1 an effect is about as strong as a face can bear.

    `flip` is a probability. Full strength is: `shift` a tenth of the shorter side, `scale` a
    fifth, `rotation` 45 degrees; the others as in `effect`.
    """

    flip: float = 0.5
    shift: Chance = Chance(0.5, 0.4)
    scale: Chance = Chance(0.5, 0.4)
    rotation: Chance = Chance(0.3, 0.4)
    exposure: Chance = Chance(0.3, 0.5)
    gamma: Chance = Chance(0.2, 0.5)
    contrast: Chance = Chance(0.3, 0.5)
    side_light: Chance = Chance(0.15, 0.7)
    balance: Chance = Chance(0.25, 0.5)
    hue: Chance = Chance(0.15, 0.5)
    saturation: Chance = Chance(0.25, 0.8)
    block: Chance = Chance(0.08, 0.7, 0.2)
    band: Chance = Chance(0.05, 0.7, 0.2)
    blur: Chance = Chance(0.1, 0.6)
    motion: Chance = Chance(0.06, 0.6)
    resolution: Chance = Chance(0.1, 0.6)
    noise: Chance = Chance(0.1, 0.5)
    shot: Chance = Chance(0.06, 0.5)
    jpeg: Chance = Chance(0.15, 0.9, 0.1)


@dataclass(frozen=True, slots=True, eq=False)
class Varied:
    """A varied picture, and where the landmarks came to lie if they were given."""

    image: Image
    landmarks: Floats | None = None


DEFAULT: Final = Recipe()


def augment(
    image: Image,
    rng: np.random.Generator,
    recipe: Recipe = DEFAULT,
    landmarks: ArrayLike | None = None,
) -> Varied:
    """The picture varied by the recipe; same size. (5, 2) landmarks go along, a mirror image's
    with left and right exchanged.

    Made for aligned crops of 112 pixels and for whole photos: lengths are shares of the shorter
    side. Flip, shift, scale and rotation are one warp, mirrored at the edges.
    """
    points = None if landmarks is None else d.check_landmarks(landmarks)
    matrix, mirrored = _movement(image.shape, rng, recipe)
    if not np.array_equal(matrix, np.eye(2, 3)):
        image = _moved(image, matrix)
        points = None if points is None else _carried(points, matrix, mirrored)
    for name in EFFECTS:
        chance: Chance = getattr(recipe, name)
        if strength := chance.draw(rng):
            image = effect(image, name, strength, rng)
    return Varied(image, points)


def effect(image: Image, name: Effect, strength: float, rng: np.random.Generator) -> Image:
    """One effect at a strength of 0 (the picture as it is) to 1; its direction is random.

    At 1: `exposure` 2 stops up or 5 down, `gamma` 2.5 or its inverse, `contrast` a third or times
    1.8, `side_light` 5 stops, `balance` red to blue 3 to 1 or back, `hue` 40 degrees,
    `saturation` 0 or 2; of the shorter side `block` 0.6, `band` 0.4, `blur` sigma 0.03 and
    `motion` 0.15; `resolution` 10 times less, `noise` sigma 60 of 255, `shot` 15 photons, `jpeg`
    quality 5.
    Raises InputError for a strength outside 0..1.
    """
    if not 0 <= strength <= 1:
        raise InputError(f"expected a strength from 0 to 1, got {strength}")
    if strength == 0:
        return image
    sign, angle = (1 if rng.random() < 0.5 else -1), float(rng.uniform(0, 360))
    side = min(image.shape[:2])
    match name:
        case "exposure":
            return d.exposure(image, 2 * strength if sign > 0 else -5 * strength)
        case "gamma":
            return d.gamma(image, 2.5 ** (sign * strength))
        case "contrast":
            return d.contrast(image, 1 + 0.8 * strength if sign > 0 else 1 - 2 / 3 * strength)
        case "side_light":
            return d.side_light(image, 5 * strength, angle)
        case "balance":
            gain = 3 ** (sign * strength / 2)
            return d.cast(image, gain, 1, 1 / gain)
        case "hue":
            return d.hue(image, sign * 40 * strength)
        case "saturation":
            return d.saturation(image, 1 + sign * strength)
        case "block":
            return d.block(image, 0.6 * strength, rng)
        case "band":
            return d.band(image, 0.4 * strength, rng)
        case "blur":
            return d.blur(image, 0.03 * strength * side)
        case "motion":
            return d.motion_blur(image, 0.15 * strength * side, angle)
        case "resolution":
            return d.low_resolution(image, 10**strength)
        case "noise":
            return d.noise(image, 60 * strength, rng)
        case "shot":
            return d.shot_noise(image, 15 / strength**2, rng)
        case "jpeg":
            return d.jpeg(image, round(95 - 90 * strength))


def _movement(
    shape: tuple[int, ...], rng: np.random.Generator, recipe: Recipe
) -> tuple[NDArray[np.float64], bool]:
    """The (2, 3) matrix of all movements about the middle, and whether it mirrors."""
    height, width = shape[:2]
    mirrored = bool(rng.random() < recipe.flip)
    size = 1 + 0.2 * recipe.scale.draw(rng) * rng.choice((-1, 1))
    angle = math.radians(45 * recipe.rotation.draw(rng)) * rng.choice((-1, 1))
    away = 0.1 * min(height, width) * recipe.shift.draw(rng)
    towards = rng.uniform(0, 2 * math.pi)
    turn = np.array([(math.cos(angle), -math.sin(angle)), (math.sin(angle), math.cos(angle))])
    linear = size * turn @ np.diag((-1.0 if mirrored else 1.0, 1.0))
    middle = np.array(((width - 1) / 2, (height - 1) / 2))
    shift = middle - linear @ middle + away * np.array((math.cos(towards), math.sin(towards)))
    return np.column_stack([linear, shift]), mirrored


def _moved(image: Image, matrix: NDArray[np.float64]) -> Image:
    size = image.shape[1::-1]
    moved = cv2.warpAffine(image, matrix, size, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(moved, np.uint8)


def _carried(landmarks: Floats, matrix: NDArray[np.float64], mirrored: bool) -> Floats:
    points = landmarks @ matrix[:, :2].T + matrix[:, 2]
    return np.asarray(points[d.SWAPPED] if mirrored else points, np.float32)
