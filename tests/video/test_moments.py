import itertools

import numpy as np
import pytest

from visavis.types import Face, Image, Liveness
from visavis.video.moments import AGAIN, MOST, SPACING, Moments, joined


def picture(seed: int = 0) -> Image:
    return np.random.default_rng(seed).integers(0, 255, (200, 300, 3), np.uint8)


def face(x: float = 100, y: float = 60, side: float = 60) -> Face:
    marks = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]])
    return Face((x, y, x + side, y + side), marks * side + [x, y], 0.9)


def seen(moments: Moments, count: int, *, frozen: bool = False) -> Moments:
    for i in range(count):
        moments.add(picture(0 if frozen else i), face(), i * SPACING)
    return moments


def test_too_little_is_not_judged() -> None:
    assert Moments().judgement() is None
    assert seen(Moments(), 5).judgement() is None


def test_a_frozen_stream_is_found_out() -> None:
    found = seen(Moments(), int(AGAIN / SPACING) + 1, frozen=True).judgement()
    assert found is not None
    assert found.score == 0.0
    assert "frozen_frames" in found.reasons


def test_noise_is_not_judged_as_frozen() -> None:
    found = seen(Moments(), int(AGAIN / SPACING) + 1).judgement()
    assert found is not None
    assert "frozen_frames" not in found.reasons


def test_it_is_judged_again_only_after_a_while() -> None:
    moments = seen(Moments(), int(AGAIN / SPACING) + 1, frozen=True)
    first = moments.judgement()
    moments.add(picture(99), face(), AGAIN + 1)
    assert moments.judgement() is first
    moments.add(picture(98), face(), 2 * AGAIN)
    assert moments.judgement() is not first


def test_moments_are_spaced_bounded_and_cut_out() -> None:
    moments = Moments()
    whole = picture()
    for i in range(10 * MOST):
        moments.add(whole, face(), i * SPACING / 2)
    kept = list(moments._kept)
    assert len(kept) == MOST
    assert all(b.at - a.at >= SPACING for a, b in itertools.pairwise(kept))
    piece = kept[0].image
    assert piece is not None
    assert piece.shape == (132, 132, 3)
    assert np.array_equal(piece, whole[24:156, 64:196])
    assert np.allclose(kept[0].face.box, [36, 36, 96, 96])


@pytest.mark.parametrize("x", [-40, 270])
def test_faces_at_the_edge_are_cut_to_what_is_there(x: float) -> None:
    moments = Moments()
    moments.add(picture(), face(x, 170), 0.0)
    piece = moments._kept[0].image
    assert piece is not None
    assert 0 < piece.shape[0] < 132
    assert 0 < piece.shape[1] < 132


LIVE = Liveness(0.9, 0.6, checks=(("a", 0.9),))
PLANE = Liveness(0.1, 0.5, "print", ("moves_as_a_plane",))


def test_what_moves_as_a_plane_is_not_live() -> None:
    found = joined(LIVE, PLANE)
    assert found is not None
    assert not found.live
    assert found.species == "print"
    assert found.reasons == ("moves_as_a_plane",)
    assert found.checks == (("a", 0.9), ("movement", 0.1))


def test_what_moves_like_a_head_stays_what_the_picture_says() -> None:
    moving = Liveness(0.95, 0.5)
    refused = Liveness(0.2, 0.6, "screen", ("looks_like_screen",))
    for passive in (LIVE, refused):
        found = joined(passive, moving)
        assert found is not None
        assert (found.score, found.live, found.species) == (
            passive.score,
            passive.live,
            passive.species,
        )


def test_where_the_picture_says_nothing_the_movement_may_still_refuse() -> None:
    silent = Liveness(None, 0.6)
    found = joined(silent, PLANE)
    assert found is not None
    assert found.score == 0.0
    assert not found.live
    unsure = joined(silent, Liveness(None, 0.5))
    assert unsure is not None
    assert unsure.score is None


def test_without_one_of_them_nothing_is_joined() -> None:
    assert joined(None, PLANE) is None
    assert joined(LIVE, None) is LIVE
