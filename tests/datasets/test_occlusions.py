from collections.abc import Callable

import numpy as np
import pytest

from visavis.datasets import occlusions as o
from visavis.datasets.heads import Head
from visavis.image import ARCFACE
from visavis.types import Image

LANDMARKS = np.asarray(ARCFACE * 1.4 + 50, np.float32)
HEAD = Head(LANDMARKS)
LEFT_EYE, RIGHT_EYE, NOSE, LEFT_MOUTH, RIGHT_MOUTH = range(5)
EYES, MOUTH = {LEFT_EYE, RIGHT_EYE}, {LEFT_MOUTH, RIGHT_MOUTH}
Draw = Callable[[np.random.Generator], Image]


def skin() -> Image:
    return np.full((260, 260, 3), (205, 160, 135), np.uint8)


DRAWN: dict[str, tuple[Draw, set[int], set[int]]] = {
    # what is drawn, which landmarks it must cover, which it must leave
    "mask over the nose": (lambda r: o.mask(skin(), HEAD, 0.3, r), MOUTH | {NOSE}, EYES),
    "mask under the nose": (lambda r: o.mask(skin(), HEAD, 0.85, r), MOUTH, EYES | {NOSE}),
    "sunglasses": (lambda r: o.sunglasses(skin(), HEAD, 0.5), EYES, MOUTH | {NOSE}),
    "hat": (lambda r: o.hat(skin(), HEAD, 0.5, r), set(), MOUTH | EYES | {NOSE}),
    "hand low": (lambda r: o.hand(skin(), HEAD, 0, r), set(), EYES | {NOSE}),
}


def covered(made: Image) -> set[int]:
    """The landmarks whose pixel is plainly another colour than the skin."""
    places = LANDMARKS.round().astype(int)
    far = np.abs(made.astype(int) - skin()).max(axis=2) > 25
    return {k for k, (x, y) in enumerate(places) if far[y, x]}


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize("seed", range(4))
def test_things_lie_where_they_are_worn(name: str, seed: int) -> None:
    draw, must, must_not = DRAWN[name]
    found = covered(draw(np.random.default_rng(seed)))
    assert must <= found
    assert not must_not & found


@pytest.mark.parametrize("name", DRAWN)
def test_the_same_generator_draws_the_same_and_shape_and_type_stay(name: str) -> None:
    draw = DRAWN[name][0]
    first, second = (draw(np.random.default_rng(7)) for _ in range(2))
    assert np.array_equal(first, second)
    assert first.shape == skin().shape
    assert first.dtype == np.uint8


@pytest.mark.parametrize(
    ("draw", "values"),
    [
        (lambda v, r: o.mask(skin(), HEAD, v, r), (0.85, 0.5, 0.3, 0.15)),
        (lambda v, r: o.sunglasses(skin(), HEAD, v), (0.3, 0.5, 0.7)),
        (lambda v, r: o.hat(skin(), HEAD, v, r), (0.9, 0.6, 0.3)),
        (lambda v, r: o.block(skin(), HEAD, v, r), (0.2, 0.4, 0.6)),
    ],
)
def test_more_of_it_covers_more(
    draw: Callable[[float, np.random.Generator], Image], values: tuple[float, ...]
) -> None:
    sizes = [int((draw(v, np.random.default_rng(1)) != skin()).any(axis=2).sum()) for v in values]
    assert sizes == sorted(sizes)
    assert len(set(sizes)) == len(sizes)


def test_a_hand_covers_more_of_the_face_the_higher_it_reaches() -> None:
    def inside(reach: float) -> int:
        made = o.hand(skin(), HEAD, reach, np.random.default_rng(2))
        x1, y1 = (LANDMARKS.min(axis=0) - 15).astype(int)
        x2, y2 = (LANDMARKS.max(axis=0) + 15).astype(int)
        return int((made != skin()).any(axis=2)[y1:y2, x1:x2].sum())

    assert inside(0) < inside(0.5) < inside(1)


def test_tinted_glasses_let_light_through() -> None:
    dark, tinted = (o.sunglasses(skin(), HEAD, 0.5, tint) for tint in (0.97, 0.5))
    x, y = LANDMARKS[LEFT_EYE].round().astype(int)
    assert dark[y, x].mean() < tinted[y, x].mean() < skin()[y, x].mean()


@pytest.mark.parametrize("shift", [(-400, 0), (180, 150), (0, -120)])
def test_a_face_beyond_the_edge_is_no_error(shift: tuple[int, int]) -> None:
    head, rng = Head(LANDMARKS + np.asarray(shift, np.float32)), np.random.default_rng(0)
    for made in (
        o.mask(skin(), head, 0.3, rng),
        o.sunglasses(skin(), head, 0.5),
        o.hat(skin(), head, 0.5, rng),
        o.hand(skin(), head, 0.5, rng),
        o.block(skin(), head, 0.5, rng),
    ):
        assert made.shape == skin().shape
