"""Simulated films of one face: a person before a camera, and attacks by a photo of that person.

Made of a photograph, frame by frame, with one camera, room and instrument for the whole film. The
person is as simulated as the attacks: a photo on a solid head that turns a little.
"""

import math
from functools import cached_property
from typing import Final, Literal, TypeAlias, get_args

import cv2
import numpy as np

from visavis.datasets import prints, screens
from visavis.datasets.cameras import WEBCAM, Take, capture
from visavis.datasets.heads import Head, Turn
from visavis.datasets.recapture import Instrument, Pose, hold
from visavis.datasets.scenes import Frame, lighting, moved, side, surroundings, widen
from visavis.types import Face, Image

Act: TypeAlias = Literal["live", "print", "screen", "frozen"]
ACTS: Final[tuple[Act, ...]] = get_args(Act)
RATE: Final = 25
"""Frames a second."""
_SIZE: Final = (360, 480)
_SIDE: Final = 130.0  # pixels of the face's longer side
_PRINTS: Final = (prints.laser, prints.inkjet, prints.photo)
_SCREENS: Final = (screens.lcd, screens.oled, screens.bands)
_TURN: Final = 14.0  # degrees that a person looks aside
_HAND: Final = (11.0, 7.0, 4.0)  # degrees of yaw, pitch and roll by which a hand turns a print
_STEADY: Final = 0.15  # of that, by which a screen that is held up still moves


class Film:
    """The frames of one presentation of a photo's face; the same for the same seed.

    `live`: the person looks from side to side and sways. `print`: a sheet moved by a hand.
    `screen`: a display on which the live film runs. `frozen`: the first live frame, for ever. Of
    one seed all have the room, the light and the camera in common.
    """

    def __init__(self, photo: Image, face: Face, act: Act, seed: int) -> None:
        self.act = act
        self._photo, self._face = photo, face
        self._seeds = np.random.SeedSequence(seed).generate_state(6).tolist()
        rng = self._rng(0)
        self._take: Take = WEBCAM.draw(rng)
        self._phase, self._pace = rng.uniform(0, 7, 3), rng.uniform(0.8, 1.25, 3)
        self._kind = int(rng.integers(3))

    def frame(self, number: int) -> Image:
        """(360, 480, 3), as the camera gives it."""
        if self.act == "frozen":
            return self._first
        return self._captured(number)

    @cached_property
    def _first(self) -> Image:
        return self._captured(0)

    def _captured(self, number: int) -> Image:
        scene = self._lit(number / RATE)
        return capture(scene, self._take, _SIZE, self._rng(1, number))

    def _lit(self, at: float) -> Image:
        shown = self._person(at) if self.act in ("live", "frozen") else self._held(at)
        strength = 0.3 if self.act == "screen" else 0.8
        return lighting(shown, self._rng(2), strength)

    def _person(self, at: float) -> Image:
        frame = self._frame(at, 0.05)
        picture, _ = widen(self._turned(at), self._face, frame, self._rng(3))
        return picture

    def _held(self, at: float) -> Image:
        """The instrument before the room, in a hand."""
        size = self._take.scene(_SIZE)
        room = surroundings(_SIZE, self._rng(3), None)
        scene = np.asarray(cv2.resize(room, size[::-1]), np.uint8)
        sheet = self._sheet if self.act == "print" else self._screen(at)
        on_it = moved(self._face, sheet.matrix)
        middle = on_it.box.reshape(2, 2).mean(axis=0).astype(np.float64)
        share = 1.0 if self.act == "print" else _STEADY
        yaw, pitch, roll = (share * most * self._wave(i, at) for i, most in enumerate(_HAND))
        pose = Pose(yaw, pitch, roll, distance=5.0)
        frame = self._frame(at, 0.12 * share)
        made, _ = hold(sheet, middle, side(on_it), scene, frame, self._rng(4), pose)
        return made

    @cached_property
    def _sheet(self) -> Instrument:
        return _PRINTS[self._kind](self._photo, self._face, self._rng(5))

    def _screen(self, at: float) -> Instrument:
        return _SCREENS[self._kind](self._turned(at), self._face, self._rng(5))

    def _turned(self, at: float) -> Image:
        """The photo with the head turned to where it looks."""
        return Turn(Head(self._face.landmarks), yaw=_TURN * self._wave(0, at)).image(self._photo)

    def _frame(self, at: float, sway: float) -> Frame:
        """Where the face is in the scene, swaying by a share of its size."""
        height, width = _SIZE
        x = width / 2 + sway * _SIDE * self._wave(1, at)
        y = 0.48 * height + 0.5 * sway * _SIDE * self._wave(2, at)
        scene = self._take.scene(_SIZE)
        return Frame(_SIZE, (x, y), _SIDE).times(scene[1] / width, scene)

    def _wave(self, which: int, at: float) -> float:
        """-1 .. 1, slowly to and fro."""
        return math.sin(1.7 * float(self._pace[which]) * at + float(self._phase[which]))

    def _rng(self, part: int, number: int = 0) -> np.random.Generator:
        """A fresh generator of one part of the film."""
        return np.random.default_rng((self._seeds[part], number))
