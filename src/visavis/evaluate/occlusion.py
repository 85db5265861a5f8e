"""What in a face a judgement rests on: the score with one patch after another covered.

After Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014. It
says what the check reacts to, not why, and the cover is itself something the check never saw.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Final, Literal, TypeAlias

import cv2
import numpy as np
import PIL.Image
from numpy.typing import NDArray

from visavis.errors import InputError
from visavis.liveness.look import Looker
from visavis.protocols import LivenessCheck
from visavis.report.document import Photograph
from visavis.types import Face, Image

Cover: TypeAlias = Literal["mean", "blur"]
Score: TypeAlias = Callable[[Image, Face], float | None]
_RED: Final = (213, 94, 0)
_BLUE: Final = (0, 114, 178)
"""From Okabe and Ito's palette, which people with colour blindness can tell apart."""
_STRONGEST: Final = 0.65
_QUALITY: Final = 88


@dataclass(frozen=True, slots=True, eq=False)
class Occlusion:
    """`drop` (rows, columns): the score without cover less that with the patch covered, NaN where
    it then gives no answer. Above 0 the patch spoke for a live person. `box` is (x1, y1, x2, y2)
    of the grid in whole pixels; `score` is that of the face without cover.
    """

    drop: NDArray[np.float64]
    score: float
    box: tuple[int, int, int, int]


def by_check(check: LivenessCheck) -> Score:
    """The score of a check, 0..1."""
    return lambda image, face: check.check(image, face).score


def by_look(looker: Looker) -> Score:
    """The log-odds of a network."""
    return lambda image, face: looker.look(image, face).logit


def occlude(
    image: Image,
    face: Face,
    score: Score,
    *,
    grid: int = 7,
    reach: float = 1.5,
    cover: Cover = "mean",
) -> Occlusion:
    """Covers grid x grid patches of a square around the face, `reach` times its longer side.

    A patch is replaced by its own mean colour, or blurred until nothing smaller than it is left.
    The face stays where it was found. Raises InputError without an answer to the whole picture,
    or where a patch would have no pixel.
    """
    whole = score(image, face)
    if whole is None:
        raise InputError("expected an answer to the picture without cover, got none")
    box = _square(image, face, reach)
    across, down = (_edges(*ends, grid) for ends in ((box[0], box[2]), (box[1], box[3])))
    drop = np.full((grid, grid), np.nan)
    for row in range(grid):
        for column in range(grid):
            patch = (slice(down[row], down[row + 1]), slice(across[column], across[column + 1]))
            said = score(_covered(image, patch, cover), face)
            drop[row, column] = np.nan if said is None else whole - said
    return Occlusion(drop, whole, box)


def mean_drop(found: Sequence[Occlusion]) -> NDArray[np.float64]:
    """The mean over faces, patch by patch; patches without an answer are left out of it."""
    if not found or len({one.drop.shape for one in found}) != 1:
        raise InputError("expected maps of one grid, got none or several")
    stack = np.stack([one.drop for one in found])
    known = np.isfinite(stack)
    with np.errstate(invalid="ignore"):
        mean: NDArray[np.float64] = np.where(known, stack, 0).sum(axis=0) / known.sum(axis=0)
    return mean


def overlay(image: Image, found: Occlusion, most: float | None = None) -> Image:
    """The picture with the map over it: orange where a patch spoke for a live person, blue where
    it spoke against; full strength at a drop of `most`, by default the strongest of the map.
    """
    x1, y1, x2, y2 = found.box
    known = np.nan_to_num(found.drop)
    scale = most or float(np.abs(known).max()) or 1.0
    smooth = cv2.resize(known, (x2 - x1, y2 - y1), interpolation=cv2.INTER_LINEAR)
    strength = (np.clip(np.abs(smooth) / scale, 0, 1) * _STRONGEST)[..., None]
    colour = np.where((smooth > 0)[..., None], _RED, _BLUE)
    made = image.copy()
    part = made[y1:y2, x1:x2]
    part[...] = np.rint(part * (1 - strength) + colour * strength).astype(np.uint8)
    return made


def photograph(
    name: str, image: Image, *, caption: str, alt: str, licence: str, credit: str
) -> Photograph:
    """The picture for a report. Raises InputError unless public domain or CC BY."""
    file = BytesIO()
    PIL.Image.fromarray(image).save(file, "JPEG", quality=_QUALITY)
    return Photograph(name, file.getvalue(), caption, alt, licence, credit)


def _square(image: Image, face: Face, reach: float) -> tuple[int, int, int, int]:
    """The square around the face, as much of it as is in the picture."""
    height, width = image.shape[:2]
    x, y = (face.box[:2] + face.box[2:]) / 2
    half = reach * max(face.width, face.height) / 2
    x1, x2 = (int(np.clip(round(float(x + s * half)), 0, width)) for s in (-1, 1))
    y1, y2 = (int(np.clip(round(float(y + s * half)), 0, height)) for s in (-1, 1))
    return x1, y1, x2, y2


def _edges(first: int, last: int, count: int) -> list[int]:
    if count < 1 or last - first < count:
        raise InputError(f"expected {count} patches of a pixel or more, got {last - first} pixels")
    edges: list[int] = np.linspace(first, last, count + 1).round().astype(int).tolist()
    return edges


def _covered(image: Image, patch: tuple[slice, slice], cover: Cover) -> Image:
    covered = image.copy()
    part = image[patch]
    match cover:
        case "mean":
            covered[patch] = part.reshape(-1, 3).mean(axis=0).round().astype(np.uint8)
        case "blur":
            covered[patch] = cv2.GaussianBlur(part, (0, 0), max(part.shape[:2]) / 2)
    return covered
