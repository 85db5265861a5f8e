"""How usable a face is: size, sharpness, exposure, pose and cropping, measured in microseconds."""

import math
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from visavis.types import Face, Floats, Image, Quality

_SIDE: Final = 80
"""Side of the crop that is judged: the resolution at which embedders see this part of a face."""

_FRONTAL: Final = np.array(
    [
        (-0.51, 0.00, 0.00, 1),
        (0.51, 0.00, 0.00, 1),
        (0.00, 0.57, 0.48, 1),
        (-0.44, 1.00, 0.00, 1),
        (0.44, 1.00, 0.00, 1),
    ]
)
"""A mean face seen from the front: x right, y down, z towards the camera, then 1, in units of the
distance from the eyes to the mouth. Fitted to what YuNet's landmarks do when heads turn, on some
6,000 photographs: the eyes' distance shrinks with cos(yaw) while the nose moves by sin(yaw)."""

_POSE_FIT: Final = np.linalg.pinv(_FRONTAL)[:3]


def assess(image: Image, face: Face) -> Quality:
    """The measured quality of one face.

    Sharpness is the share of the inner face's gradient energy that a blur of 1.5 pixels removes
    (after Crete et al., "The blur effect", SPIE 2007), with the face brought to the resolution
    embedders use: contrast does not change it, blur and enlargement lower it, strong noise raises
    it. Good photographs reach 0.45 to 0.75, a blur of 3 pixels on a face 100 wide leaves 0.2.
    The score is a product of ramps, each 1 where its measure costs nothing and 0 where it ruins
    the face: made for choosing among a person's pictures, not for refusing faces.
    """
    size = _size(face.landmarks)
    luma = _luma(image, face.landmarks, size)
    yaw, pitch, roll = pose(face.landmarks)
    sharpness, cut = _sharpness(luma), _cut(image, face)
    mean, deviation = (float(value[0, 0]) / 255 for value in cv2.meanStdDev(luma))
    product = (
        _ramp(size, 6, 80)
        * _ramp(sharpness, 0, 0.7)
        * _ramp(mean, 0.02, 0.15)
        * _ramp(mean, 0.99, 0.9)
        * _ramp(deviation, 0.01, 0.06)
        * _ramp(abs(yaw), 90, 0)
        * _ramp(abs(pitch), 75, 0)
        * _ramp(cut, 0.6, 0)
    )
    score = product ** (1 / 3)  # a cube root, to spread what is good over the upper half
    return Quality(score, size, sharpness, mean, deviation, yaw, pitch, roll, cut)


def pose(landmarks: Floats) -> tuple[float, float, float]:
    """Yaw, pitch and roll in degrees from (5, 2) landmarks, signed as `Quality` says.

    A mean 3-D face is fitted by least squares under scaled orthography; four of its points lie in
    a plane and the nose before it. The head turns (yaw), then nods (pitch), then tilts (roll), so
    roll is the direction from eyes to mouth and holds even in profile. Rough: expression and the
    shape of a nose shift pitch by some 10 degrees.
    """
    x, y = landmarks.T.astype(np.float64) @ _POSE_FIT.T
    roll = math.atan2(-x[1], y[1])
    cos, sin = math.cos(roll), math.sin(roll)
    x, y = cos * x + sin * y, cos * y - sin * x
    yaw = math.atan2(x[2], x[0])
    pitch = math.atan2(math.sin(yaw) * y[0] - math.cos(yaw) * y[2], y[1])
    return math.degrees(yaw), math.degrees(pitch), math.degrees(roll)


def _size(landmarks: Floats) -> float:
    left_eye, right_eye, _, left_mouth, right_mouth = landmarks.astype(np.float64)
    height = (left_mouth + right_mouth - left_eye - right_eye) / 2
    return max(math.hypot(*height), math.hypot(*(right_eye - left_eye)))


def _luma(image: Image, landmarks: Floats, size: float) -> NDArray[np.uint8]:
    """The inner face, twice its size a side, in grey, _SIDE x _SIDE; black where none is seen.

    A large face is first sampled at twice _SIDE, so that the cost does not grow with it.
    """
    middle = landmarks.astype(np.float64).mean(axis=0)
    end = image.shape[1::-1]
    left, top = np.clip(middle - size, 0, end).astype(int)
    right, bottom = np.clip(middle + size + 1, 0, end).astype(int)
    part: NDArray[Any] = image[top:bottom, left:right]
    if part.size == 0:
        return np.zeros((_SIDE, _SIDE), np.uint8)
    if min(part.shape[:2]) > 2 * _SIDE:
        part = cv2.resize(part, (2 * _SIDE, 2 * _SIDE), interpolation=cv2.INTER_LINEAR)
    shrinks = min(part.shape[:2]) > _SIDE
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    part = cv2.resize(part, (_SIDE, _SIDE), interpolation=how)
    return np.asarray(cv2.cvtColor(part, cv2.COLOR_RGB2GRAY), np.uint8)


def _sharpness(luma: NDArray[np.uint8]) -> float:
    fine = luma.astype(np.float32)
    coarse = np.asarray(cv2.GaussianBlur(fine, (9, 9), 1.5), np.float32)
    energy = _energy(fine)
    rounding = fine.size  # about what rounding to 8 bits adds, so that flatness is not sharp
    return max(energy - _energy(coarse) - rounding, 0.0) / (energy + rounding)


def _energy(grey: Floats) -> float:
    """The sum of squared differences between neighbours."""
    down = cv2.norm(grey[1:], grey[:-1], cv2.NORM_L2SQR)
    across = cv2.norm(grey[:, 1:], grey[:, :-1], cv2.NORM_L2SQR)
    return float(down + across)


def _cut(image: Image, face: Face) -> float:
    x1, y1, x2, y2 = map(float, face.box)
    width: float = min(x2, image.shape[1]) - max(x1, 0)
    height: float = min(y2, image.shape[0]) - max(y1, 0)
    return max(1 - max(width, 0) * max(height, 0) / face.area, 0.0)


def _ramp(value: float, worst: float, good: float) -> float:
    """0 at `worst` and beyond, 1 at `good` and beyond, straight between; either may be larger."""
    return min(max((value - worst) / (good - worst), 0.0), 1.0)
