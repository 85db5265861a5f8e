"""Faces drawn into photos, as text that a page shows without a file."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import PIL.Image

from visavis.client.faces import Face as Found
from visavis.draw import Colour, annotate
from visavis.image import decode, encode
from visavis.types import Face

_SIDE: Final = 960


@dataclass(frozen=True, slots=True)
class Mark:
    """A face to be drawn, with a label."""

    face: Found
    label: str = ""
    colour: Colour = "plain"


def drawn(photo: bytes, marks: Sequence[Mark], side: int = _SIDE) -> str:
    """The photo upright, at most `side` pixels a side, with its faces marked: a data URI.

    Raises BadImage, ImageTooLarge.
    """
    image = decode(photo)
    ratio = min(side / max(image.shape[:2]), 1.0)
    size = max(round(image.shape[1] * ratio), 1), max(round(image.shape[0] * ratio), 1)
    small = np.asarray(PIL.Image.fromarray(image).resize(size)) if ratio < 1 else image
    faces = [_face(mark.face, ratio) for mark in marks]
    labels = [mark.label for mark in marks]
    colours = [mark.colour for mark in marks]
    made = annotate(small, faces, labels, colours)
    return f"data:image/jpeg;base64,{b64encode(encode(made, 'JPEG', 88)).decode()}"


def _face(found: Found, ratio: float) -> Face:
    box = np.asarray(found.box, np.float32) * ratio
    return Face(box, np.asarray(found.landmarks, np.float32) * ratio, found.score)
