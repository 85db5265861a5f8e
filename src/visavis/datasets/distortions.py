"""Single effects on pictures: light, colour, blur, noise, compression, resolution, covering.

Each is a pure function from an RGB uint8 picture of any size to another of the same size; only
`resized` changes it. Parameters are physical: stops, degrees, pixels, JPEG quality. At its
neutral value an effect gives the picture back as it is. Randomness comes from the caller's
generator alone. Values are treated as light to the power 1/2.2, so that a change of exposure is
a factor.
"""

import math
from io import BytesIO
from typing import Any, Final

import cv2
import numpy as np
import PIL.Image
from numpy.typing import ArrayLike, NDArray

from visavis.errors import InputError
from visavis.image import decode
from visavis.types import Floats, Image

GAMMA: Final = 2.2
_LUMA: Final = np.array([0.213, 0.715, 0.072])  # of Rec. 709
SWAPPED: Final = [1, 0, 2, 4, 3]
"""The order of a mirror image's landmarks, so that image-left comes first again."""
_RAMP: Final = np.arange(256) / 255
_GREY: Final = np.ones((3, 1)) * _LUMA
_HUE_SINE: Final = np.array(
    [(-0.213, -0.715, 0.928), (0.143, 0.140, -0.283), (-0.787, 0.715, 0.072)]
)


def exposure(image: Image, stops: float) -> Image:
    """Twice the light for each stop above 0, half for each below; what is too bright is white."""
    return _curve(image, 255 * _RAMP * 2 ** (stops / GAMMA))


def gamma(image: Image, power: float) -> Image:
    """Middle tones darker for a power above 1, brighter below; black and white stay."""
    return _curve(image, 255 * _RAMP**power)


def contrast(image: Image, factor: float) -> Image:
    """Differences from the mean brightness times `factor`."""
    mean = float(np.mean(cv2.mean(image)[:3])) / 255
    return _curve(image, 255 * (mean + (_RAMP - mean) * factor))


def cast(image: Image, red: float, green: float, blue: float) -> Image:
    """Coloured light, or a wrong white balance: the channels times their gains."""
    table = 255 * _RAMP[:, None] * np.array([red, green, blue])
    return _curve(image, table.reshape(256, 1, 3))


def hue(image: Image, degrees: float) -> Image:
    """All hues turned by an angle, brightness kept (the hueRotate matrix of SVG)."""
    angle = math.radians(degrees)
    matrix = _GREY + math.cos(angle) * (np.eye(3) - _GREY) + math.sin(angle) * _HUE_SINE
    return _mixed(image, matrix)


def saturation(image: Image, factor: float) -> Image:
    """Paler for a factor below 1, grey at 0, stronger colours above 1."""
    return _mixed(image, _GREY + factor * (np.eye(3) - _GREY))


def side_light(
    image: Image,
    stops: float,
    degrees: float = 0.0,
    *,
    centre: ArrayLike | None = None,
    radius: float | None = None,
) -> Image:
    """Light from one side: the side towards `degrees` (0 is image-right) as it is, the other
    `stops` darker, with a smooth edge between them from `radius` before the centre to behind it.

    By default the centre is the picture's and the radius half its shorter side.
    """
    if stops == 0:
        return image
    height, width = image.shape[:2]
    x, y = (width / 2, height / 2) if centre is None else np.asarray(centre, np.float64)
    reach = radius or min(height, width) / 2
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    across = (np.arange(width, dtype=np.float32) - np.float32(x)) * np.float32(cos / reach)
    down = (np.arange(height, dtype=np.float32) - np.float32(y)) * np.float32(sin / reach)
    return lit(image, -stops * (1 - _smooth((across[None] + down[:, None] + 1) / 2)))


def lit(image: Image, stops: Floats) -> Image:
    """Exposure that differs from place to place: `stops` is (H, W)."""
    gain = cv2.exp(np.asarray(stops, np.float32) * np.float32(math.log(2) / GAMMA))
    return _bytes(image * np.asarray(gain)[..., None])


def blur(image: Image, sigma: float) -> Image:
    """Gaussian blur, sigma in pixels."""
    if sigma <= 0:
        return image
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.uint8)


def motion_blur(image: Image, length: float, degrees: float = 0.0) -> Image:
    """The smear of a movement of `length` pixels in a direction."""
    if length <= 0:
        return image
    half = math.ceil(length / 2)
    steps = np.linspace(-length / 2, length / 2, 8 * half + 1)
    angle = math.radians(degrees)
    kernel = np.zeros((2 * half + 3, 2 * half + 3))
    along = half + 1 + np.outer(steps, (math.cos(angle), math.sin(angle)))
    for x, y in along.tolist():
        left, top = int(x), int(y)
        right, low = x - left, y - top
        share = np.outer((1 - low, low), (1 - right, right))
        kernel[top : top + 2, left : left + 2] += share
    return np.asarray(cv2.filter2D(image, -1, kernel / kernel.sum()), np.uint8)


def noise(image: Image, sigma: float, rng: np.random.Generator) -> Image:
    """Gaussian noise in every pixel and channel, sigma in grey levels of 255."""
    if sigma <= 0:
        return image
    grain = rng.standard_normal(image.shape, np.float32)
    return _bytes(image + grain * np.float32(sigma))


def shot_noise(image: Image, photons: float, rng: np.random.Generator) -> Image:
    """The noise of little light: a white pixel holds `photons` on average, infinity for none.

    Poisson's law by its normal approximation, in the light itself, before the gamma curve.
    """
    if not math.isfinite(photons):
        return image
    light = np.asarray(_RAMP**GAMMA * photons, np.float32)[image]
    light += rng.standard_normal(image.shape, np.float32) * np.sqrt(light)
    share = np.maximum(light, 0) * np.float32(1 / photons)
    return _bytes(np.asarray(cv2.pow(share, 1 / GAMMA)) * 255)


def jpeg(image: Image, quality: int) -> Image:
    """Saved as JPEG and read again; quality 1..100. Never quite the picture as it was."""
    file = BytesIO()
    PIL.Image.fromarray(image).save(file, "JPEG", quality=quality)
    return decode(file.getvalue())


def low_resolution(image: Image, factor: float) -> Image:
    """Reduced by `factor` and enlarged again to its size: fine detail is lost."""
    if factor <= 1:
        return image
    height, width = image.shape[:2]
    small = (max(round(width / factor), 1), max(round(height / factor), 1))
    reduced = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(reduced, (width, height), interpolation=cv2.INTER_LINEAR))


def resized(image: Image, factor: float) -> Image:
    """The picture times `factor` a side."""
    mode = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, None, fx=factor, fy=factor, interpolation=mode), np.uint8)


def rotated(image: Image, degrees: float) -> Image:
    """Turned anticlockwise about its middle; black where nothing was."""
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    return np.asarray(cv2.warpAffine(image, matrix, (width, height)), np.uint8)


def flipped(image: Image) -> Image:
    """The mirror image."""
    return np.ascontiguousarray(image[:, ::-1])


def block(image: Image, share: float, rng: np.random.Generator) -> Image:
    """A square of one colour at a random place, `share` of the shorter side wide."""
    side = round(min(image.shape[:2]) * share)
    height, width = image.shape[:2]
    left, top = rng.integers(0, width - side + 1), rng.integers(0, height - side + 1)
    return covered(image, (left, top, left + side, top + side), rng.integers(0, 256, 3))


def band(image: Image, share: float, rng: np.random.Generator) -> Image:
    """A strip of one colour from edge to edge, lying or standing, `share` of the side wide."""
    height, width = image.shape[:2]
    lying = bool(rng.integers(2))
    side = height if lying else width
    thick = round(side * share)
    start = int(rng.integers(0, side - thick + 1))
    box = (0, start, width, start + thick) if lying else (start, 0, start + thick, height)
    return covered(image, box, rng.integers(0, 256, 3))


def covered(image: Image, box: ArrayLike, colour: ArrayLike) -> Image:
    """A rectangle (x1, y1, x2, y2) of one colour over the picture, where it lies inside."""
    x1, y1, x2, y2 = np.maximum(np.asarray(box, np.float64).round(), 0).astype(int)
    made = image.copy()
    made[y1:y2, x1:x2] = np.asarray(colour, np.uint8)
    return made


def _curve(image: Image, table: NDArray[np.float64]) -> Image:
    """Each value looked up in a table of 256, or of (256, 1, 3) by channel."""
    return np.asarray(cv2.LUT(image, _bytes(table)), np.uint8)


def _mixed(image: Image, matrix: NDArray[np.float64]) -> Image:
    return np.asarray(cv2.transform(image, matrix), np.uint8)


def _bytes(values: NDArray[Any]) -> Image:
    """Rounded, and held within 0..255."""
    return np.asarray(np.clip(np.rint(values), 0, 255), np.uint8)


def _smooth(share: NDArray[Any]) -> Floats:
    """0 up to 0, 1 from 1 on, with no corner between."""
    x = np.clip(share, 0, 1)
    return np.asarray(x * x * (3 - 2 * x), np.float32)


def check_landmarks(landmarks: ArrayLike) -> Floats:
    """The landmarks as (5, 2) float32. Raises InputError for another shape."""
    points = np.asarray(landmarks, np.float32)
    if points.shape != (5, 2):
        raise InputError(f"expected landmarks of shape (5, 2), got {points.shape}")
    return points
