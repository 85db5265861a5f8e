"""A scripted scene with ground truth: cut-out faces of real photographs, moved over a background.

It is no film: photographs do not talk or turn by themselves, so what it measures is whether people
are followed and told apart, never how well faces in films are recognised.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from visavis.image import decode
from visavis.protocols import Detector
from visavis.types import Floats, Image

RATE: Final = 25
"""Frames a second."""
CLEAR: Final = 0.6
"""The share of a head from which it is to be found."""
FAINT: Final = 0.15
"""The share of a head up to which nobody can see it."""
Light: TypeAlias = Callable[[Image, NDArray[np.bool_], float], Image]
"""The picture in another light: (H, W, 3), where people are, and the seconds of the play."""
_CHANGE: Final = 2.0  # seconds after which a person is shown by the next photograph
_TURN: Final = 0.2  # seconds that turning away takes
_TORSO, _HEAD, _PILLAR, _NOBODY = 100, 0, 250, 255  # the map of owners: a number and the person's


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """A photograph and the box of the face in it."""

    image: Image
    box: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Actor:
    """A person: photographs, and a way through the scene.

    `path` is rows of seconds, middle x and y, and the face's width in pixels; the actor is there
    from the first to the last. `away` is when they show the back of the head.
    """

    name: str
    portraits: Sequence[Portrait]
    path: Floats
    away: Sequence[tuple[float, float]] = ()

    def place(self, at: float) -> Floats | None:
        """Middle and width of the face, or None while the actor is not there."""
        times = self.path[:, 0]
        if not times[0] <= at <= times[-1]:
            return None
        x, y, size = (np.interp(at, times, self.path[:, i]) for i in (1, 2, 3))
        sway = np.sin(2 * np.pi * (1.8 * at + times[0]))  # steps
        return np.array([x, y + 0.05 * size * sway, size], np.float32)

    def turned(self, at: float) -> float:
        """0 facing us .. 1 turned away."""
        gone = [min(at - a, b - at) / _TURN for a, b in self.away]
        return float(np.clip(max(gone, default=0.0), 0, 1))

    def portrait(self, at: float) -> Portrait:
        """Another photograph every while."""
        return self.portraits[int((at - self.path[0, 0]) / _CHANGE) % len(self.portraits)]


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """A face in a frame: whose, where, and the share of the head that is to be seen."""

    name: str
    box: Floats
    visible: float


@dataclass(frozen=True, slots=True)
class Place:
    """Where a play is: height and width in pixels, and pillars from `left` to `right` in front."""

    height: int
    width: int
    pillars: tuple[tuple[int, int], ...] = ()


class Play:
    """Actors before a background; every frame is the same each time it is made.

    `wall` is what is behind them, of the place's size; blotches where it is not given. `light`
    changes the scene before the camera adds its noise.
    """

    def __init__(
        self,
        actors: Sequence[Actor],
        place: Place,
        seed: int = 0,
        *,
        wall: Image | None = None,
        light: Light | None = None,
    ) -> None:
        self.actors = actors
        self.place = place
        self.seed = seed
        self.seconds = max(float(a.path[-1, 0]) for a in actors)
        self._light = light
        self._wall = _wall(place, np.random.default_rng(seed)) if wall is None else wall

    def __len__(self) -> int:
        return int(self.seconds * RATE)

    def frame(self, number: int) -> tuple[Image, list[Truth]]:
        """The (H, W, 3) picture and who is in it."""
        at = number / RATE
        canvas, owners = self._wall.copy(), np.full(self._wall.shape[:2], _NOBODY, np.uint8)
        shown = []
        for index, actor in enumerate(self.actors):
            place = actor.place(at)
            if place is not None:
                shown.append((float(place[2]), index, place))
        drawn = []
        for _, index, place in sorted(shown, key=lambda s: s[:2]):  # the farther first
            head = _draw(canvas, owners, self.actors[index], index, place, at)
            drawn.append((index, *head))
        for left, right in self.place.pillars:
            canvas[:, left:right], owners[:, left:right] = (96, 92, 88), _PILLAR
        if self._light is not None:
            canvas = self._light(canvas, owners < _PILLAR, at)
        return self._noisy(canvas, number), [
            self._truth(index, box, whole, owners, at) for index, box, whole in drawn
        ]

    def _truth(self, index: int, box: Floats, whole: int, owners: Image, at: float) -> Truth:
        share = np.count_nonzero(owners == _HEAD + index) / whole
        facing = 1 - self.actors[index].turned(at)
        return Truth(self.actors[index].name, box, share * facing)

    def _noisy(self, canvas: Image, number: int) -> Image:
        """With the noise of a camera, and light that wavers."""
        rng = np.random.default_rng((self.seed, number))
        light = 1 + 0.04 * np.sin(number / 9)
        noise = rng.normal(0, 5, (*canvas.shape[:2], 1)).astype(np.float32)
        return np.asarray(np.clip(canvas * light + noise, 0, 255), np.uint8)


def _wall(place: Place, rng: np.random.Generator) -> Image:
    """Blotches of several sizes, as of a wall out of focus."""
    size = (place.height, place.width, 3)
    layers = [cv2.GaussianBlur(rng.normal(0, s, size), (0, 0), s) for s in (4, 25)]
    blotches = sum(15 * layer / layer.std() for layer in layers)
    return np.asarray(np.clip(130 + blotches, 0, 255), np.uint8)


def _draw(
    canvas: Image, owners: Image, actor: Actor, index: int, place: Floats, at: float
) -> tuple[Floats, int]:
    """Paints body and head; the box of the face, and how many pixels a whole head has."""
    x, y, size = (float(v) for v in place)
    shade = np.random.default_rng(index).integers(30, 200, 3)
    _torso(canvas, owners, (x, y + 0.75 * size), size, tuple(int(v) for v in shade), index)
    portrait = actor.portrait(at)
    scale = size / float(portrait.box[2] - portrait.box[0])
    middle = portrait.box.reshape(2, 2).mean(axis=0)
    high = float(portrait.box[3] - portrait.box[1]) * scale
    axes = (0.72 * size, 0.72 * high)
    reach = int(np.ceil(1.1 * max(axes)))
    left, top = int(x) - reach, int(y) - reach
    to = np.array(
        [[scale, 0, x - left - scale * middle[0]], [0, scale, y - top - scale * middle[1]]]
    )
    side = 2 * reach + 1
    patch = cv2.warpAffine(
        portrait.image, to, (side, side), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
    )
    mask = np.zeros((side, side), np.float32)
    centre = (x - left, y - top - 0.06 * high)
    cv2.ellipse(mask, (centre, (2 * axes[0], 2 * axes[1]), 0), 1.0, -1)
    core = mask > 0.5
    soft = np.asarray(cv2.GaussianBlur(mask, (0, 0), max(0.03 * size, 0.5)), np.float32)
    hair = patch[core].min(axis=0) * 0.5 + 20
    turned = actor.turned(at)
    patch = patch * (1 - turned) + hair * turned
    _paste(canvas, owners, patch, soft, core, (left, top), _HEAD + index)
    half = np.array([size, high]) / 2
    box = np.concatenate([np.array([x, y]) - half, np.array([x, y]) + half])
    return np.asarray(box, np.float32), int(core.sum())


def _torso(
    canvas: Image,
    owners: Image,
    neck: tuple[float, float],
    size: float,
    shade: tuple[int, ...],
    index: int,
) -> None:
    centre = (round(neck[0]), round(neck[1] + 1.6 * size))
    axes = (round(1.15 * size), round(1.6 * size))
    cv2.ellipse(canvas, centre, axes, 0, 0, 360, shade, -1)
    cv2.ellipse(owners, centre, axes, 0, 0, 360, _TORSO + index, -1)


def _paste(
    canvas: Image,
    owners: Image,
    patch: Floats,
    mask: Floats,
    core: NDArray[np.bool_],
    corner: tuple[int, int],
    owner: int,
) -> None:
    """Blends a patch into the canvas, as far as it lies in it."""
    left, top = corner
    x1, y1 = max(left, 0), max(top, 0)
    x2, y2 = min(left + mask.shape[1], canvas.shape[1]), min(top + mask.shape[0], canvas.shape[0])
    if x1 >= x2 or y1 >= y2:
        return
    part = np.s_[y1 - top : y2 - top, x1 - left : x2 - left]
    share, here = mask[part][..., None], np.s_[y1:y2, x1:x2]
    canvas[here] = (canvas[here] * (1 - share) + patch[part] * share).astype(np.uint8)
    owners[here][core[part]] = owner


def portraits(paths: Sequence[Path], detector: Detector, most: int) -> list[Portrait]:
    """The first photographs whose central face is plainly found."""
    found: list[Portrait] = []
    for path in paths:
        image = decode(path)
        faces = [f for f in detector.detect(image) if f.score > 0.85 and _central(f.box, image)]
        if len(faces) == 1:
            found.append(Portrait(image, faces[0].box))
        if len(found) == most:
            break
    return found


def _central(box: Floats, image: Image) -> bool:
    height, width = image.shape[:2]
    middle = box.reshape(2, 2).mean(axis=0)
    return bool(np.hypot(*(middle - [width / 2, height / 2])) < 0.15 * width)
