"""A second look at each face, brought upright and to one size, for better landmarks."""

import cv2
import numpy as np

from visavis.image import warp
from visavis.protocols import Detector
from visavis.quality import pose
from visavis.types import Face, Floats, Image

_UNDERSTATED = 1.8  # true roll over measured roll, for YuNet on faces of about 100 pixels
_FACE, _VIEW = 190, 384  # sides in pixels of the face and of the picture in the second look
_NEAR = 0.25  # of a face's side: how far its landmarks' middle may move


class SecondLook:
    """A detector whose landmarks come from a second look. Thread-safe.

    YuNet's landmarks are best on upright faces of some 200 pixels: those of small faces are coarse,
    and those of a face tilted by 30 degrees are as if it were tilted by 15, so that a crop aligned
    by them is still tilted. The second look turns and scales each face to where the detector is
    at home. `first` finds the faces, and `second`, which need not seek close-ups, looks at each.
    `benchmarks/foundation/tilt.py` measures the effect.
    """

    def __init__(self, first: Detector, second: Detector) -> None:
        self.first = first
        self.second = second

    def detect(self, image: Image) -> list[Face]:
        """All faces, best score first, with boxes and scores of the first look."""
        return [self.again(image, face) or face for face in self.first.detect(image)]

    def again(self, image: Image, face: Face) -> Face | None:
        """The face with landmarks from a second look; None where that does not find it again, as
        with most things that are no face.
        """
        roll, side = _true_roll(pose(face.landmarks)[2]), max(face.width, face.height)
        middle = face.box.reshape(2, 2).mean(axis=0)
        there = _turning(middle, roll, _FACE / side)
        view = warp(image, there, _VIEW, around=middle)
        back = cv2.invertAffineTransform(there)
        marks = [f.landmarks @ back[:, :2].T + back[:, 2] for f in self.second.detect(view)]
        if not marks:
            return None
        nearest = min(marks, key=lambda m: _distance(m, face.landmarks))
        moved = _distance(nearest, face.landmarks)
        return Face(face.box, nearest, face.score) if moved <= _NEAR * side else None


def _true_roll(measured: float) -> float:
    """Degrees: what is understated is the tilt away from the quarter turn it was found at."""
    quarter = 90 * round(measured / 90)
    return quarter + _UNDERSTATED * (measured - quarter)


def _turning(middle: Floats, degrees: float, scale: float) -> Floats:
    """The (2, 3) matrix that turns a face about its middle and puts it in the view's middle."""
    matrix = cv2.getRotationMatrix2D((float(middle[0]), float(middle[1])), degrees, scale)
    shift = np.array([_VIEW / 2, _VIEW / 2]) - middle
    return np.column_stack([matrix[:, :2], matrix[:, 2] + shift]).astype(np.float32)


def _distance(a: Floats, b: Floats) -> float:
    return float(np.hypot(*(a.mean(axis=0) - b.mean(axis=0))))
