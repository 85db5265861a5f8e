"""Sessions for challenges, staged from the frames of real clips.

What is real: the people, their head turns, detector and embedder. What is staged, and so labelled:
the order and timing of frames, the place and size of the face (frames are cut out round it, so
that a walking person's frames can follow one another in another order), "closer" (a zoom), a turn
to the side to which a clip shows none (mirrored frames), and a fresh recapture of every frame shown
(a small shift, sensor noise, JPEG), so that no two are the same.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np

from visavis.liveness.challenge import Step
from visavis.liveness.track import Observation
from visavis.pipeline import Pipeline, overlap
from visavis.quality import assess, pose
from visavis.types import Embedding, Face, Image

PEAK = (26.0, 45.0)  # degrees from looking ahead that make a good turn
FPS = 12.0


@dataclass(eq=False)
class Person:
    """One face through a clip: frame, face and yaw, in order."""

    clip: str
    frames: list[Image] = field(default_factory=list)
    faces: list[Face] = field(default_factory=list)

    @property
    def yaws(self) -> list[float]:
        return [pose(face.landmarks)[0] for face in self.faces]

    @property
    def ahead(self) -> list[int]:
        """Frames that look ahead: within 5 degrees of the least turned that there are."""
        yaws = np.array(self.yaws)
        middle = np.median(np.sort(np.abs(yaws))[:5])
        if middle > 12:
            return []
        centre = np.median(yaws[np.abs(yaws) <= middle + 4])
        return np.flatnonzero(np.abs(yaws - centre) <= 5).tolist()[:6]

    def turn(self, sign: int) -> list[int]:
        """Frames from looking ahead to a turn by 26 to 45 degrees, neighbours in the clip."""
        if len(self.ahead) < 2:
            return []
        away = sign * (np.array(self.yaws) - np.median([self.yaws[i] for i in self.ahead]))
        peaks = np.flatnonzero((away >= PEAK[0]) & (away <= PEAK[1]))
        if not peaks.size:
            return []
        start, peak = min(
            ((a, int(p)) for a in self.ahead for p in peaks), key=lambda ap: abs(ap[0] - ap[1])
        )
        step = 1 if peak > start else -1
        way = list(range(start, peak + step, step))
        return way if np.abs(np.diff([self.yaws[i] for i in way])).max() <= 32 else []


def people(path: Path, pipeline: Pipeline, most: int = 150) -> list[Person]:
    """The faces of 15 frames or more in a clip, followed by the overlap of their boxes."""
    capture, open_, every = cv2.VideoCapture(str(path)), list[Person](), list[Person]()
    for _ in range(most):
        ok, bgr = capture.read()
        if not ok:
            break
        image = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
        faces = [f for f in pipeline.detector.detect(image) if assess(image, f).size >= 26]
        still = []
        for face in faces:
            mine = [p for p in open_ if overlap(p.faces[-1].box, face.box) > 0.4]
            person = mine[0] if mine else Person(path.stem)
            if not mine:
                every.append(person)
            if person not in still:
                person.frames.append(image)
                person.faces.append(face)
                still.append(person)
        open_ = still
    return [p for p in every if len(p.faces) >= 15]


class Camera:
    """Recaptures frames under a warp and says what detector and embedder make of them."""

    def __init__(self, pipeline: Pipeline, seed: int) -> None:
        self.pipeline = pipeline
        self._rng = np.random.default_rng(seed)

    def see(self, image: Image, face: Face, warp: np.ndarray | None = None) -> Observation | None:
        """The face nearest to where `warp` (3, 3) takes it; None where none is found there."""
        rng = self._rng
        warp = np.eye(3) if warp is None else warp
        shift = np.array([(1, 0, rng.normal(0, 0.6)), (0, 1, rng.normal(0, 0.6)), (0, 0, 1)])
        warp, size = shift @ warp, image.shape[1::-1]
        shown = cv2.warpPerspective(
            image, warp, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
        noisy = np.clip(np.rint(shown + rng.normal(0, 2.0, shown.shape)), 0, 255).astype(np.uint8)
        _, data = cv2.imencode(".jpg", noisy[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])
        taken = np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1])
        corners = face.box.reshape(2, 2).astype(np.float64)
        middle = cv2.perspectiveTransform(corners.mean(axis=0).reshape(1, 1, 2), warp).ravel()
        found = [f for f in self.pipeline.detector.detect(taken) if _holds(f, middle)]
        if not found:
            return None
        best = max(found, key=lambda f: f.area)
        [vector] = self.pipeline.embedder.embed(taken, [best])
        return Observation(0.0, best, None, vector, assess(taken, best))


def _holds(face: Face, place: np.ndarray) -> bool:
    return bool((face.box[:2] <= place).all() and (place <= face.box[2:]).all())


def cut_out(image: Image, face: Face, unit: float) -> tuple[Image, Face]:
    """The face in the middle of a square five faces high, `unit` pixels from eyes to mouth."""
    by = unit / assess(image, face).size
    side = round(5 * unit * 2.6)
    x, y = face.box.reshape(2, 2).mean(axis=0) * by
    move = np.array([(by, 0, side / 2 - x), (0, by, side / 2 - y)])
    how = cv2.INTER_AREA if by < 1 else cv2.INTER_CUBIC
    made = cv2.warpAffine(image, move, (side, side), flags=how, borderMode=cv2.BORDER_REPLICATE)
    shift = np.array([side / 2 - x, side / 2 - y])
    moved = Face(face.box * by + np.tile(shift, 2), face.landmarks * by + shift, face.score)
    return np.asarray(made, np.uint8), moved


def zoom(face: Face, by: float) -> np.ndarray:
    """Closer by a factor, about the middle of the face."""
    x, y = face.box.reshape(2, 2).mean(axis=0)
    return np.array([(by, 0, (1 - by) * x), (0, by, (1 - by) * y), (0, 0, 1)], np.float64)


def tilt(face: Face, degrees: float, axis: float = 90.0, distance: float = 6.0) -> np.ndarray:
    """A flat picture turned by hand about an axis (degrees from horizontal) through the face.

    `distance` of the camera in heights of the face's box.
    """
    x, y = map(float, face.box.reshape(2, 2).mean(axis=0))
    angle, along = np.radians((degrees, axis))
    far = distance * face.height
    turn, _ = cv2.Rodrigues(angle * np.array([np.cos(along), -np.sin(along), 0.0]))
    plane = np.array([(1, 0, -x), (0, 1, -y), (0, 0, 1)])
    camera = np.array([(far, 0, x), (0, far, y), (0, 0, 1)])
    rigid = np.column_stack([turn[:, 0], turn[:, 1], (0, 0, far)])
    made: np.ndarray = camera @ rigid @ plane
    return made / made[2, 2]


Shot = tuple[str, int]
"""A kind of shot and its place on the way: ("left", 2), ("closer", 3), ("ahead", 0)."""


class Stock:
    """Shots of one person, seen beforehand and given out one after the other, none twice."""

    def __init__(self, shots: dict[Shot, list[Observation]]) -> None:
        self._shots = {key: found for key, found in shots.items() if found}
        self.used: dict[Shot, int] = {}

    def way(self, kind: str) -> list[Shot]:
        return sorted(key for key in self._shots if key[0] == kind)

    def fresh(self) -> "Stock":
        """For another session, from the start."""
        return Stock(self._shots)

    def take(self, shot: Shot) -> Observation:
        at = self.used.get(shot, 0)
        self.used[shot] = at + 1
        found = self._shots[shot]
        return found[at % len(found)]


def script(stock: Stock, steps: Sequence[Step], stay: float = 0.5) -> list[Shot]:
    """The shots of one performance at 12 a second: ahead, then each step and back."""
    ahead = stock.way("ahead")

    def look(seconds: float) -> Iterator[Shot]:
        for tick in range(round(seconds * FPS)):
            yield ahead[tick // 2 % len(ahead)]

    shots = [*look(1.2)]
    for step in steps:
        way = stock.way(step.action.value)
        shots += [*way, *[way[-1]] * round((step.hold + stay) * FPS)]
        shots += [*reversed(way), *look(0.7)]
    return shots


def perform(
    stock: Stock, shots: Sequence[Shot], start: float, rng: np.random.Generator, fps: float = FPS
) -> list[Observation]:
    """The frames of a script with the camera's jitter; a lower rate leaves frames out."""
    fresh, frames, due = stock.fresh(), [], 0.0
    for tick, shot in enumerate(shots):
        if tick / FPS >= due - 1e-9:
            due += 1 / fps
            at = start + tick / FPS + rng.uniform(-0.01, 0.01)
            frames.append(replace(fresh.take(shot), at=at))
    return frames


def stock_of(person: Person, camera: Camera, mirrored: set[str]) -> Stock:
    """All shots that a performance needs: many of what is held, 14 of what is passed."""
    shots: dict[Shot, list[Observation]] = {}
    unit = min(assess(person.frames[i], person.faces[i]).size for i in person.ahead)

    def add(shot: Shot, index: int, count: int, by: float = 1.0, flip: bool = False) -> None:
        image, face = cut_out(person.frames[index], person.faces[index], unit)
        if flip:
            image, face = mirror(image, face)
        seen = (camera.see(image, face, zoom(face, by)) for _ in range(count))
        shots[shot] = [o for o in seen if o is not None]

    for place, index in enumerate(person.ahead[:3]):
        add(("ahead", place), index, 40)
    for name, sign in (("left", 1), ("right", -1)):
        flip = name in mirrored
        way = person.turn(-sign if flip else sign)[1:]
        for place, index in enumerate(way):
            add((name, place), index, 110 if index == way[-1] else 14, flip=flip)
    for place, by in enumerate((1.08, 1.17, 1.26, 1.35)):
        add(("closer", place), person.ahead[0], 90 if by == 1.35 else 14, by)
    return Stock(shots)


def mirror(image: Image, face: Face) -> tuple[Image, Face]:
    width = image.shape[1]
    x1, y1, x2, y2 = map(float, face.box)
    points = (face.landmarks * (-1, 1) + (width, 0))[[1, 0, 2, 4, 3]].astype(np.float32)
    box = np.array([width - x2, y1, width - x1, y2], np.float32)
    return np.ascontiguousarray(image[:, ::-1]), Face(box, points, face.score)


def template_of(person: Person, pipeline: Pipeline) -> Embedding:
    """The mean of the clip's own frames that look ahead, as they are."""
    found = [pipeline.embedder.embed(person.frames[i], [person.faces[i]])[0] for i in person.ahead]
    return Embedding.of(np.mean([e.vector for e in found], axis=0), found[0].model)
