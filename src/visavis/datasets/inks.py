"""Process inks on paper: how much of each a picture needs, and what colour comes of it.

Light is coded as in pictures, to the power 1/2.2; a product of reflectances is the same product
in that coding, so prints stay uint8 throughout.
"""

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from visavis.datasets.distortions import GAMMA
from visavis.types import Image

Plate = NDArray[np.uint8]
"""(H, W) how much of the paper one ink covers, 0..255."""
_PROCESS: Final = (
    (0.02, 0.42, 0.86),
    (0.84, 0.02, 0.26),
    (0.98, 0.88, 0.02),
    (0.015, 0.014, 0.014),
)
_RAMP: Final = np.arange(256) / 255


@dataclass(frozen=True, eq=False)
class Inks:
    """Cyan, magenta, yellow and black on white paper.

    `reflectance` (4, 3) is of linear light, of each ink in full; `spread` is Yule and Nielsen's n:
    1 for no optical dot gain, 2 for light that scatters fully in the paper; `gain` is mechanical
    dot gain at half coverage; `black` is the share of grey that the black ink carries; `profile`
    is how well the separation knows the inks, 0..1.
    """

    reflectance: NDArray[np.float64]
    spread: float
    gain: float
    black: float
    profile: float

    @classmethod
    def draw(cls, rng: np.random.Generator, weak: float, spread: float, gain: float) -> "Inks":
        """Process inks, off by up to `weak` (0..1) in strength and purity, and the denser the less
        they are off; a gain up to `gain`.
        """
        strength = (
            1
            + 0.3 * (1 - weak) * rng.random()
            - weak * rng.uniform(0, 0.5)
            - weak * rng.uniform(0, 0.3, (4, 1))
        )
        stray = rng.uniform(1 - 0.3 * weak, 1, (4, 3))
        made = np.clip(np.array(_PROCESS) * stray, 0.004, 1) ** strength
        black, profile = rng.uniform(0.2, 1), rng.uniform(1 - 0.6 * weak, 1)
        return cls(made, float(spread), float(rng.uniform(0, gain)), float(black), float(profile))

    def separate(self, photo: Image) -> list[Plate]:
        """The four plates of an RGB picture: cyan, magenta, yellow, black, with dot gain.

        Black is brought to the black ink's, in linear light. Densities are shared out by the
        inverse of what the inks absorb, as far as the profile goes; grey goes to black the more,
        the darker it is (grey component replacement; Yule, "Principles of Color Reproduction",
        1967).
        """
        density = self._densities()
        black = self.black * density**2 / (density + 0.7)
        r, g, b = cv2.split(photo)
        lightest = cv2.max(cv2.max(r, g), b)
        k = cv2.LUT(lightest, black.astype(np.float32))
        absorbed = cv2.LUT(photo, density.astype(np.float32))
        left = cv2.subtract(absorbed, cv2.merge([k] * 3))
        own = np.eye(3) * (1 - self.profile) + self.profile * (1 - self._passed()[:3])
        clear = np.asarray(cv2.exp(cv2.transform(left, -np.linalg.inv(own).T)), np.float32)
        np.minimum(clear, 1, out=clear)
        cmy = cv2.split(cv2.convertScaleAbs(clear, alpha=-255, beta=255))
        plates = [*cmy, cv2.LUT(lightest, _bytes(255 * (1 - np.exp(-black))))]
        return [self._grown(np.asarray(p, np.uint8)) for p in plates]

    def grey(self, photo: Image) -> list[Plate]:
        """The plates of a print in black alone."""
        grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
        plate = cv2.LUT(grey, _bytes(255 * (1 - np.exp(-self._densities()))))
        none = np.zeros(grey.shape, np.uint8)
        return [none, none, none, self._grown(np.asarray(plate, np.uint8))]

    def printed(self, plates: list[Plate], scatter: float) -> Image:
        """The colour of white paper under plates of dots or of mean coverage, (H, W, 3).

        Each plate lets through 1 - a (1 - t) (Demichel, 1924). Light passes the inks on its way
        in and, about `scatter` pixels away, on its way out (Ruckdeschel and Hauser, "Yule-Nielsen
        effect in printing: a physical analysis", Applied Optics 17, 1978).
        """
        passed = self._passed()
        made: Image = np.full((*plates[0].shape, 3), 255, np.uint8)
        for plate, t in zip(plates, passed, strict=True):
            if not plate.any():
                continue
            table = (1 - _RAMP[:, None] * (1 - t)) ** (1 / GAMMA)
            shown = cv2.LUT(cv2.merge([plate] * 3), _bytes(255 * table).reshape(256, 1, 3))
            cv2.multiply(made, shown, dst=made, scale=1 / 255)
        if scatter <= 0.2:
            return np.asarray(cv2.LUT(made, _bytes(255 * _RAMP**self.spread)), np.uint8)
        light = cv2.GaussianBlur(cv2.LUT(made, _bytes(255 * _RAMP**GAMMA)), (0, 0), scatter)
        beyond = cv2.LUT(light, _bytes(255 * _RAMP ** ((self.spread - 1) / GAMMA)))
        return np.asarray(cv2.multiply(made, beyond, scale=1 / 255), np.uint8)

    def _densities(self) -> NDArray[np.float64]:
        """For each value 0..255 -ln of the light that the inks must pass once."""
        darkest = float(self.reflectance[3].mean())
        light = darkest + (1 - darkest) * _RAMP**GAMMA
        return np.asarray(-np.log(light) / self.spread)

    def _grown(self, plate: NDArray[np.uint8]) -> Plate:
        """Mechanical dot gain: a + 4 g a (1 - a) (Yule and Nielsen, "The penetration of light
        into paper and its effect on halftone reproduction", TAGA 1951).
        """
        grown = _RAMP + 4 * self.gain * _RAMP * (1 - _RAMP)
        return np.asarray(cv2.LUT(plate, _bytes(255 * grown)), np.uint8)

    def _passed(self) -> NDArray[np.float64]:
        """(4, 3) the share of linear light that passes an ink once."""
        return np.asarray(self.reflectance ** (1 / self.spread))


def _bytes(values: NDArray[Any]) -> NDArray[np.uint8]:
    return np.asarray(np.clip(np.rint(values), 0, 255), np.uint8)
