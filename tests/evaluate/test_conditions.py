import numpy as np
import pytest

from visavis.evaluate.conditions import CONDITIONS, FRAME, Condition, Scene, distort
from visavis.image import ARCFACE
from visavis.quality import assess
from visavis.types import Face, Image

MOVES = {"turned aside", "looking up", "looking down", "rotated", "distance"}
CELLS = [(c, level) for c in CONDITIONS for level in range(len(c.values))]


def scene(size: int = 200) -> Scene:
    """Fine texture all over, with a face said to be in its middle."""
    y, x = np.indices((size, size))
    parts = [np.sin(x / 2) + np.cos(y / 3), np.sin((x + y) / 3), np.cos(x / 4 - y / 2)]
    image = np.asarray(120 + 40 * np.stack(parts, axis=-1), np.uint8)
    landmarks = np.asarray((ARCFACE - 56) * 1.2 + size / 2, np.float32)
    middle = landmarks.mean(axis=0)
    box = np.concatenate([middle, middle]).astype(np.float32) + np.float32([-45, -60, 45, 60])
    return Scene(image, Face(box, landmarks, 1.0))


def made(condition: Condition, level: int, seed: int = 1) -> Scene:
    rng = np.random.default_rng(seed)
    return distort(scene(), condition.kind, condition.values[level], rng)


def of(kind: str) -> Condition:
    return next(c for c in CONDITIONS if c.kind == kind)


def spots(points: np.ndarray, size: int) -> Image:
    image = np.zeros((size, size, 3), np.uint8)
    for x, y in points.round().astype(int):
        image[y - 2 : y + 3, x - 2 : x + 3] = 255
    return image


@pytest.mark.parametrize(("condition", "level"), CELLS, ids=lambda v: getattr(v, "kind", str(v)))
def test_every_step_changes_the_picture_the_same_way_each_time(
    condition: Condition, level: int
) -> None:
    first, second = made(condition, level), made(condition, level)
    assert np.array_equal(first.image, second.image)
    assert first.image.dtype == np.uint8
    if condition.kind == "distance":
        assert first.image.shape == (FRAME[1], FRAME[0], 3)
    else:
        assert first.image.shape == scene().image.shape
        assert not np.array_equal(first.image, scene().image)
    stays = np.array_equal(first.face.landmarks, scene().face.landmarks)
    assert stays is (condition.kind not in MOVES)


def test_steps_are_named_with_their_units() -> None:
    assert of("blur").step(1) == "sigma 2 px of a face 100 px wide"
    assert of("JPEG").step(2) == "quality 20"
    assert len({c.kind for c in CONDITIONS}) == len(CONDITIONS)
    assert all(3 <= len(c.values) <= 5 for c in CONDITIONS)


@pytest.mark.parametrize("kind", ["blur", "motion blur"])
def test_sharpness_falls_with_every_step(kind: str) -> None:
    condition = of(kind)
    steps = [made(condition, level) for level in range(len(condition.values))]
    sharpness = [assess(s.image, s.face).sharpness for s in steps]
    assert sharpness == sorted(sharpness, reverse=True)
    assert sharpness[-1] < 0.7 * assess(scene().image, scene().face).sharpness


@pytest.mark.parametrize("kind", ["resolution", "JPEG", "noise", "low-light noise", "block"])
def test_each_step_is_further_from_the_picture(kind: str) -> None:
    steps = [made(of(kind), level) for level in range(len(of(kind).values))]
    away = [float(np.abs(s.image.astype(float) - scene().image).mean()) for s in steps]
    assert away == sorted(away)


@pytest.mark.parametrize(("kind", "sign"), [("dark", -1), ("bright", 1), ("back light", -1)])
def test_brightness_of_the_face_moves_with_every_step(kind: str, sign: int) -> None:
    condition = of(kind)
    steps = [made(condition, level) for level in range(len(condition.values))]
    brightness = [sign * assess(s.image, s.face).brightness for s in (scene(), *steps)]
    assert brightness == sorted(brightness)
    assert brightness[-1] > brightness[0]


@pytest.mark.parametrize("degrees", [15, 90, 180])
def test_a_rotated_face_is_where_its_landmarks_say(degrees: float) -> None:
    face = scene().face
    dots = Scene(spots(face.landmarks, 200), face)
    turned = distort(dots, "rotated", degrees, np.random.default_rng(1))
    for x, y in turned.face.landmarks.round().astype(int):
        assert turned.image[y, x].max() > 200
    # the box of the ellipse in a box 90 x 120 stands on its side at 90 degrees
    expected = {15: None, 90: (120, 90), 180: (90, 120)}[int(degrees)]
    if expected:
        assert (turned.face.width, turned.face.height) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("eyes", [24, 8])
def test_a_distant_face_has_the_size_it_says_and_is_where_its_landmarks_say(eyes: float) -> None:
    face = scene().face
    small = distort(
        Scene(spots(face.landmarks, 200), face), "distance", eyes, np.random.default_rng(1)
    )
    assert small.head.unit == pytest.approx(eyes, rel=0.05)
    for x, y in small.face.landmarks.round().astype(int):
        assert small.image[y - 1 : y + 2, x - 1 : x + 2].max() > 80


def test_a_colour_cast_leaves_the_brightness_of_grey() -> None:
    grey = Scene(np.full((200, 200, 3), 100, np.uint8), scene().face)
    for seed in range(4):
        cast = distort(grey, "colour cast", 2.5, np.random.default_rng(seed)).image[0, 0]
        assert cast @ (0.213, 0.715, 0.072) == pytest.approx(100, abs=1)
        assert max(cast[0] / cast[2], cast[2] / cast[0]) == pytest.approx(2.5, rel=0.03)
