"""What a published network is fed with: a face and what is around it, cut as in its training."""

import cv2
import numpy as np

from visavis.types import Floats, Image


def shifted(image: Image, box: Floats, factor: float, side: int) -> Image:
    """The box grown `factor` times about its centre, as (side, side, 3), not keeping its shape.

    Never leaves the picture: it grows less where the picture is smaller, and is moved inside. To
    the pixel that of Minivision's Silent-Face-Anti-Spoofing (`src/generate_patches.py`).
    """
    height, width = image.shape[:2]
    x, y = int(box[0]), int(box[1])
    across, down = int(box[2] - box[0] + 1), int(box[3] - box[1] + 1)
    factor = min(factor, (height - 1) / down, (width - 1) / across)
    left, right = _span(x + across / 2, across * factor, width - 1)
    top, bottom = _span(y + down / 2, down * factor, height - 1)
    inside = image[top : bottom + 1, left : right + 1]
    return np.asarray(cv2.resize(inside, (side, side)), np.uint8)


def mirrored(image: Image, box: Floats, factor: float, side: int) -> Image:
    """A square of `factor` times the box's longer side about its centre, as (side, side, 3).

    What lies outside the picture is its mirror image. By area where it shrinks, Lanczos where it
    grows.
    """
    height, width = image.shape[:2]
    size = max(int(factor * float(max(box[2] - box[0], box[3] - box[1]))), 1)
    left = int(float(box[0] + box[2]) / 2 - size / 2)
    top = int(float(box[1] + box[3]) / 2 - size / 2)
    x1, y1 = min(max(left, 0), width - 1), min(max(top, 0), height - 1)
    x2, y2 = min(max(left + size, x1 + 1), width), min(max(top + size, y1 + 1), height)
    crop = cv2.copyMakeBorder(
        image[y1:y2, x1:x2],
        y1 - min(top, y1),
        max(top + size - y2, 0),
        x1 - min(left, x1),
        max(left + size - x2, 0),
        cv2.BORDER_REFLECT_101,
    )
    mode = cv2.INTER_AREA if size > side else cv2.INTER_LANCZOS4
    return np.asarray(cv2.resize(crop, (side, side), interpolation=mode), np.uint8)


def room(image: Image, box: Floats) -> float:
    """How many times the box fits into the picture, in the direction where it fits less often."""
    return float(min(image.shape[1] / (box[2] - box[0]), image.shape[0] / (box[3] - box[1])))


def visible(image: Image, box: Floats) -> float:
    """The share of the box that lies inside the picture, 0..1."""
    inside = np.minimum(box[2:], image.shape[1::-1]) - np.maximum(box[:2], 0)
    return float(np.prod(np.maximum(inside, 0) / (box[2:] - box[:2])))


def square(box: Floats, factor: float) -> Floats:
    """The square about the box's centre with a side of `factor` times its longer side."""
    middle, reach = (box[:2] + box[2:]) / 2, float(max(box[2:] - box[:2])) * factor / 2
    return np.concatenate([middle - reach, middle + reach])


def _span(middle: float, length: float, last: int) -> tuple[int, int]:
    """First and last pixel of a stretch, moved so that it lies between 0 and `last`."""
    low, high = middle - length / 2, middle + length / 2
    if low < 0:
        low, high = 0, high - low
    if high > last:
        low, high = low - (high - last), last
    return int(low), int(high)
