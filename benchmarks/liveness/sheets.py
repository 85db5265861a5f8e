"""Tracks for liveness over time: real ones, and sheets moved before a camera.

A sheet is simulated: a picture, flat or bent round an upright axis, turned and shifted smoothly
before a pinhole camera, then blurred, with noise, through JPEG. It has no gloss, no change of light
and no blur of motion, which real ones have.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from visavis.liveness.track import Observation, Track
from visavis.pipeline import overlap
from visavis.protocols import Detector
from visavis.types import Face, Image

SIZE = (270, 480)
_ROUNDS = 6  # of the fixed point that inverts a bent sheet's projection


def clip(path: Path) -> tuple[float, list[Image]]:
    """Frames a second and the frames of a video."""
    video = cv2.VideoCapture(str(path))
    frames = []
    while True:
        there, frame = video.read()
        if not there:
            return float(video.get(cv2.CAP_PROP_FPS)), frames
        frames.append(np.ascontiguousarray(frame[..., ::-1]))


def tracks(detector: Detector, path: Path, least: int = 20) -> list[Track]:
    """The faces of a clip that are seen in many frames, joined by overlap, each in a cut-out."""
    fps, frames = clip(path)
    rows: list[list[tuple[int, Face]]] = []
    for place, frame in enumerate(frames):
        for face in detector.detect(frame):
            row = next((r for r in rows if _follows(r[-1], place, face)), None)
            if row is None:
                rows.append([(place, face)])
            else:
                row.append((place, face))
    return [_cut(row, frames, fps) for row in rows if len(row) >= least]


def filmed(
    detector: Detector,
    pictures: Sequence[Image],
    face: Face,
    rng: np.random.Generator,
    *,
    turn: float,
    bend: float = 0.0,
    fps: float = 2.0,
) -> Track | None:
    """A sheet or screen that shows a picture a frame, turned by some `turn` degrees either way.

    `bend`: radians by which it is bent from the face's middle to its side, on average. None where
    the detector finds the face in less than half the frames.
    """
    count, width = len(pictures), float(rng.choice([65, 100]))
    angles = np.radians(
        np.stack([_smooth(rng, count, amount) for amount in (0.7 * turn, 0.5 * turn, 6)], axis=1)
    )
    shifts = np.stack([_smooth(rng, count, amount) for amount in (20, 10, 0.06)], axis=1)
    bends = bend + _smooth(rng, count, 0.3 * bend)
    seen = []
    for place, picture in enumerate(pictures):
        frame = _frame(picture, face, angles[place], shifts[place], bends[place], width, rng)
        found = detector.detect(frame)
        if found:
            largest = max(found, key=lambda f: f.area)
            seen.append(Observation(place / fps, largest, frame))
    return Track(tuple(seen)) if 2 * len(seen) >= count else None


def recaptured(picture: Image, rng: np.random.Generator) -> Image:
    """Noise and JPEG."""
    noisy = np.clip(picture + rng.normal(0, 3, picture.shape), 0, 255).astype(np.uint8)
    _, data = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, 70])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def _follows(last: tuple[int, Face], place: int, face: Face) -> bool:
    return 0 < place - last[0] <= 3 and overlap(last[1].box, face.box) > 0.3


def _cut(row: Sequence[tuple[int, Face]], frames: Sequence[Image], fps: float) -> Track:
    """The part of the frames in which the face is at any time, with room about it."""
    boxes = np.array([face.box for _, face in row])
    room = 0.5 * float((boxes[:, 3] - boxes[:, 1]).max())
    left, top = np.maximum(boxes[:, :2].min(axis=0) - room, 0).astype(int)
    right, bottom = (boxes[:, 2:].max(axis=0) + room).astype(int)
    back = np.array([left, top])
    return Track(
        tuple(
            Observation(
                place / fps,
                Face(face.box - np.tile(back, 2), face.landmarks - back, face.score),
                frames[place][top:bottom, left:right].copy(),
            )
            for place, face in row
        )
    )


def _smooth(rng: np.random.Generator, count: int, amount: float) -> np.ndarray:
    """(count,) values that go smoothly from one random value to another, four times."""
    knots, at = rng.normal(0, 1, 6), np.linspace(0, 4 - 1e-6, count)
    place, ease = at.astype(int), (1 - np.cos(np.pi * (at % 1))) / 2
    return np.asarray(amount * (knots[place] * (1 - ease) + knots[place + 1] * ease))


def _frame(
    picture: Image,
    face: Face,
    angles: np.ndarray,
    shift: np.ndarray,
    bend: float,
    width: float,
    rng: np.random.Generator,
) -> Image:
    """One frame of the sheet, on which the face is about `width` pixels wide."""
    height, wide = SIZE
    focal, scale = 1.1 * wide, width / face.width
    turned = cv2.Rodrigues(angles[[1, 0, 2]])[0]
    centre = face.box.reshape(2, 2).mean(axis=0)

    def project(points: np.ndarray, bent: float) -> np.ndarray:
        x, y = ((points - centre) * scale).T
        curve = bent / (width / 2)
        flat = abs(curve) < 1e-6
        z = np.zeros_like(x) if flat else (1 - np.cos(x * curve)) / curve
        solid = np.stack([x if flat else np.sin(x * curve) / curve, y, z], axis=1) @ turned.T
        depth = solid[:, 2:] + focal * (1 + shift[2])
        return np.asarray(focal * solid[:, :2] / depth + np.array([wide, height]) / 2 + shift[:2])

    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) * np.array(picture.shape[1::-1])
    back = cv2.getPerspectiveTransform(
        project(corners, 0.0).astype(np.float32), corners.astype(np.float32)
    )
    rows, columns = np.mgrid[0:height, 0:wide]
    pixels = np.stack([columns.ravel(), rows.ravel()], axis=1).astype(np.float64)
    start = cv2.perspectiveTransform(pixels[None], back)[0]
    places = start
    for _ in range(_ROUNDS if bend else 0):
        places = np.clip(places, -picture.shape[1], 2 * picture.shape[1])
        aim = pixels - (project(places, bend) - pixels)
        places = places + cv2.perspectiveTransform(aim[None], back)[0] - start
    x, y = places.T.reshape(2, height, wide).astype(np.float32)
    grey = tuple(int(v) for v in rng.integers(60, 200, 3))
    soft = cv2.GaussianBlur(picture, (0, 0), 0.4 / scale) if scale < 0.8 else picture
    seen = cv2.remap(soft, x, y, cv2.INTER_LINEAR, borderValue=grey)
    return recaptured(np.asarray(cv2.GaussianBlur(seen, (0, 0), 0.6), np.uint8), rng)


def of_people(detector: Detector, lfw: Path, count: int) -> Iterator[tuple[Image, Face]]:
    """Photographs of people of LFW, evenly spread, with the face in their middle."""
    folders = sorted((lfw / "images").iterdir())
    for place in np.linspace(7, len(folders) - 1, count).astype(int):
        photo = cv2.imread(str(sorted(folders[place].glob("*.jpg"))[0]), cv2.IMREAD_COLOR_RGB)
        picture = np.asarray(photo, np.uint8)
        middle = np.array(picture.shape[1::-1]) / 2
        found = detector.detect(picture)
        if found:
            yield picture, min(found, key=lambda f: float(np.abs(f.landmarks[2] - middle).sum()))
