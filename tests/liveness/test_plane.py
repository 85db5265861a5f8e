"""What is left when a plane's motion is taken away."""

import cv2
import numpy as np
import pytest

from scenes import observed, texture, turned
from visavis.liveness.plane import Step, step, view
from visavis.liveness.track import Observation


def between(one: Observation, two: Observation) -> Step:
    a, b = view(one), view(two)
    assert a is not None
    assert b is not None
    found = step(a, b)
    assert found is not None
    return found


@pytest.mark.parametrize("degrees", [10, 20, 30])
def test_a_sheet_turned_leaves_nothing_but_tells_how_far_it_turned(
    degrees: float, rng: np.random.Generator
) -> None:
    scene = texture(rng)
    found = between(observed(scene, rng), observed(scene, rng, plane=turned(degrees)))
    assert found.relief < 0.01
    assert found.change < 0.06
    assert found.turn == pytest.approx(degrees, abs=6)


def test_a_bump_leaves_relief_that_grows_with_it(rng: np.random.Generator) -> None:
    scene = texture(rng)
    still = observed(scene, rng)
    reliefs = [between(still, observed(scene, rng, bump=b)).relief for b in (0, 2, 4, 8)]
    assert reliefs == sorted(reliefs)
    assert reliefs[0] < 0.004 < 0.008 < reliefs[2]
    assert reliefs[3] > 1.5 * reliefs[2]


def test_noise_is_no_relief(rng: np.random.Generator) -> None:
    """Each point's own error has no part in what neighbours share."""
    scene = texture(rng)
    found = between(observed(scene, rng, noise=12), observed(scene, rng, noise=12))
    assert found.relief < 0.01


def test_eyes_that_change_are_change(rng: np.random.Generator) -> None:
    scene = texture(rng)
    still = observed(scene, rng)
    shut = between(still, observed(scene, rng, eyes=0.8)).change
    assert between(still, observed(scene, rng)).change < 0.03 < 0.1 < shut


def test_another_picture_cannot_be_followed(rng: np.random.Generator) -> None:
    a, b = view(observed(texture(rng), rng)), view(observed(texture(rng), rng))
    assert a is not None
    assert b is not None
    assert step(a, b) is None


def test_a_smooth_face_has_too_few_points(rng: np.random.Generator) -> None:
    blank = view(observed(np.full((224, 224, 3), 90, np.uint8), rng, noise=0))
    assert blank is not None
    assert step(blank, blank) is None


def test_noise_is_measured_over_contrast(rng: np.random.Generator) -> None:
    scene = texture(rng)
    quiet, loud = (view(observed(scene, rng, noise=n)) for n in (1.0, 20.0))
    dull = cv2.convertScaleAbs(scene, alpha=0.1, beta=100)
    low = view(observed(np.asarray(dull, np.uint8), rng, noise=5.0))
    assert quiet is not None
    assert loud is not None
    assert low is not None
    assert quiet.noise < 0.1 < loud.noise
    assert low.noise > 3 * quiet.noise


def test_no_pixels_no_view(rng: np.random.Generator) -> None:
    face = observed(texture(rng), rng).face
    assert view(Observation(0, face)) is None
