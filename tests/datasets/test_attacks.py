from dataclasses import asdict

import numpy as np
import pytest

from visavis.datasets import attacks as a
from visavis.datasets.cameras import PHONE, Camera, Take
from visavis.datasets.records import BONA_FIDE
from visavis.errors import InputError
from visavis.types import Face, Image

NAMES = [m.name for m in a.MECHANISMS]
FLAT = [m.name for m in a.MECHANISMS if m.family != "mask"]
FACE = Face(
    np.array((40, 30, 120, 132), np.float32),
    np.array([(60, 70), (100, 70), (80, 92), (64, 112), (96, 112)], np.float32),
    0.9,
)


def photo() -> Image:
    """A smooth reddish picture."""
    y, x = np.indices((160, 160))
    parts = [150 + 40 * np.sin(x / 25), 110 + 30 * np.cos(y / 30), 90 + 0 * x]
    return np.asarray(np.stack(parts, axis=-1), np.uint8)


def shot(name: str, seed: int, picture: Image | None = None, **options: object) -> a.Shot:
    rng = np.random.default_rng(seed)
    picture = photo() if picture is None else picture
    if name == BONA_FIDE:
        return a.live(picture, FACE, rng, **options)  # type: ignore[arg-type]
    return a.attack(picture, FACE, name, rng, **options)  # type: ignore[arg-type]


def test_mechanisms_have_their_own_names_and_a_family() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert {m.family for m in a.MECHANISMS} == {"print", "screen", "mask"}
    assert [m.species for m in a.MECHANISMS][:1] == ["print/laser"]


@pytest.mark.parametrize("name", [BONA_FIDE, *NAMES])
def test_a_seed_gives_one_shot_and_another_seed_another(name: str) -> None:
    size = (120, 110)
    first, again = (shot(name, 5, size=size) for _ in range(2))
    assert np.array_equal(first.image, again.image)
    assert np.array_equal(first.matrix, again.matrix)
    assert not np.array_equal(first.image, shot(name, 6, size=size).image)
    assert first.image.shape == (120, 110, 3)
    assert first.species == (BONA_FIDE if name == BONA_FIDE else a.mechanism_of(name).species)


def test_the_photo_is_not_touched() -> None:
    picture = photo()
    for name in (BONA_FIDE, *NAMES):
        shot(name, 2, picture, size=(100, 100))
    assert np.array_equal(picture, photo())


@pytest.mark.parametrize("seed", [0, 1])
def test_twins_have_one_size_and_one_camera(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    seen: list[tuple[dict[str, float], tuple[int, int], object, tuple[int, ...]]] = []

    def record(scene: Image, take: Take, size: tuple[int, int], rng: np.random.Generator) -> Image:
        seen.append((asdict(take), size, rng.bit_generator.state, scene.shape))
        return np.zeros((*size, 3), np.uint8)

    monkeypatch.setattr(a, "capture", record)
    for name in (BONA_FIDE, *NAMES):
        shot(name, seed)
    assert all(one == seen[0] for one in seen)


def test_the_camera_is_the_one_given(monkeypatch: pytest.MonkeyPatch) -> None:
    takes: list[Take] = []

    def record(scene: Image, take: Take, size: tuple[int, int], rng: np.random.Generator) -> Image:
        takes.append(take)
        return np.zeros((*size, 3), np.uint8)

    monkeypatch.setattr(a, "capture", record)
    for camera in (PHONE, Camera(quality=(50, 50))):
        shot(BONA_FIDE, 1, camera=camera)
        shot("lcd", 1, camera=camera)
    assert takes[0] == takes[1]
    assert takes[0].quality >= 75
    assert takes[2].quality == takes[3].quality == 50


def test_the_default_size_and_place_are_drawn_alike_for_both() -> None:
    for seed in range(3):
        one, two = shot(BONA_FIDE, seed), shot("photo", seed)
        assert one.image.shape == two.image.shape
        height, width = one.image.shape[:2]
        assert 240 <= height <= 480
        assert width <= 640
        middle = [(80.0, 81.0)]
        assert np.allclose(one.carry(middle), two.carry(middle), atol=2)


@pytest.mark.parametrize("name", [BONA_FIDE, *FLAT])
def test_carry_puts_a_place_of_the_photo_where_it_is_seen(name: str) -> None:
    """A green spot at the nose, found again by its colour; some seeds hide it or bend the paper."""
    picture = photo()
    picture[84:101, 72:89] = (20, 235, 40)
    away = []
    for seed in range(5):
        made = shot(name, seed, picture, size=(200, 220))
        expected = made.carry([(80, 92)])[0]
        values = made.image.astype(float)
        green = values[..., 1] - values[..., [0, 2]].max(axis=2)
        x, y = expected.astype(int)
        near = np.zeros(green.shape, bool)
        near[max(y - 30, 0) : y + 31, max(x - 30, 0) : x + 31] = True
        if green[near].max() < 15:  # a print in black only
            continue
        strong = np.argwhere(near & (green > 0.7 * green[near].max()))
        away.append(float(np.hypot(*(strong.mean(axis=0)[::-1] - expected))))
    assert np.median(away) < 3


def test_a_picture_given_as_backdrop_is_seen_behind() -> None:
    blue = np.full((90, 120, 3), (10, 20, 240), np.uint8)
    for name in (BONA_FIDE, "photo"):
        excess = []
        for backdrop in (blue, None):
            made = [shot(name, s, size=(160, 240), backdrop=backdrop).image for s in range(6)]
            values = np.stack(made).astype(float)
            excess.append((values[..., 2] - values[..., 0]).mean())
        assert excess[0] > excess[1] + 20


def test_errors_name_what_was_expected() -> None:
    with pytest.raises(InputError, match=r"expected a mechanism of laser.*got 'hologram'"):
        shot("hologram", 0)
    with pytest.raises(InputError, match="32 pixels"):
        shot(BONA_FIDE, 0, size=(20, 100))
