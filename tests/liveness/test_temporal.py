"""Tracks of sheets and of heads, made up."""

from dataclasses import replace

import numpy as np
import pytest

from scenes import observed, texture, track, turned
from visavis.liveness.temporal import judge, motion
from visavis.liveness.track import Observation, Track


def sheet(rng: np.random.Generator, turn: float = 20.0, seconds: float = 6.0) -> Track:
    scene = texture(rng)
    angles = np.linspace(-turn / 4, turn, 10)
    times = np.linspace(0, seconds, 10)
    pairs = zip(times.tolist(), angles.tolist(), strict=True)
    return track(*(observed(scene, rng, at, turned(angle)) for at, angle in pairs))


def head(rng: np.random.Generator) -> Track:
    scene = texture(rng)
    return track(
        *(
            observed(scene, rng, at, turned(at), bump=at * 1.5, eyes=0.3 * (at % 3))
            for at in map(float, range(10))
        )
    )


def test_a_sheet_turned_is_called_a_plane(rng: np.random.Generator) -> None:
    found = judge(sheet(rng))
    assert found.score is not None
    assert found.score < 0.1
    assert found.species == "print"
    assert "moves_as_a_plane" in found.reasons
    assert [name for name, _ in found.checks] == ["parallax", "micro"]


def test_a_head_turned_is_no_plane(rng: np.random.Generator) -> None:
    found = judge(head(rng))
    assert found.score is not None
    assert found.score > 0.9
    assert found.live
    assert found.species is None
    assert found.reasons == ()


def test_of_what_is_held_still_parallax_tells_nothing(rng: np.random.Generator) -> None:
    seen = motion(sheet(rng, turn=1.0))
    assert seen.parallax is None
    assert seen.reasons == ("too_still",)
    assert seen.micro is not None
    assert seen.micro < 0


@pytest.mark.parametrize("turn", [1.0, 20.0])
def test_in_a_short_time_nothing_is_called_a_plane(turn: float, rng: np.random.Generator) -> None:
    found = judge(sheet(rng, turn, seconds=4.9))
    assert found.score is None
    assert found.species is None
    assert not found.live
    assert found.reasons[-1] == "too_short"


def test_the_score_is_the_logistic_of_the_mean_odds(rng: np.random.Generator) -> None:
    track = head(rng)
    seen, found = motion(track), judge(track)
    assert seen.parallax is not None
    assert seen.micro is not None
    mean = (seen.parallax + seen.micro) / 2
    assert found.score == pytest.approx(1 / (1 + np.exp(-mean)))


def small(o: Observation) -> Observation:
    """The face a tenth the size it has: 46 pixels from eyes to mouth and more become 5."""
    face = type(o.face)(o.face.box / 10, o.face.landmarks / 10, 0.9)
    return replace(o, face=face)


def test_what_is_missing_is_said(rng: np.random.Generator) -> None:
    whole = sheet(rng).observations
    without = tuple(replace(o, image=None) for o in whole)
    assert judge(Track(without)).reasons == ("too_few_frames",)
    assert judge(Track(whole[:2])).reasons == ("too_few_frames",)
    assert judge(Track(tuple(map(small, whole)))).reasons == ("too_small",)
    scene = texture(rng)
    loud = track(*(observed(scene, rng, float(at), noise=90) for at in range(4)))
    assert judge(loud).reasons == ("too_noisy",)
    strangers = track(*(observed(texture(rng), rng, float(at)) for at in range(4)))
    assert judge(strangers).reasons == ("not_followed",)


def test_frames_that_repeat_make_it_nought(rng: np.random.Generator) -> None:
    whole = head(rng).observations
    frozen = tuple(replace(whole[0], at=float(at)) for at in range(6))
    found = judge(Track(frozen))
    assert (found.score, found.reasons) == (0.0, ("frozen_frames",))
