"""Made-up scenes for tests: a textured sheet, moved as a plane, or with a bump as on a head."""

import cv2
import numpy as np

from visavis.image import ARCFACE
from visavis.liveness.track import Observation, Track
from visavis.types import Face, Floats, Image

SIDE = 224
LANDMARKS = ARCFACE * 1.2 + 45
LEVEL = np.eye(3)


def texture(rng: np.random.Generator) -> Image:
    """Spots of several sizes, so that there is something to follow everywhere."""
    sizes = (1.5, 4.0, 9.0)
    layers = [cv2.GaussianBlur(rng.normal(0, 1, (SIDE, SIDE)), (0, 0), s) for s in sizes]
    grey = sum(layer / layer.std() for layer in layers)
    return np.repeat(np.clip(128 + 30 * grey, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def observed(
    scene: Image,
    rng: np.random.Generator,
    at: float = 0.0,
    plane: Floats = LEVEL,
    bump: float = 0.0,
    eyes: float = 0.0,
    noise: float = 2.0,
) -> Observation:
    """The scene moved by a homography; `bump` pixels is how far the middle moves to the right
    against its surroundings, `eyes` how much of eyes and mouth is overlaid with something else.
    """
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    nose = LANDMARKS[2]
    near = np.exp(-((x - nose[0]) ** 2 + (y - nose[1]) ** 2) / 25**2)
    shaped = cv2.remap(scene, x - np.float32(bump) * near, y, cv2.INTER_LINEAR)
    for place in LANDMARKS[[0, 1, 3, 4]]:
        part = np.exp(-((x - place[0]) ** 2 + (y - place[1]) ** 2) / 14**2)[..., None] * eyes
        shaped = (shaped * (1 - part) + np.roll(scene, 60, axis=0) * part).astype(np.uint8)
    moved = cv2.warpPerspective(shaped, plane, (SIDE, SIDE), borderMode=cv2.BORDER_REFLECT)
    noisy = np.clip(moved + rng.normal(0, noise, moved.shape), 0, 255).astype(np.uint8)
    points = cv2.perspectiveTransform(LANDMARKS[None].astype(np.float64), plane)[0]
    box = np.concatenate([points.min(axis=0) - 20, points.max(axis=0) + 20])
    return Observation(at, Face(box, points, 0.9), noisy)


def turned(degrees: float) -> Floats:
    """The homography of a plane turned about an upright axis through the face's middle."""
    angle, focal = np.radians(degrees), 400.0
    turn = np.array([(np.cos(angle), 0), (0, 1), (np.sin(angle) / focal, 0)])
    middle = LANDMARKS.mean(axis=0)
    to = np.array([(1, 0, -middle[0]), (0, 1, -middle[1]), (0, 0, 1)])
    plane = np.column_stack([turn, (0, 0, 1)])
    return np.asarray(np.linalg.inv(to) @ plane @ to)


def track(*observations: Observation) -> Track:
    return Track(observations)
