"""Occlusion maps of checks that look at one known place."""

import numpy as np
import pytest

from visavis.errors import InputError
from visavis.evaluate.occlusion import (
    by_check,
    by_look,
    mean_drop,
    occlude,
    overlay,
    photograph,
)
from visavis.liveness.look import Look
from visavis.testing import FakeLiveness
from visavis.types import Face, Image

FACE = Face([20, 20, 60, 60], [(30, 32), (50, 32), (40, 40), (32, 50), (48, 50)], 1.0)


def checkered() -> Image:
    """Grey with one patch of strong texture where the grid of 4 has its row 1, column 2."""
    image = np.full((80, 80, 3), 120, np.uint8)
    image[30:40:2, 40:50] = 220
    return image


def texture(image: Image, face: Face) -> float:
    return float(image[30:40, 40:50].std())


@pytest.mark.parametrize("cover", ["mean", "blur"])
def test_the_patch_that_matters_is_found(cover: str) -> None:
    # the square is the box itself, (20, 20) to (60, 60): 4 patches of 10 pixels a side
    found = occlude(checkered(), FACE, texture, grid=4, reach=1.0, cover=cover)  # type: ignore[arg-type]
    assert found.box == (20, 20, 60, 60)
    assert found.score == texture(checkered(), FACE)
    assert np.unravel_index(int(found.drop.argmax()), (4, 4)) == (1, 2)
    expected = found.score if cover == "mean" else 0.5 * found.score
    assert found.drop[1, 2] >= expected
    assert np.count_nonzero(found.drop) == 1


def test_the_photo_stays_as_it_is() -> None:
    image = checkered()
    occlude(image, FACE, texture)
    assert np.array_equal(image, checkered())


def test_a_square_ends_at_the_edge_of_the_picture() -> None:
    found = occlude(checkered(), FACE, texture, grid=3, reach=4.0)
    assert found.box == (0, 0, 80, 80)


def test_without_an_answer() -> None:
    silent = by_look(_Silent(None))
    with pytest.raises(InputError, match="expected an answer"):
        occlude(checkered(), FACE, silent)
    drop = occlude(checkered(), FACE, lambda i, f: 1.0 if texture(i, f) else None, grid=4,
                   reach=1.0).drop  # fmt: skip
    assert np.isnan(drop[1, 2])
    assert np.count_nonzero(np.isnan(drop)) == 1


def test_checks_and_lookers() -> None:
    assert by_check(FakeLiveness(0.7))(checkered(), FACE) == 0.7
    assert by_look(_Silent(-2.5))(checkered(), FACE) == -2.5
    assert (occlude(checkered(), FACE, by_check(FakeLiveness(0.7))).drop == 0).all()


def test_a_patch_needs_a_pixel() -> None:
    with pytest.raises(InputError, match="patches of a pixel"):
        occlude(checkered(), FACE, texture, grid=41, reach=1.0)
    with pytest.raises(InputError, match="patches of a pixel"):
        occlude(checkered(), FACE, texture, grid=0)


def test_the_mean_leaves_gaps_out() -> None:
    a = occlude(checkered(), FACE, lambda i, f: 2.0 if texture(i, f) else None, grid=4, reach=1.0)
    b = occlude(checkered(), FACE, texture, grid=4, reach=1.0)
    # (nan, 2nd map alone) at the patch; (0 + 0) / 2 elsewhere
    mean = mean_drop([a, b])
    assert mean[1, 2] == b.drop[1, 2]
    assert mean[0, 0] == 0
    assert np.isnan(mean_drop([a])[1, 2])
    with pytest.raises(InputError, match="one grid"):
        mean_drop([])


def test_the_overlay_colours_what_matters() -> None:
    image = checkered()
    found = occlude(image, FACE, texture, grid=4, reach=1.0)
    made = overlay(image, found)
    outside = np.ones((80, 80), bool)
    outside[20:60, 20:60] = False
    assert np.array_equal(made[outside], image[outside])
    red, _, blue = made[31, 45].astype(int)  # an odd row: grey before
    assert red - blue > 60  # spoke for live: orange
    assert np.array_equal(overlay(image, occlude(image, FACE, lambda i, f: 1.0)), image)


def test_photographs_need_a_licence() -> None:
    words = {"caption": "c", "alt": "a", "credit": "somebody"}
    made = photograph("map", checkered(), licence="CC BY 4.0", **words)
    assert made.data.startswith(b"\xff\xd8\xff")
    with pytest.raises(InputError, match="public domain or CC BY"):
        photograph("map", checkered(), licence="research use", **words)


class _Silent:
    name = "silent"

    def __init__(self, logit: float | None) -> None:
        self._logit = logit

    def look(self, image: Image, face: Face) -> Look:
        return Look(self._logit)
