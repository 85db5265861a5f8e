"""What surrounds a face: its place in a picture, a room, a body where its photo holds none.

Nothing here depends on whether the face is alive or shown, so that nothing here can tell it.
"""

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from visavis.datasets.rooms import Size, colour, polygon, room, rough, shaded, textured
from visavis.types import Face, Image

Matrix = NDArray[np.float64]
_ROOM: Final = 1.8  # sides of the face's square that a photo must hold to need no widening


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a face goes: `size` (height, width) of the picture, `centre` (x, y) of its box, the
    `side` of its box's longer side in pixels, `roll` in degrees, clockwise.
    """

    size: Size
    centre: tuple[float, float]
    side: float
    roll: float = 0.0

    def times(self, factor: float, size: Size | None = None) -> "Frame":
        """The same in a picture `factor` as large."""
        height, width = self.size
        x, y = self.centre
        whole = size or (max(round(height * factor), 1), max(round(width * factor), 1))
        return Frame(whole, (x * factor, y * factor), self.side * factor, self.roll)

    def matrix(self, face: Face) -> Matrix:
        """(3, 3), pixels of the face's photo to this picture's."""
        middle = (face.box[:2] + face.box[2:]).astype(np.float64) / 2
        scale = self.side / side(face)
        angle = math.radians(self.roll)
        cos, sin = scale * math.cos(angle), scale * math.sin(angle)
        turn = np.array([(cos, -sin), (sin, cos)])
        shift = np.array(self.centre) - turn @ middle
        return np.vstack([np.column_stack([turn, shift]), (0, 0, 1)])


def side(face: Face) -> float:
    """The longer side of the face's box."""
    return max(face.width, face.height)


def carried(matrix: ArrayLike, points: ArrayLike) -> NDArray[np.float64]:
    """(N, 2) points through a (3, 3) homography."""
    flat = np.asarray(points, np.float64)
    found = np.column_stack([flat, np.ones(len(flat))]) @ np.asarray(matrix).T
    return np.asarray(found[:, :2] / found[:, 2:])


def moved(face: Face, matrix: Matrix) -> Face:
    """The face in the picture that the matrix leads to."""
    x1, y1, x2, y2 = face.box
    corners = carried(matrix, [(x1, y1), (x2, y1), (x2, y2), (x1, y2)])
    box = np.concatenate([corners.min(axis=0), corners.max(axis=0)])
    return Face(
        box.astype(np.float32), carried(matrix, face.landmarks).astype(np.float32), face.score
    )


def framed(photo: Image, face: Face, size: Size | None, rng: np.random.Generator) -> Frame:
    """A place for the face in a picture of `size`, or of a size drawn up to 480 x 640.

    The box is 90 to 260 pixels where the picture has room for it, anywhere in it. A photo with
    room round the face mostly fills the picture itself, zoomed, and then gives the place.
    """
    height, width = size or _canvas(rng)
    top = min(260.0, 0.92 * min(height, width))
    wanted = math.exp(rng.uniform(math.log(min(90.0, top)), math.log(top)))
    roll = float(np.clip(rng.normal(0, 4), -12, 12))
    x, y = (_along(span, wanted, rng) for span in (width, height))
    zoom, fits = 1 + 0.5 * rng.random() ** 2, rng.random() < 0.75
    shares = rng.random(2)
    scale = zoom * max(height / photo.shape[0], width / photo.shape[1])
    if roomy(photo, face) and fits and 60 <= scale * side(face) <= 1.2 * top:
        middle = (face.box[:2] + face.box[2:]) / 2 * scale
        spare = np.array([photo.shape[1] * scale - width, photo.shape[0] * scale - height])
        x, y = (middle - spare * shares).tolist()
        return Frame((height, width), (x, y), scale * side(face))
    return Frame((height, width), (x, y), wanted, roll)


def _canvas(rng: np.random.Generator) -> Size:
    height = rng.uniform(240, 480)
    return round(height), round(min(height * rng.uniform(0.75, 1.34), 640))


def _along(span: float, wanted: float, rng: np.random.Generator) -> float:
    """A centre along one side: often in the middle, seldom with the face cut a little."""
    spare = max(span - 0.95 * wanted, 0)
    return span / 2 + spare / 2 * float(rng.triangular(-1, 0, 1))


def roomy(photo: Image, face: Face) -> bool:
    """Whether the face's square, times 1.8, lies within its photo."""
    middle, reach = (face.box[:2] + face.box[2:]) / 2, side(face) * _ROOM / 2
    low, high = middle - reach, middle + reach
    return bool((low >= 0).all() and (high <= (photo.shape[1], photo.shape[0])).all())


def widen(
    photo: Image,
    face: Face,
    frame: Frame,
    rng: np.random.Generator,
    backdrop: Image | None = None,
) -> tuple[Image, Matrix]:
    """The person of the photo in a wider picture, and the (3, 3) matrix photo to picture.

    What the photo does not hold of head and body is made up, before a room or the backdrop given;
    soft irregular mattes join them. A photo that covers the frame stays alone.
    """
    matrix = frame.matrix(face)
    shape = frame.size[::-1]
    if _covers(photo, matrix, frame.size):
        mode = cv2.BORDER_REPLICATE
        return np.asarray(cv2.warpAffine(photo, matrix[:2], shape, borderMode=mode)), matrix
    behind = surroundings(frame.size, rng, backdrop)
    around = _extended(photo, matrix, frame.size, rng)
    if rng.random() < 0.6:
        behind = _carried_on(behind, around, frame, rng)
    dress(behind, _skin(photo, face), frame, rng)
    return _over(behind, _matte(frame, rng), around), matrix


def _covers(photo: Image, matrix: Matrix, size: Size) -> bool:
    corners = np.array([(0, 0), (size[1], 0), (size[1], size[0]), (0, size[0])])
    found = carried(np.linalg.inv(matrix), corners)
    slack = 0.02 * max(photo.shape)
    return bool((found >= -slack).all() and (found <= np.array(photo.shape[1::-1]) + slack).all())


def _extended(photo: Image, matrix: Matrix, size: Size, rng: np.random.Generator) -> Image:
    """The photo in place, carried on beyond its edges: strands upwards, mirrored elsewhere."""
    up = photo.shape[0] // 2
    tall = cv2.copyMakeBorder(photo, up, 0, 0, 0, cv2.BORDER_REPLICATE)
    shade = np.linspace(rng.uniform(0.4, 0.9), 1, 16, dtype=np.float32)[:, None]
    strands = np.asarray(tall[:up], np.uint8)
    tall[:up] = textured(shaded(strands, shade), rng, 1.0, 0.08)
    shift = matrix[:2].copy()
    shift[:, 2] -= matrix[:2, :2] @ (0, up)
    mode = cv2.BORDER_REFLECT_101
    return np.asarray(cv2.warpAffine(tall, shift, size[::-1], borderMode=mode), np.uint8)


def _carried_on(behind: Image, around: Image, frame: Frame, rng: np.random.Generator) -> Image:
    """The photo's own background going over into the room: its colours, blurred."""
    step = max(int(frame.side / 24), 1)
    small = tuple(max(n // step, 1) for n in frame.size[::-1])
    far = cv2.blur(cv2.resize(around, small, interpolation=cv2.INTER_AREA), (5, 5))
    square = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * rng.uniform(0.4, 1.1, 2)
    share = _soft(frame, square, 255 * rng.uniform(0.5, 1), rng.uniform(0.06, 0.4))
    return _over(behind, share, np.asarray(cv2.resize(far, frame.size[::-1]), np.uint8))


def _over(behind: Image, share: NDArray[np.uint8], front: Image) -> Image:
    """`front` where `share` is 255, `behind` where it is 0."""
    weight = share * np.float32(1 / 255)
    return np.asarray(cv2.blendLinear(front, behind, weight, 1 - weight), np.uint8)


def _matte(frame: Frame, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A head and neck, 0..255, of irregular outline and soft edge."""
    angles = np.linspace(0, 2 * math.pi, 40, endpoint=False)
    wobble = sum(rng.normal(0, 0.02) * np.cos(k * angles + rng.uniform(0, 7)) for k in range(2, 7))
    square = rng.uniform(0.6, 1.0)  # 1 is an ellipse, less goes into the corners
    across, down = rng.uniform(0.44, 0.58), rng.uniform(0.58, 0.7)
    x, y = (np.sign(v) * np.abs(v) ** square for v in (np.cos(angles), np.sin(angles)))
    ring = np.column_stack([x * across, y * down - 0.05]) * (1 + np.asarray(wobble))[:, None]
    soft = rng.uniform(0.01, 0.06)
    return _soft(frame, ring, 255, soft)


def _soft(frame: Frame, ring: ArrayLike, value: float, soft: float) -> NDArray[np.uint8]:
    """(H, W) a polygon as `_fill` takes it, its edge blurred by `soft` sides of the face."""
    step = max(int(frame.side * soft / 2), 1)
    small = frame.size[0] // step + 2, frame.size[1] // step + 2
    matte = np.zeros(small, np.uint8)
    _fill(matte, frame.times(1 / step, small), ring, value)
    matte = np.asarray(cv2.GaussianBlur(matte, (0, 0), max(frame.side * soft / step, 0.5)))
    if step == 1:
        return matte[: frame.size[0], : frame.size[1]]
    whole = cv2.resize(matte, (small[1] * step, small[0] * step))
    return np.ascontiguousarray(whole[: frame.size[0], : frame.size[1]])


def dress(image: Image, skin: ArrayLike, frame: Frame, rng: np.random.Generator) -> None:
    """A neck of this colour and shoulders in some cloth under the frame's head, drawn in place."""
    neck = np.array([(-0.2, 0.2), (0.2, 0.2), (0.23, 0.8), (-0.23, 0.8)]) * (
        rng.uniform(0.9, 1.2),
        1,
    )
    _fill(image, frame, neck, np.asarray(skin) * rng.uniform(0.6, 0.95))
    broad, slope, collar = rng.uniform(0.85, 1.35), rng.uniform(0.75, 1.0), rng.uniform(0.5, 0.68)
    half = [
        (0.0, collar + rng.uniform(0, 0.25)),
        (0.2, collar),
        (0.3, collar + 0.08),
        (0.6, collar + 0.17),
        (broad * 0.85, slope),
        (broad, slope + 0.35),
        (broad * 1.08, 6.0),
    ]
    outline = np.array(half + [(-x, y) for x, y in reversed(half)])
    top = int(np.clip(frame.centre[1] + 0.35 * frame.side, 0, frame.size[0]))
    if top >= frame.size[0] - 2:
        return
    lower = Frame(
        (frame.size[0] - top, frame.size[1]),
        (frame.centre[0], frame.centre[1] - top),
        frame.side,
        frame.roll,
    )
    cover = _soft(lower, outline, 255, 0.012)
    image[top:] = _over(np.ascontiguousarray(image[top:]), cover, _cloth(lower, rng))


def _skin(photo: Image, face: Face) -> NDArray[np.float64]:
    """(3,) the colour between nose and mouth."""
    x, y = np.clip(face.landmarks[2:].mean(axis=0), 2, np.array(photo.shape[1::-1]) - 3).astype(int)
    reach = max(int(face.width / 8), 2)
    part = photo[max(y - reach, 0) : y + reach, max(x - reach, 0) : x + reach]
    return np.asarray(np.median(part.reshape(-1, 3), axis=0), np.float64)


def _cloth(frame: Frame, rng: np.random.Generator) -> Image:
    """A plain, striped or checked cloth with folds."""
    height, width = frame.size
    image = np.empty((height, width, 3), np.uint8)
    image[:] = colour(rng, 15, 235)
    gain = 1 + rough((height, width), rng, 1.6) * np.float32(rng.uniform(0.03, 0.12))
    wave = 2 * math.pi / (rng.uniform(0.05, 0.25) * frame.side)
    depth, kind = np.float32(rng.uniform(0.05, 0.25)), rng.random()
    if kind < 0.3:
        gain += depth * np.sign(np.sin(np.arange(width, dtype=np.float32) * np.float32(wave)))
    if kind < 0.15:
        rows = np.sign(np.sin(np.arange(height, dtype=np.float32) * np.float32(wave)))
        gain += depth * rows[:, None]
    return shaded(image, gain)


def _fill(image: NDArray[np.uint8], frame: Frame, ring: ArrayLike, value: ArrayLike) -> None:
    """A polygon in units of the face's side about its centre, upright as the face is."""
    angle = math.radians(frame.roll)
    turn = np.array([(math.cos(angle), math.sin(angle)), (-math.sin(angle), math.cos(angle))])
    polygon(image, np.asarray(ring) @ turn * frame.side + frame.centre, value)


def surroundings(size: Size, rng: np.random.Generator, backdrop: Image | None) -> Image:
    """A fresh (height, width, 3) background: a part of the picture given, blurred, or a room."""
    height, width = size
    if backdrop is None:
        return room(size, rng)
    scale = max(height / backdrop.shape[0], width / backdrop.shape[1]) * rng.uniform(1, 1.6)
    spare = np.array([backdrop.shape[1] * scale - width, backdrop.shape[0] * scale - height])
    x, y = -spare * rng.random(2)
    matrix = np.array([(scale, 0, x), (0, scale, y)])
    mode = cv2.BORDER_REFLECT_101
    image = cv2.warpAffine(backdrop, matrix, (width, height), borderMode=mode)
    far = 0.4 + rng.random() ** 2 * 0.015 * height
    return np.asarray(cv2.GaussianBlur(image, (0, 0), far), np.uint8)


def lighting(image: Image, rng: np.random.Generator, strength: float) -> Image:
    """The scene in uneven, slightly coloured light; `strength` in stops across it."""
    field = cv2.resize(rng.standard_normal((3, 3)).astype(np.float32), (24, 24))
    tone = rng.normal(0, 0.05, 3)
    gain = np.exp2(np.clip(field * strength / 2, -1.2, 0.9)[..., None] + tone)
    return shaded(image, np.asarray(gain, np.float32))
