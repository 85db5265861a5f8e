"""The project's own network: is this face live, a print, a screen or a mask?"""

from typing import Final

import cv2
import numpy as np

from visavis.image import tensor
from visavis.liveness.look import Look
from visavis.models.catalogue import ModelCard
from visavis.protocols import ModelSession
from visavis.types import Face, Floats, Image

CLASSES: Final = ("live", "print", "screen", "mask")
"""What the network's outputs stand for, in order."""
SIDE: Final = 128
TIGHT, WIDE = 1.0, 2.4
"""Sides of the two squares about the box's centre, times its longer side."""
_LEAST_FACE = 40  # pixels of the box's longer side: below, what was rendered is not resolved
_LEAST_VISIBLE = 0.7  # share of the tight square inside the picture
_LEAST_SURROUNDINGS = 0.3  # share of the wide square inside the picture


class Passive:
    """A face and its surroundings, looked at once. Thread-safe.

    The network sees the box's square in detail and a square of 2.4 times that with what is around
    it: edges of a sheet, a bezel, a hand. Where the picture has little around the face it judges
    by the face alone, and says so. It cannot tell of faces under 40 pixels or cut off by more than
    a quarter.
    """

    def __init__(self, session: ModelSession, card: ModelCard) -> None:
        self._session = session
        self._card = card

    @property
    def name(self) -> str:
        return self._card.id

    @property
    def face_alone(self) -> bool:
        return True

    def look(self, image: Image, face: Face) -> Look:
        """Log-odds of live against all attacks together, and the likeliest attack."""
        missing = unfit(image, face)
        if missing:
            return Look(None, reasons=(missing,))
        alone = not surrounded(image, face.box)
        logits = self._session.run(crops(image, face.box, self._card))[0][0]
        attacks = logits[1:]
        top = float(attacks.max())
        against = top + float(np.log(np.exp(attacks - top).sum()))
        species = CLASSES[1 + int(attacks.argmax())]
        reasons = ("face_alone",) if alone else ()
        return Look(float(logits[0]) - against, species, reasons, alone)


def unfit(image: Image, face: Face) -> str | None:
    """Why nothing can be said about a face; None where something can."""
    if max(face.width, face.height) < _LEAST_FACE:
        return "face_too_small"
    if visible(image, face.box, TIGHT) < _LEAST_VISIBLE:
        return "face_cut_off"
    return None


def crops(image: Image, box: Floats, card: ModelCard) -> Floats:
    """The network's input, (1, 6, 128, 128): the tight square's channels, then the wide one's."""
    pair = [
        tensor([crop], colour=card.colour, mean=card.mean, std=card.std)
        for crop in (tight(image, box), wide(image, box))
    ]
    return np.concatenate(pair, axis=1)


def tight(image: Image, box: Floats, factor: float = TIGHT, side: int = SIDE) -> Image:
    """The face's square, (side, side, 3); mirrored where it leaves the picture."""
    return _square(image, box, factor, side, cv2.BORDER_REFLECT_101)


def wide(image: Image, box: Floats, factor: float = WIDE, side: int = SIDE) -> Image:
    """The square with the surroundings, black outside the picture, and all black where too little
    of it lies inside.
    """
    if not surrounded(image, box):
        return np.zeros((side, side, 3), np.uint8)
    return _square(image, box, factor, side, cv2.BORDER_CONSTANT)


def surrounded(image: Image, box: Floats) -> bool:
    """Whether enough of the surroundings is in the picture."""
    return visible(image, box, WIDE) >= _LEAST_SURROUNDINGS


def visible(image: Image, box: Floats, factor: float) -> float:
    """The share of the square about the box that lies inside the picture, 0..1."""
    x1, y1, reach = _corner(box, factor)
    width = min(x1 + reach, image.shape[1]) - max(x1, 0)
    height = min(y1 + reach, image.shape[0]) - max(y1, 0)
    return float(max(width, 0) * max(height, 0) / reach**2)


def _corner(box: Floats, factor: float) -> tuple[float, float, float]:
    """Left, top and side of the square."""
    reach = factor * float(max(box[2] - box[0], box[3] - box[1]))
    return float(box[0] + box[2] - reach) / 2, float(box[1] + box[3] - reach) / 2, reach


def _square(image: Image, box: Floats, factor: float, side: int, border: int) -> Image:
    """Cut out at whole pixels, then resized: by area where it shrinks, so that fine patterns are
    averaged as a camera would, and bilinear where it grows.
    """
    x1, y1, reach = _corner(box, factor)
    left, top, size = round(x1), round(y1), max(round(reach), 2)
    height, width = image.shape[:2]
    inside = image[max(top, 0) : max(top + size, 0), max(left, 0) : max(left + size, 0)]
    short = max(-top, 0), max(top + size - height, 0), max(-left, 0), max(left + size - width, 0)
    if any(short):
        inside = np.asarray(cv2.copyMakeBorder(inside, *short, border), np.uint8)
    mode = cv2.INTER_AREA if size > side else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(inside, (side, side), interpolation=mode), np.uint8)
