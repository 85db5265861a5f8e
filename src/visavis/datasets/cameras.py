"""A camera as it treats light: lens, sensor, and what its processor makes of them.

The chain follows Brooks et al. (Unprocessing images for learned raw denoising, CVPR 2019): light
is linear, gets blurred, falls on a colour filter array with shot and read noise, and is then
demosaiced, balanced, toned, sharpened, resized and saved as JPEG.
"""

import math
from dataclasses import dataclass, fields
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from visavis.datasets.distortions import GAMMA, jpeg
from visavis.types import Floats, Image

FINE: Final = 2
"""Scene pixels to a sensor pixel, a side: what is finer than the sensor must be there to alias."""
_DEPTH: Final = 4096
Range = tuple[float, float]
Raw = NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class Take:
    """The values one shot is made with; see `Camera`."""

    zoom: float
    focus: float
    motion: float
    direction: float
    vignette: float
    photons: float
    read: float
    metering: float
    exposure: float
    warmth: float
    tint: float
    gamma: float
    contrast: float
    saturation: float
    smoothing: float
    sharpening: float
    scaling: float
    quality: float

    def scene(self, size: tuple[int, int]) -> tuple[int, int]:
        """(height, width) of the scene that gives a picture of this (height, width)."""
        height, width = (2 * FINE * math.ceil(side * self.zoom / 2) for side in size)
        return height, width


@dataclass(frozen=True, slots=True)
class Camera:
    """The ranges that a kind of camera draws its values from, for each shot anew.

    `zoom`: sensor pixels to one of the picture, a side. `focus`: sigma of the lens's blur, and
    `motion` the length of a smear, in sensor pixels. `vignette`: stops lost in the corners.
    `photons`: of a white pixel; `read`: noise in the dark, of white. `metering`: how far the
    automatic exposure goes, 0..1; `exposure`: stops off it. `warmth`, `tint`: of the white
    balance, stops. `contrast`: of the S-curve. `smoothing`: sigma of the denoiser, pixels.
    `sharpening`: of the halo. `quality`: of the JPEG, 1..100.
    """

    zoom: Range = (1.0, 1.3)
    focus: Range = (0.35, 1.3)
    motion: Range = (0.0, 3.0)
    vignette: Range = (0.0, 0.8)
    photons: Range = (150.0, 6000.0)
    read: Range = (0.0005, 0.006)
    metering: Range = (0.6, 1.0)
    exposure: Range = (-0.5, 0.6)
    warmth: Range = (-0.3, 0.3)
    tint: Range = (-0.08, 0.08)
    gamma: Range = (1.9, 2.5)
    contrast: Range = (0.0, 0.5)
    saturation: Range = (0.8, 1.25)
    smoothing: Range = (0.0, 0.9)
    sharpening: Range = (0.0, 1.2)
    quality: Range = (45.0, 97.0)

    def draw(self, rng: np.random.Generator) -> Take:
        """The values of one shot; photons by their ratio, and what blurs less often than not."""
        values = {f.name: float(rng.uniform(*getattr(self, f.name))) for f in fields(self)}
        for name in ("focus", "read", "smoothing"):
            low, high = getattr(self, name)
            values[name] = low + (high - low) * float(rng.random()) ** 2
        values["photons"] = math.exp(rng.uniform(*np.log(self.photons)))
        values["motion"] *= float(rng.random() < 0.35)
        return Take(**values, direction=float(rng.uniform(0, math.pi)), scaling=float(rng.random()))


WEBCAM: Final = Camera()
"""A laptop's or a cheap camera: noisy, sharpened, compressed."""
PHONE: Final = Camera(
    zoom=(1.1, 1.5),
    focus=(0.3, 0.8),
    photons=(800.0, 20000.0),
    read=(0.0002, 0.002),
    smoothing=(0.0, 0.5),
    quality=(75.0, 98.0),
)
"""A good telephone's: little noise, little compression."""
ANY: Final = Camera(
    zoom=(1.0, 1.4), focus=(0.3, 1.3), photons=(150.0, 20000.0), read=(0.0002, 0.006)
)
"""Whatever comes."""


def capture(scene: Image, take: Take, size: tuple[int, int], rng: np.random.Generator) -> Image:
    """The picture of this (height, width) that a camera takes of a scene of `take.scene(size)`."""
    raw = _sensed(_focused(scene, take), take, rng)
    whole = np.asarray(cv2.cvtColor(raw, cv2.COLOR_BayerRGGB2RGB))
    shape = size[1], size[0]
    toned = _toned(np.asarray(cv2.resize(whole, shape, interpolation=_scaling(take))), take)
    return jpeg(_finished(toned, take), round(take.quality))


def _focused(scene: Image, take: Take) -> Floats:
    """Light on the sensor, linear: blurred while still finer than the sensor's pixels."""
    light = np.asarray(cv2.LUT(scene, _linear()))
    first = min(take.focus, 0.8)
    reach = 2 * math.ceil(2 * FINE * first) + 1
    light = cv2.GaussianBlur(light, (reach, reach), FINE * first)
    height, width = scene.shape[0] // FINE, scene.shape[1] // FINE
    light = cv2.resize(light, (width, height), interpolation=cv2.INTER_AREA)
    if take.focus > first + 0.1:
        light = cv2.GaussianBlur(light, (0, 0), math.sqrt(take.focus**2 - first**2))
    if take.motion > 0.5:
        light = cv2.filter2D(light, -1, _smear(take.motion, take.direction))
    return np.asarray(light, np.float32)


def _linear() -> Floats:
    return np.asarray((np.arange(256) / 255) ** GAMMA, np.float32)


def _smear(length: float, direction: float) -> Floats:
    half = math.ceil(length / 2)
    kernel = np.zeros((2 * half + 1, 2 * half + 1), np.float32)
    for step in np.linspace(-length / 2, length / 2, 8 * half):
        x, y = round(half + step * math.cos(direction)), round(half + step * math.sin(direction))
        kernel[y, x] += 1
    return np.asarray(kernel / kernel.sum(), np.float32)


def _sensed(light: Floats, take: Take, rng: np.random.Generator) -> Raw:
    """The raw mosaic, one colour a pixel (red, green / green, blue), in 12 bits."""
    raw = light[..., 1].copy()
    raw[0::2, 0::2] = light[0::2, 0::2, 0]
    raw[1::2, 1::2] = light[1::2, 1::2, 2]
    raw *= _exposure(raw, take) * _vignette(raw.shape[:2], take.vignette)
    spread = cv2.sqrt(raw * np.float32(1 / take.photons) + np.float32(take.read**2))
    raw += rng.standard_normal(raw.shape, np.float32) * spread
    return np.asarray(np.clip(raw * (_DEPTH - 1), 0, _DEPTH - 1), np.uint16)


def _exposure(raw: Floats, take: Take) -> np.float32:
    """The gain of the automatic exposure: metered with weight in the middle."""
    small = cv2.resize(raw, (24, 24), interpolation=cv2.INTER_AREA)
    bell = np.hanning(26)[1:-1] + 0.15
    seen = max(float(np.average(small, weights=np.outer(bell, bell))), 1e-3)
    gain = (0.24 / seen) ** take.metering * 2**take.exposure
    return np.float32(min(max(gain, 0.25), 12.0))


def _vignette(shape: tuple[int, ...], stops: float) -> Floats:
    down, across = (np.linspace(-1, 1, side, dtype=np.float32) ** 2 for side in shape)
    return np.asarray(1 / (1 + (2**stops - 1) / 2 * (down[:, None] + across)), np.float32)


def _scaling(take: Take) -> int:
    """How the processor resizes: few average well, and the rest leave aliases."""
    modes = (cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC)
    return modes[min(int(take.scaling * 3), 2)]


def _toned(raw: Raw, take: Take) -> Image:
    """White balance and tone curve; what is white on the sensor stays white."""
    ramp = np.arange(_DEPTH) / (_DEPTH - 1)
    made = np.empty(raw.shape, np.uint8)
    balance = np.array((take.warmth, take.tint, -take.warmth)) / 2
    for channel, stops in enumerate(balance - balance.min()):
        tone = np.minimum(ramp * 2**stops, 1) ** (1 / take.gamma)
        curve = tone + take.contrast * tone * (1 - tone) * (2 * tone - 1)
        table = np.asarray(np.rint(curve * 255), np.uint8)
        made[..., channel] = np.take(table, raw[..., channel], mode="clip")
    return made


def _finished(image: Image, take: Take) -> Image:
    """Colours, the denoiser, and the halo of sharpening."""
    grey = np.ones((3, 1)) * (0.213, 0.715, 0.072)
    made = cv2.transform(image, grey + take.saturation * (np.eye(3) - grey))
    if take.smoothing > 0.3:
        made = cv2.GaussianBlur(made, (0, 0), take.smoothing)
    if take.sharpening > 0.1:
        soft = cv2.GaussianBlur(made, (0, 0), 1.2)
        made = cv2.addWeighted(made, 1 + take.sharpening, soft, -take.sharpening, 0)
    return np.asarray(made, np.uint8)
