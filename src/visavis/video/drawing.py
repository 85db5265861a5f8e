"""A frame as people see it: who is in it, drawn into it."""

from collections.abc import Mapping
from typing import Final

import cv2
import numpy as np

from visavis.draw import Colour, annotate
from visavis.types import Decision, Face, Identification, Image
from visavis.video.watch import View

_COLOURS: Final[Mapping[Decision, Colour]] = {
    "match": "match",
    "unknown": "unknown",
    "ambiguous": "ambiguous",
    "low_quality": "plain",
    "not_live": "unknown",
}


def drawn(image: Image, view: View, names: Mapping[str, str], width: int | None = None) -> Image:
    """A copy of (H, W, 3) with a box and a name for everybody in view, at most `width` pixels wide.

    `names` are what subjects are called; who is not in it goes by the id.
    """
    ratio = 1.0 if width is None else min(width / image.shape[1], 1.0)
    found = [person.identification for person in view.people]
    return annotate(
        _scaled(image, ratio),
        [_moved(one.sample.face, ratio) for one in found],
        [label(one, names) for one in found],
        [_COLOURS[one.decision] for one in found],
    )


def label(found: Identification, names: Mapping[str, str]) -> str:
    """Who it is, or why nobody is named."""
    if found.subject is not None:
        return names.get(found.subject) or found.subject
    return found.decision.replace("_", " ")


def _scaled(image: Image, ratio: float) -> Image:
    if ratio == 1:
        return image
    size = max(round(image.shape[1] * ratio), 1), max(round(image.shape[0] * ratio), 1)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _moved(face: Face, ratio: float) -> Face:
    return Face(face.box * ratio, face.landmarks * ratio, face.score)
