import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.liveness.crops import mirrored, room, shifted, square, visible


def ramp(height: int, width: int):
    """Red tells the column, green the row."""
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 0], image[..., 1] = np.arange(width), np.arange(height)[:, None]
    return image


def box(*edges: float):
    return np.array(edges, np.float32)


# Upstream takes x, y and width, height with the last pixel counted: 20..40 is 21 wide.
@pytest.mark.parametrize(
    ("edges", "factor", "columns", "rows"),
    [
        # Centre 30.5, half 31.5: -1 to 62, moved to 0..63; rows the same from 50.5: 19..82.
        ((20, 40, 40, 60), 3.0, (0, 63), (19, 82)),
        # Right edge 80.5 + 31.5 = 112 moved to the last column 99: 36..99.
        ((70, 40, 90, 60), 3.0, (36, 99), (19, 82)),
        # 61 x 4 = 244 does not fit 100 columns: grown 99 / 61 times, in both directions.
        ((10, 10, 70, 70), 4.0, (0, 99), (0, 99)),
    ],
)
def test_the_box_is_grown_and_moved_inside(edges, factor, columns, rows) -> None:
    image = ramp(100, 100)
    (x1, x2), (y1, y2) = columns, rows
    expected = cv2.resize(image[y1 : y2 + 1, x1 : x2 + 1], (80, 80))
    np.testing.assert_array_equal(shifted(image, box(*edges), factor, 80), expected)


def test_the_grown_box_does_not_keep_its_shape() -> None:
    # 20 columns by 40 rows twice as large: 40 by 80, both brought to the side.
    crop = shifted(ramp(200, 200), box(90, 80, 109, 119), 2.0, 40)
    assert np.ptp(crop[..., 0]) == pytest.approx(40, abs=1)
    assert np.ptp(crop[..., 1]) == pytest.approx(80, abs=2)


def test_the_square_is_mirrored_at_the_edge() -> None:
    # Box 0..40: side 60 from -10, so ten columns and rows are mirror images of 1..10.
    crop = mirrored(ramp(100, 100), box(0, 0, 40, 40), 1.5, 60)
    expected = [abs(i - 10) for i in range(60)]
    assert crop[0, :, 0].tolist() == expected
    assert crop[:, 0, 1].tolist() == expected


def test_the_square_takes_the_longer_side() -> None:
    # 20 by 40 about (50, 50): side 60, columns and rows 20..79.
    crop = mirrored(ramp(100, 100), box(40, 30, 60, 70), 1.5, 60)
    assert (crop[0, 0, :2].tolist(), crop[-1, -1, :2].tolist()) == ([20, 20], [79, 79])


@given(
    st.integers(1, 90),
    st.integers(1, 90),
    st.tuples(*[st.floats(-150, 150)] * 2),
    st.tuples(*[st.floats(1, 200)] * 2),
)
def test_any_box_gives_a_crop(height, width, corner, sides) -> None:
    image = np.full((height, width, 3), 7, np.uint8)
    edges = box(*corner, corner[0] + sides[0], corner[1] + sides[1])
    for crop in (shifted(image, edges, 2.7, 80), mirrored(image, edges, 1.5, 64)):
        assert crop.dtype == np.uint8
        assert (crop == 7).all()


def test_room_and_what_is_visible() -> None:
    image = np.zeros((100, 200, 3), np.uint8)
    assert room(image, box(90, 20, 140, 60)) == pytest.approx(100 / 40)  # 200 / 50 is more
    assert visible(image, box(10, 10, 50, 60)) == 1
    assert visible(image, box(-10, 50, 30, 150)) == pytest.approx(0.75 * 0.5)
    assert visible(image, box(210, 10, 250, 60)) == 0
    np.testing.assert_allclose(square(box(40, 30, 60, 70), 1.5), [20, 20, 80, 80])
