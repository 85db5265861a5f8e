"""Simulated presentation attacks, and their bona fide twins: the same camera, no instrument.

What is measured on these pictures is simulated: real prints, screens and masks differ.
"""

from dataclasses import dataclass
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from visavis.datasets import masks, prints, screens
from visavis.datasets.cameras import ANY, Camera, Take, capture
from visavis.datasets.recapture import Instrument, hold
from visavis.datasets.records import BONA_FIDE
from visavis.datasets.scenes import (
    Frame,
    Matrix,
    carried,
    dress,
    framed,
    lighting,
    moved,
    side,
    surroundings,
    widen,
)
from visavis.errors import InputError
from visavis.types import Face, Image

Family = Literal["print", "screen", "mask"]
Generator = np.random.Generator


@dataclass(frozen=True, slots=True)
class Mechanism:
    """One way to make an attack; `species` is what sets and reports call it."""

    name: str
    family: Family
    summary: str

    @property
    def species(self) -> str:
        return f"{self.family}/{self.name}"


MECHANISMS: Final = (
    Mechanism("laser", "print", "laser print: halftone dots in four colours"),
    Mechanism("inkjet", "print", "inkjet print: scattered dots that bleed"),
    Mechanism("photo", "print", "glossy photo paper"),
    Mechanism("lcd", "screen", "liquid-crystal display: stripes of three colours"),
    Mechanism("oled", "screen", "OLED telephone: PentiLE dots"),
    Mechanism("bands", "screen", "television or projector: flicker and scan lines"),
    Mechanism("cutout", "mask", "printed face worn with its eyes cut out"),
    Mechanism("flat", "mask", "worn face of flat texture and smooth shading"),
)


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """A simulated picture; `matrix` is (3, 3) float64, photo pixels to `image` pixels.

    `species` is BONA_FIDE or the mechanism's, such as `print/laser`.
    """

    image: Image
    matrix: NDArray[np.float64]
    species: str

    def carry(self, points: ArrayLike) -> NDArray[np.float64]:
        """Where (N, 2) places of the photo lie in the image."""
        return carried(self.matrix, points)


def mechanism_of(name: str) -> Mechanism:
    """The mechanism of this name. Raises InputError for another."""
    for known in MECHANISMS:
        if known.name == name:
            return known
    names = ", ".join(m.name for m in MECHANISMS)
    raise InputError(f"expected a mechanism of {names}, got {name!r}")


def live(
    photo: Image,
    face: Face,
    rng: Generator,
    *,
    camera: Camera = ANY,
    backdrop: Image | None = None,
    size: tuple[int, int] | None = None,
) -> Shot:
    """The person of the photo before a camera. `size` is (height, width), drawn without it."""
    frame, take, (scene_rng, _, sensor_rng) = _drawn(photo, face, rng, camera, size)
    scene, matrix = _person(photo, face, frame, take, scene_rng, backdrop)
    return _shot(scene, matrix, frame, take, sensor_rng, BONA_FIDE)


def attack(
    photo: Image,
    face: Face,
    mechanism: str,
    rng: Generator,
    *,
    camera: Camera = ANY,
    backdrop: Image | None = None,
    size: tuple[int, int] | None = None,
) -> Shot:
    """The photo as an attack by one of MECHANISMS: the twin of `live` at the same seed, in size,
    place of the face and camera. Raises InputError for an unknown mechanism.
    """
    kind = mechanism_of(mechanism)
    frame, take, (scene_rng, tool_rng, sensor_rng) = _drawn(photo, face, rng, camera, size)
    if kind.family == "mask":
        worn = _worn(kind.name, photo, face, tool_rng)
        scene, matrix = _person(worn, face, frame, take, scene_rng, backdrop)
        return _shot(scene, matrix, frame, take, sensor_rng, kind.species)
    picture, first = _portrait(photo, face, tool_rng, backdrop)
    there = moved(face, first)
    instrument = _made(kind.name, picture, there, tool_rng)
    scene, second = _presented(instrument, there, frame, take, scene_rng, tool_rng, backdrop)
    matrix = second @ instrument.matrix @ first
    return _shot(scene, matrix, frame, take, sensor_rng, kind.species)


def _drawn(
    photo: Image, face: Face, rng: Generator, camera: Camera, size: tuple[int, int] | None
) -> tuple[Frame, Take, list[Generator]]:
    """What both classes share: the face's place, the camera's values, and three generators."""
    if size is not None and min(size) < 32:
        raise InputError(f"expected a size of 32 pixels or more a side, got {size}")
    seeds = rng.integers(0, 2**63, 5)
    first, second, *rest = (np.random.default_rng(s) for s in seeds)
    return framed(photo, face, size, first), camera.draw(second), rest


def _person(
    photo: Image, face: Face, frame: Frame, take: Take, rng: Generator, backdrop: Image | None
) -> tuple[Image, Matrix]:
    """The scene of a person in a room, and the matrix photo to scene."""
    height, width = take.scene(frame.size)
    native = min(max(side(face) / frame.side, 1.0), width / frame.size[1])
    inner = frame.times(native)
    picture, matrix = widen(photo, face, inner, rng, backdrop)
    scene = np.asarray(cv2.resize(picture, (width, height)), np.uint8)
    matrix = _rescale(picture.shape, scene.shape) @ matrix
    return lighting(scene, rng, float(rng.uniform(0, 1.4))), matrix


def _portrait(
    photo: Image, face: Face, rng: Generator, backdrop: Image | None
) -> tuple[Image, Matrix]:
    """The picture that the attacker has: as it is, or of the person in a room, close or wide."""
    if rng.random() < 0.15:
        return photo, np.eye(3)
    if rng.random() < 0.5:
        backdrop = None
    wide = 1.15 + 1.6 * rng.random() ** 1.5
    large = side(face) * rng.uniform(0.75, 1.0)
    height, width = large * wide * rng.uniform(0.9, 1.3), large * wide * rng.uniform(0.8, 1.2)
    spare = np.maximum(np.array([width, height]) - large, 0)
    x, y = np.array([width, height]) / 2 + spare * (rng.random(2) - 0.5) * 0.5
    frame = Frame((round(height), round(width)), (float(x), float(y)), large)
    return widen(photo, face, frame, rng, backdrop)


def _made(name: str, picture: Image, face: Face, rng: Generator) -> Instrument:
    match name:
        case "laser":
            return prints.laser(picture, face, rng)
        case "inkjet":
            return prints.inkjet(picture, face, rng)
        case "photo":
            return prints.photo(picture, face, rng)
        case "lcd":
            return screens.lcd(picture, face, rng)
        case "oled":
            return screens.oled(picture, face, rng)
        case _:
            return screens.bands(picture, face, rng)


def _worn(name: str, photo: Image, face: Face, rng: Generator) -> Image:
    match name:
        case "cutout":
            return masks.cutout(photo, face, rng)
        case _:
            return masks.flat(photo, face, rng)


def _presented(
    instrument: Instrument,
    face: Face,
    frame: Frame,
    take: Take,
    scene_rng: Generator,
    tool_rng: Generator,
    backdrop: Image | None,
) -> tuple[Image, Matrix]:
    """The scene of an instrument held up, and the matrix instrument to scene."""
    size = take.scene(frame.size)
    there = frame.times(size[1] / frame.size[1], size)
    behind = surroundings(frame.size, scene_rng, backdrop)
    if scene_rng.random() < 0.35:
        _holder(behind, frame, scene_rng)
    scene = np.asarray(cv2.resize(behind, size[::-1]), np.uint8)
    on_it = moved(face, instrument.matrix)
    middle = (on_it.box[:2] + on_it.box[2:]).astype(np.float64) / 2
    made, matrix = hold(instrument, middle, side(on_it), scene, there, tool_rng)
    strength = float(scene_rng.uniform(0, 1.4)) * (0.3 if instrument.emits else 1.0)
    return lighting(made, scene_rng, strength), matrix


def _holder(scene: Image, frame: Frame, rng: Generator) -> None:
    """The body of who holds the instrument, behind it, drawn in place."""
    large = frame.side * rng.uniform(0.9, 2.0)
    x, y = frame.centre
    middle = (x + rng.normal(0, 0.6) * large, y - rng.uniform(0.7, 1.6) * large)
    dress(
        scene,
        rng.uniform(60, 230) * np.array((1, 0.8, 0.68)),
        Frame(frame.size, middle, large),
        rng,
    )


def _rescale(small: tuple[int, ...], large: tuple[int, ...]) -> Matrix:
    """(3, 3) of a resize, centres of pixels at whole numbers."""
    fx, fy = large[1] / small[1], large[0] / small[0]
    return np.array([(fx, 0, (fx - 1) / 2), (0, fy, (fy - 1) / 2), (0, 0, 1.0)])


def _shot(
    scene: Image, matrix: Matrix, frame: Frame, take: Take, rng: Generator, species: str
) -> Shot:
    image = capture(scene, take, frame.size, rng)
    whole = _rescale(scene.shape, image.shape) @ matrix
    return Shot(image, whole / whole[2, 2], species)
