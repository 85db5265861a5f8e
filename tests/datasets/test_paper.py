import numpy as np
import pytest

from visavis.datasets import paper
from visavis.datasets.paper import Sheet
from visavis.errors import InputError
from visavis.types import Image

SHAPE = (120, 90)


def dotted(x: int, y: int) -> Image:
    """Black with one soft white dot."""
    rows, columns = np.indices(SHAPE)
    dot = 255 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 8)
    return np.repeat(dot[..., None], 3, axis=2).astype(np.uint8)


def middle(image: Image) -> tuple[float, float]:
    weight = image[..., 0].astype(float)
    rows, columns = np.indices(weight.shape)
    return float((columns * weight).sum() / weight.sum()), float(
        (rows * weight).sum() / weight.sum()
    )


@pytest.mark.parametrize("scale", [0.7, 1.0, 2.37])
@pytest.mark.parametrize("margins", [(0, 0, 0, 0), (9, 4, 0, 21)])
def test_the_matrix_tells_where_a_feature_lies(
    scale: float, margins: tuple[float, float, float, float]
) -> None:
    photo = dotted(30, 80)
    sheet = Sheet.of(photo, scale, margins)
    found = middle(sheet.placed(photo, 0))
    assert found == pytest.approx(tuple(sheet.matrix @ (30, 80, 1))[:2], abs=0.1)
    moved = middle(sheet.placed(photo, 0, (3.0, -2.0)))
    assert np.subtract(moved, found) == pytest.approx((3, -2), abs=0.1)


def test_margins_are_blank() -> None:
    photo = np.full((*SHAPE, 3), 40, np.uint8)
    sheet = Sheet.of(photo, 2, (10, 5, 0, 1))
    made = sheet.placed(photo, 255)
    left, top, right, bottom = sheet.inner
    assert (left, top) == (20, 10)
    assert made.shape == (sheet.height, sheet.width, 3) == (240 + 12, 180 + 20, 3)
    assert (made[top:bottom, left:right] == 40).all()
    assert (made != 40).any(axis=2).sum() == made[..., 0].size - 240 * 180
    assert sheet.placed(photo[..., 0], 0).shape == (sheet.height, sheet.width)


@pytest.mark.parametrize("shape", [(60, 60), (200, 90), (31, 400)])
def test_noises_have_their_deviation(shape: tuple[int, int], rng: np.random.Generator) -> None:
    for made in (
        paper.grain(shape, rng),
        paper.field(shape, 20, rng),
        paper.fibres(shape, 1.5, rng),
    ):
        assert made.shape == shape
        assert made.dtype == np.float32
        assert abs(float(made.mean())) < 0.25
        assert 0.6 < float(made.std()) < 1.4


def test_fibres_lie_along_the_sheet(rng: np.random.Generator) -> None:
    made = paper.fibres((200, 200), 2.0, rng)
    across, down = np.diff(made, axis=1).std(), np.diff(made, axis=0).std()
    assert across < 0.9 * down


def test_a_field_is_smooth(rng: np.random.Generator) -> None:
    made = paper.field((200, 200), 5, rng)
    assert np.abs(np.diff(made, axis=1)).max() < 0.2


@pytest.mark.parametrize("seed", range(5))
def test_a_bend_is_smooth_and_as_strong_as_said(seed: int) -> None:
    made = paper.bend((100, 150), 0.4, np.random.default_rng(seed))
    assert np.abs(made).max() <= 0.4 + 1e-6
    assert np.ptp(made) > 0.2
    assert np.abs(np.diff(made, axis=0)).max() < 0.06


@pytest.mark.parametrize("seed", range(5))
def test_a_crease_is_a_sudden_change_in_a_straight_line(seed: int) -> None:
    made = paper.crease((150, 150), 0.3, np.random.default_rng(seed))
    slope = np.hypot(*np.gradient(made))
    assert slope.max() > 12 * np.median(slope)
    y, x = np.nonzero(slope > 0.6 * slope.max())
    spread = np.linalg.svd(np.stack([x - x.mean(), y - y.mean()]), compute_uv=False)
    assert spread[0] > 8 * spread[1]


def test_a_sheet_cut_by_hand_is_askew_at_its_edges_only(rng: np.random.Generator) -> None:
    alpha = paper.cut((100, 140), 8, 1.0, rng)
    assert (alpha[11:-11, 11:-11] == 255).all()
    assert (alpha == 0).any()
    assert (paper.cut((100, 140), 0, 0, rng)[:-1] == 255).all()  # the last row's edge is smoothed


def test_a_stop_is_half_the_light_and_paper_has_a_colour() -> None:
    photo = np.full((40, 60, 3), 200, np.uint8)
    less = np.full((20, 30), -1, np.float32)  # smaller than the picture: enlarged
    assert (paper.shaded(photo, less) == round(200 * 0.5 ** (1 / 2.2))).all()
    none = np.zeros((40, 60), np.float32)
    assert paper.shaded(photo, none, (1.0, 0.5, 0.25))[0, 0].tolist() == [200, 100, 50]
    assert np.array_equal(paper.shaded(photo, none), photo)


@pytest.mark.parametrize(
    "bad",
    [
        np.zeros((5, 5), np.uint8),
        np.zeros((5, 5, 4), np.uint8),
        np.zeros((5, 5, 3), np.float32),
        np.zeros((0, 5, 3), np.uint8),
    ],
)
def test_only_rgb_bytes_are_photos(bad: Image) -> None:
    with pytest.raises(InputError, match="expected an RGB uint8 image, got"):
        paper.check_photo(bad)
