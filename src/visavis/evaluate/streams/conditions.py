"""The conditions of scripted streams: each in steps, and what a step does to a stream.

All are synthetic. Some change the photographs of the people, some the light of the scene, some
the picture that the camera gives; one lets somebody walk past in front.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from visavis.datasets import distortions as d
from visavis.datasets.plays import Light
from visavis.evaluate import conditions as pictures
from visavis.types import Floats, Image

Family: TypeAlias = Literal["light", "angle", "occlusion", "camera"]
Lens: TypeAlias = Callable[[Image], Image]
Worn: TypeAlias = Callable[[pictures.Scene, np.random.Generator], pictures.Scene]
SIZE: Final = 70.0
"""Pixels of a face's width in the streams, but for who walks past."""
_FLICKER: Final = 5.3  # a second: mains light against a shutter beats about so
_SPILL: Final = 0.3  # of the stops of a light from behind: by so much more what is behind shines


@dataclass(frozen=True, slots=True)
class Strain:
    """One thing that goes wrong in a stream, in steps from mild to severe.

    `unit` says what a value means, with the value at `{}`.
    """

    name: str
    family: Family
    unit: str
    values: tuple[float, ...]

    def step(self, level: int) -> str:
        """A step in words: "exposure -2 stops"."""
        return self.unit.replace("{}", f"{self.values[level]:g}")


STRAINS: Final = (
    Strain("dark", "light", "exposure -{} stops", (2, 4, 6, 8)),
    Strain("bright", "light", "exposure +{} stops", (1, 2, 3, 4)),
    Strain("flicker", "light", "{} stops up and down", (1, 2, 4, 6)),
    Strain("back light", "light", "{} stops below what is behind", (2, 4, 6, 8)),
    Strain("turned aside", "angle", "yaw {} degrees more", (15, 25, 35, 45)),
    Strain("looking up", "angle", "pitch {} degrees up", (10, 20, 30, 40)),
    Strain("looking down", "angle", "pitch {} degrees down", (10, 20, 30, 40)),
    Strain("rolled head", "angle", "{} degrees to the side", (15, 30, 45, 60)),
    Strain("tilted camera", "angle", "{} degrees", (5, 10, 15, 20)),
    Strain("mask", "occlusion", "from {} of eyes to mouth on", (0.85, 0.5, 0.3, 0.15)),
    Strain("sunglasses", "occlusion", "lenses {} of eyes to mouth", (0.4, 0.52, 0.64, 0.78)),
    Strain("hand", "occlusion", "reach {}, 1 is an eye", (0, 0.4, 0.7, 1)),
    Strain("somebody in front", "occlusion", "past all in {} s", (6, 4, 3, 2)),
    Strain("motion blur", "camera", "{} px of a face 100 px wide", (5, 10, 20, 30)),
    Strain("low resolution", "camera", "face {} px wide", (35, 24, 16, 12)),
    Strain("compression", "camera", "JPEG quality {}", (30, 15, 8, 4)),
)
_WORN: Final[dict[str, pictures.Kind]] = {
    "turned aside": "turned aside",
    "looking up": "looking up",
    "looking down": "looking down",
    "rolled head": "rotated",
    "mask": "mask",
    "sunglasses": "sunglasses",
    "hand": "hand",
}


@dataclass(frozen=True, slots=True)
class Change:
    """What a step of a strain does: to each photograph, to the light, to the frame, and how long
    somebody who walks past in front takes, 0 for nobody. `tilt` is in degrees.
    """

    worn: Worn = lambda scene, _: scene
    light: Light | None = None
    lens: Lens = lambda image: image
    passing: float = 0.0
    tilt: float = 0.0


def change(name: str, value: float) -> Change:
    """What a strain of this name does at a value in its unit."""
    match name:
        case "dark" | "bright":
            stops = value if name == "bright" else -value
            return Change(light=lambda image, _, __: d.exposure(image, stops))
        case "flicker":
            return Change(light=lambda image, _, at: d.exposure(image, value * _beat(at)))
        case "back light":
            return Change(light=lambda image, people, _: d.lit(image, _behind(people, value)))
        case "somebody in front":
            return Change(passing=value)
        case "tilted camera":
            return Change(lens=lambda image: tilted(image, value), tilt=value)
        case "motion blur":
            return Change(lens=lambda image: d.motion_blur(image, value * SIZE / 100))
        case "low resolution":
            return Change(lens=lambda image: d.low_resolution(image, SIZE / value))
        case "compression":
            return Change(lens=lambda image: d.jpeg(image, round(value)))
        case _:
            kind = _WORN[name]
            return Change(worn=lambda scene, rng: pictures.distort(scene, kind, value, rng))


def tilted(image: Image, degrees: float) -> Image:
    """The picture of a camera that hangs askew; what lies beyond the edges is their colour."""
    height, width = image.shape[:2]
    mode = cv2.BORDER_REPLICATE
    turn = _about(image.shape, degrees)
    return np.asarray(cv2.warpAffine(image, turn, (width, height), borderMode=mode), np.uint8)


def tilted_box(box: Floats, shape: tuple[int, ...], degrees: float) -> Floats:
    """Where the (4,) box of a face is in the tilted picture: its middle moves, its size stays."""
    turn = _about(shape, degrees)
    middle, half = box.reshape(2, 2).mean(axis=0), (box[2:] - box[:2]) / 2
    there = turn[:, :2] @ middle + turn[:, 2]
    return np.concatenate([there - half, there + half]).astype(np.float32)


def _about(shape: tuple[int, ...], degrees: float) -> NDArray[np.float64]:
    return np.asarray(cv2.getRotationMatrix2D((shape[1] / 2, shape[0] / 2), degrees, 1.0))


def _beat(at: float) -> float:
    return math.sin(2 * math.pi * _FLICKER * at)


def _behind(people: NDArray[np.bool_], stops: float) -> Floats:
    """(H, W) stops of a light from behind: people dark, all else a little brighter."""
    dark = cv2.GaussianBlur(people.astype(np.float32), (0, 0), 1.5)
    return np.asarray(_SPILL * stops - stops * np.asarray(dark), np.float32)
