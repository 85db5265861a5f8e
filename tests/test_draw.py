import colorsys

import numpy as np
import pytest
from matplotlib.cbook import get_sample_data
from skimage.data import astronaut

from visavis.draw import annotate, grid
from visavis.errors import BadImage, InputError
from visavis.image import decode
from visavis.types import Face, Image

PHOTO = astronaut()
GREY = np.full((300, 400, 3), 128, np.uint8)


def face(x1: float, y1: float, x2: float, y2: float) -> Face:
    x, y = np.array((0.3, 0.7, 0.5, 0.35, 0.65)), np.array((0.4, 0.4, 0.6, 0.8, 0.8))
    landmarks = np.stack([x1 + x * (x2 - x1), y1 + y * (y2 - y1)], axis=1)
    return Face((x1, y1, x2, y2), landmarks, 0.9)


def extent(changed: np.ndarray) -> tuple[int, int, int, int]:
    """The bounding box (x1, y1, x2, y2), inclusive, of what is true."""
    y, x = np.nonzero(changed)
    return int(x.min()), int(y.min()), int(x.max()), int(y.max())


def changes(image: Image, *args: object, **options: object) -> np.ndarray:
    return (annotate(image, *args, **options) != image).any(axis=2)  # type: ignore[arg-type]


class TestAnnotate:
    def test_draws_on_a_copy(self) -> None:
        image = GREY.copy()
        drawn = annotate(image, [face(100, 100, 200, 220)], ["Ann"], ["match"])
        assert np.array_equal(image, GREY)
        assert drawn.shape == image.shape
        assert drawn.dtype == np.uint8
        assert drawn.flags.writeable

    def test_no_faces_is_the_image(self) -> None:
        assert np.array_equal(annotate(GREY, [], [], []), GREY)

    def test_box_outlines_the_face_and_leaves_it_visible(self) -> None:
        changed = changes(GREY, [face(100, 100, 200, 220)], [""], ["plain"])
        assert extent(changed) == (100, 100, 199, 219)
        assert not changed[110:210, 110:190].any()

    def test_label_stands_above_the_box(self) -> None:
        changed = changes(GREY, [face(100, 100, 200, 220)], ["Ann"], ["match"])
        x1, y1, _, y2 = extent(changed)
        assert (x1, y2) == (100, 219)
        assert 70 < y1 < 90

    def test_label_goes_below_where_there_is_no_room_above(self) -> None:
        changed = changes(GREY, [face(100, 2, 200, 120)], ["Ann"], ["match"])
        assert 130 < extent(changed)[3] < 155

    def test_label_goes_inside_a_face_that_fills_the_picture(self) -> None:
        whole = face(0, 0, 400, 300)
        bare = changes(GREY, [whole], [""], ["match"])
        assert not bare[20:280, 20:380].any()
        assert changes(GREY, [whole], ["Ann"], ["match"])[8:50, 8:100].any()

    @pytest.mark.parametrize(
        "at", [(-40, -40, 60, 60), (340, -20, 440, 90), (-30, 240, 70, 340), (350, 250, 430, 330)]
    )
    def test_everything_stays_on_the_picture(self, at: tuple[float, ...]) -> None:
        """A frame that is added around the picture would show what had been cut off."""
        label = "A label"
        alone = annotate(GREY, [face(150, 150, 250, 250)], [label], ["match"])
        whole = extent((alone == (0, 158, 115)).all(axis=2) & (np.arange(300) < 146)[:, None])
        drawn = annotate(GREY, [face(*at)], [label], ["match"])
        filled = (drawn == (0, 158, 115)).all(axis=2)
        rows = filled.sum(axis=1)
        strip = np.flatnonzero(rows >= (whole[2] - whole[0]) * 0.5)
        assert len(strip) >= (whole[3] - whole[1]) * 0.3
        x1, y1, x2, y2 = extent(filled)
        assert x2 - x1 >= whole[2] - whole[0] - 2
        assert y2 - y1 >= whole[3] - whole[1]

    def test_labels_of_neighbours_do_not_cover_each_other(self) -> None:
        first, second = face(100, 100, 160, 170), face(105, 104, 165, 174)
        drawn = annotate(GREY, [first, second], ["Ann", "Bob"], ["match", "unknown"])
        green = extent((drawn == (0, 158, 115)).all(axis=2) & (np.arange(300) < 99)[:, None])
        orange = extent((drawn == (213, 94, 0)).all(axis=2) & (np.arange(300) > 176)[:, None])
        assert green[3] < 100
        assert orange[1] > 174

    def test_long_labels_are_shortened(self) -> None:
        narrow = GREY[:, :120].copy()
        changed = changes(narrow, [face(30, 100, 90, 170)], ["word " * 40], ["match"])
        long = changed[:100].any(axis=0)
        assert 90 < long.sum() <= 120

    def test_label_is_one_line(self) -> None:
        box = [face(100, 100, 200, 220)]
        assert np.array_equal(
            annotate(GREY, box, ["Ann\nLee\t1"], ["match"]),
            annotate(GREY, box, ["Ann Lee 1"], ["match"]),
        )

    def test_letters_beyond_ascii(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("visavis.draw._SYSTEM_FONTS", ("no-such-font.ttf",))
        box = [face(100, 100, 200, 220)]
        assert np.array_equal(
            annotate(GREY, box, ["José Ж"], ["match"]), annotate(GREY, box, ["Jose ?"], ["match"])
        )

    def test_colours_differ(self) -> None:
        hues = set()
        for colour in ("match", "unknown", "ambiguous", "plain"):
            drawn = annotate(GREY, [face(100, 100, 200, 220)], ["x"], [colour])
            values, counts = np.unique(drawn.reshape(-1, 3), axis=0, return_counts=True)
            common = values[np.argsort(counts)[::-1]]
            rgb = next(v for v in common if np.ptp(v) > 60)
            hues.add(round(colorsys.rgb_to_hsv(*(rgb / 255))[0], 2))
        assert len(hues) == 4

    def test_landmark_dots(self) -> None:
        box = face(100, 100, 200, 220)
        more = changes(GREY, [box], [""], ["plain"], landmarks=True)
        more &= ~changes(GREY, [box], [""], ["plain"])
        for x, y in box.landmarks:
            assert more[round(y), round(x)]
        assert more.sum() < 5 * 60

    def test_drawing_grows_with_the_picture(self) -> None:
        large = GREY.repeat(6, axis=0).repeat(6, axis=1)
        small_share = changes(GREY, [face(100, 100, 200, 220)], ["Ann"], ["match"]).mean()
        large_share = changes(large, [face(600, 600, 1200, 1320)], ["Ann"], ["match"]).mean()
        assert large_share == pytest.approx(small_share, rel=0.5)

    def test_faces_off_the_picture_are_left_out(self) -> None:
        far = [face(500, 10, 600, 100), face(-1e30, -1e30, -1e29, -1e29), face(-90, -90, -5, -5)]
        for box in far:
            assert not changes(GREY, [box], ["x"], ["match"], landmarks=True).any()

    @pytest.mark.parametrize("shape", [(1, 1, 3), (1, 500, 3), (500, 1, 3), (9, 9, 3)])
    def test_tiny_pictures(self, shape: tuple[int, ...]) -> None:
        image = np.zeros(shape, np.uint8)
        box = face(0, 0, shape[1], shape[0])
        assert annotate(image, [box], ["Ann"], ["match"], landmarks=True).shape == shape

    def test_lists_of_different_lengths(self) -> None:
        with pytest.raises(InputError, match="1 faces, 2 labels and 0 colours"):
            annotate(GREY, [face(1, 1, 9, 9)], ["a", "b"], [])

    def test_not_an_image(self) -> None:
        with pytest.raises(BadImage):
            annotate(np.zeros((4, 4, 3)), [], [], [])  # type: ignore[arg-type]

    def test_portraits(self) -> None:
        with get_sample_data("grace_hopper.jpg") as file:
            hopper = decode(file.read())
        for image, box in ((PHOTO, face(178, 63, 268, 177)), (hopper, face(187, 122, 352, 331))):
            changed = changes(image, [box], ["A portrait"], ["match"])
            assert 0.005 < changed.mean() < 0.05


class TestGrid:
    def test_rows_and_columns(self) -> None:
        cell = np.full((120, 120, 3), (200, 0, 0), np.uint8)
        sheet = grid([cell] * 5, ["x"] * 5, 3)
        red = (sheet == (200, 0, 0)).all(axis=2)
        across = np.diff(red.any(axis=0).astype(int)) == 1
        down = np.diff(red.any(axis=1).astype(int)) == 1
        assert (across.sum(), down.sum()) == (3, 2)
        assert not red[-30:].any()
        half = sheet.shape[0] // 2
        assert not red[half:, sheet.shape[1] * 2 // 3 :].any()

    def test_has_margins_and_captions(self) -> None:
        sheet = grid([PHOTO], ["Eileen Collins"], 4)
        assert sheet.shape[1] == 240 + 2 * 20
        for edge in (sheet[:20], sheet[-10:], sheet[:, :20], sheet[:, -20:]):
            assert (edge == (250, 250, 248)).all()
        assert (sheet[265:] < 100).any()
        assert not (grid([PHOTO], [""], 1)[265:] < 100).any()

    def test_keeps_proportions(self) -> None:
        wide = np.zeros((50, 100, 3), np.uint8)
        for image, size in ((wide, (240, 120)), (wide.transpose(1, 0, 2), (180, 360))):
            black = (grid([image], [""], 1) == 0).all(axis=2)
            x1, y1, x2, y2 = extent(black)
            assert (x2 - x1 + 1, y2 - y1 + 1) == size

    def test_long_captions_are_shortened(self) -> None:
        sheet = grid([PHOTO, PHOTO], ["word " * 30, ""], 2)
        ink = (sheet[265:] < 100).all(axis=2)
        assert extent(ink)[2] <= 20 + 240

    def test_extreme_proportions(self) -> None:
        sheet = grid([np.zeros((1, 5000, 3), np.uint8), np.zeros((5000, 1, 3), np.uint8)], "ab", 2)
        assert sheet.shape[1] == 2 * 240 + 3 * 20

    @pytest.mark.parametrize(("count", "captions", "columns"), [(0, 0, 1), (1, 2, 1), (1, 1, 0)])
    def test_bad_arguments(self, count: int, captions: int, columns: int) -> None:
        with pytest.raises(InputError, match="expected images"):
            grid([GREY] * count, ["x"] * captions, columns)
