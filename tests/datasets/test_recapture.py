import numpy as np
import pytest

from visavis.datasets.recapture import Instrument, Pose, Rim, hold
from visavis.datasets.scenes import Frame, carried
from visavis.errors import InputError
from visavis.types import Image

FRAME = Frame((240, 300), (150, 120), 80)
MIDDLE = np.array((100.0, 90.0))


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def sheet(**options: object) -> Instrument:
    """A grey sheet with a green spot at (60, 130)."""
    image = np.full((200, 220, 3), 150, np.uint8)
    image[124:137, 54:67] = (20, 240, 30)
    return Instrument(image, np.eye(3), **options)  # type: ignore[arg-type]


def scene() -> Image:
    return np.full((240, 300, 3), (60, 30, 110), np.uint8)


def test_an_instrument_checks_itself() -> None:
    image, one = sheet().image, np.eye(3)
    with pytest.raises(InputError, match="RGB"):
        Instrument(image[..., 0], one)
    with pytest.raises(InputError, match="matrix"):
        Instrument(image, one[:2])
    with pytest.raises(InputError, match="gloss"):
        Instrument(image, one, gloss=1.5)
    with pytest.raises(InputError, match="alpha"):
        Instrument(image, one, alpha=np.zeros((3, 3), np.uint8))


def test_a_straight_pose_is_a_similarity_and_a_tilt_shortens() -> None:
    straight = Pose().matrix(MIDDLE, 40, FRAME)
    ends = carried(straight, MIDDLE + np.array([(-20, 0), (0, 0), (20, 0)]))
    assert np.allclose(ends, [(110, 120), (150, 120), (190, 120)])
    # at 60 degrees a length of 80 pixels is seen as about 80 * cos 60 = 40
    askew = Pose(yaw=60, distance=100).matrix(MIDDLE, 40, FRAME)
    left, middle, right = carried(askew, MIDDLE + np.array([(-20, 0), (0, 0), (20, 0)]))
    assert np.allclose(middle, (150, 120))
    assert np.hypot(*(right - left)) == pytest.approx(40, abs=0.5)


def test_a_near_pose_shows_perspective() -> None:
    matrix = Pose(yaw=30, distance=3).matrix(MIDDLE, 40, FRAME)
    left, middle, right = carried(matrix, MIDDLE + np.array([(-40, 0), (0, 0), (40, 0)]))
    near, far = abs(left - middle)[0], abs(right - middle)[0]
    assert max(near, far) > 1.3 * min(near, far)


@pytest.mark.parametrize("emits", [False, True])
def test_what_is_held_is_seen_where_the_matrix_says(emits: bool) -> None:
    away = []
    for seed in range(9):
        made, matrix = hold(sheet(emits=emits), MIDDLE, 60, scene(), FRAME, rng(seed))
        values = made.astype(int)
        green = values[..., 1] - values[..., [0, 2]].max(axis=2)
        strong = np.argwhere(green > 100)
        if len(strong):
            expected = carried(matrix, [(60, 130)])[0]
            away.append(np.hypot(*(strong.mean(axis=0)[::-1] - expected)))
    assert len(away) >= 5
    assert np.median(away) < 1.5


def test_the_scene_stays_beside_the_instrument_and_is_not_touched() -> None:
    before = scene()
    for seed in range(6):
        hold(sheet(), MIDDLE, 60, before, FRAME, rng(seed))
    assert np.array_equal(before, scene())
    small = Frame((240, 300), (150, 120), 20)
    made, _ = hold(sheet(), MIDDLE, 60, scene(), small, rng(1))
    assert np.array_equal(made[:20, :20], scene()[:20, :20])


def test_a_screen_makes_the_room_darker_never_brighter() -> None:
    small = Frame((240, 300), (150, 120), 20)
    for seed in range(8):
        made, _ = hold(sheet(emits=True), MIDDLE, 60, scene(), small, rng(seed))
        assert (made[:8, :8] <= scene()[:8, :8]).all()


def test_cut_paper_shows_the_scene_where_nothing_is_left() -> None:
    alpha = np.full((200, 220), 255, np.uint8)
    alpha[:, :100] = 0
    for seed in range(6):
        made, matrix = hold(sheet(alpha=alpha), MIDDLE, 90, scene(), FRAME, rng(seed))
        x, y = carried(matrix, [(85, 90)])[0].round().astype(int)
        u, v = carried(matrix, [(150, 90)])[0].round().astype(int)
        gone, left = made[y, x].astype(int), made[v, u].astype(int)
        if np.ptp(left) < 12:  # neither a finger nor a coloured spot of light
            assert np.ptp(gone) > 15


def test_an_outline_is_the_picture_with_its_rim_and_round_corners() -> None:
    square = Rim(0.1, 0.2, 0.1, 0.3).outline(sheet(), np.eye(3))
    assert square.min(axis=0).tolist() == pytest.approx([-20, -40])
    assert square.max(axis=0).tolist() == pytest.approx([219 + 20, 199 + 60])
    x, y = Rim(corner=0.2).outline(sheet(), np.eye(3)).T
    area = abs(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))) / 2
    # four corners of radius 40 lose (4 - pi) * 40 ** 2; the chords a little more
    assert area == pytest.approx(219 * 199 - (4 - np.pi) * 1600, rel=0.002)
