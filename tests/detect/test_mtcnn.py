import math
from zipfile import ZipFile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.detect.mtcnn import (
    Mtcnn,
    Sums,
    cells,
    distinct,
    moved,
    network_input,
    scales,
    shrunk,
    squared,
    windows,
)
from visavis.models.catalogue import card
from visavis.models.session import open_session
from visavis.models.weights import Weights

# facenet-pytorch 2.6.0 on the astronaut, in pixels
BOX = (181.051, 62.156, 267.747, 172.05)
MARKS = (
    (205.011, 101.727),
    (246.763, 103.714),
    (224.671, 128.965),
    (201.716, 139.246),
    (245.265, 141.857),
)


@pytest.fixture
def mtcnn(model_dir, tmp_path) -> Mtcnn:
    path = Weights(model_dir, tmp_path, download=False).find(card("mtcnn"))
    if path is None:
        pytest.skip("VISAVIS_MODEL_DIR does not hold what visavis.train.mtcnn writes")
    with ZipFile(path) as file:
        sessions = [open_session(file.read(f"{n}.onnx")) for n in ("pnet", "rnet", "onet")]
    return Mtcnn(*sessions)


class Proposer:
    """A P-Net that is sure of one window of the level that is `width` pixels wide."""

    def __init__(self, width: int, x: int, y: int) -> None:
        self.width, self.at, self.seen = width, (y, x), []

    def run(self, batch):
        height, width = batch.shape[2:]
        self.seen.append((height, width))
        scores = np.zeros((1, 2, (height - 10) // 2, (width - 10) // 2), np.float32)
        if width == self.width:
            scores[0, 1][self.at] = 0.9
        return np.zeros((1, 4, *scores.shape[2:]), np.float32), scores


class Judge:
    """An R-Net or O-Net that gives every crop one score, no shift, and fixed landmarks."""

    def __init__(self, score: float, marks=None) -> None:
        self.score, self.marks, self.batches = score, marks, []

    def run(self, batch):
        self.batches.append(batch)
        count = len(batch)
        shifts = np.zeros((count, 4), np.float32)
        scores = np.tile(np.float32([1 - self.score, self.score]), (count, 1))
        if self.marks is None:
            return shifts, scores
        return shifts, np.tile(np.float32(self.marks), (count, 1)), scores


CENTRE = [0.5] * 10


def test_it_answers_as_facenet_pytorch_does(mtcnn, astronaut) -> None:
    best = mtcnn.detect(astronaut)[0]
    np.testing.assert_allclose(best.box, BOX, atol=0.05)
    np.testing.assert_allclose(best.landmarks, MARKS, atol=0.05)
    assert best.score > 0.999


def test_a_larger_picture_gives_the_same_face(mtcnn, astronaut) -> None:
    whole = np.repeat(np.repeat(astronaut, 4, axis=0), 4, axis=1)  # 2048 pixels, above `longest`
    best = mtcnn.detect(whole)[0]
    np.testing.assert_allclose(best.box, np.multiply(BOX, 4), atol=40)
    np.testing.assert_allclose(best.landmarks, np.multiply(MARKS, 4), atol=20)


@pytest.mark.parametrize("shape", [(64, 64, 3), (5, 7, 3), (1, 300, 3)])
def test_nothing_is_found_in_nothing(mtcnn, shape) -> None:
    assert mtcnn.detect(np.zeros(shape, np.uint8)) == []


def test_a_window_becomes_a_face_in_pixels_of_the_picture(rng) -> None:
    """Level 0 of a 100-pixel picture at 12 / 20 is 61 wide; its window (10, 5) begins at
    floor((2 * 10 + 1) / 0.6) = 35 and floor(11 / 0.6) = 18 and ends at floor((20 + 12) / 0.6) = 53
    and floor(22 / 0.6) = 36. Landmarks at half the box lie at 35 + 19 / 2 - 1 and 18 + 19 / 2 - 1.
    """
    image = rng.integers(0, 255, (100, 100, 3), dtype=np.uint8)
    judge, last = Judge(0.8), Judge(0.95, CENTRE)
    [face] = Mtcnn(Proposer(61, 10, 5), judge, last).detect(image)
    np.testing.assert_allclose(face.box, (35, 18, 53, 36))
    np.testing.assert_allclose(face.landmarks, np.tile((43.5, 26.5), (5, 1)))
    assert face.score == pytest.approx(0.95)
    crop = image[17:36, 34:53]  # the weights count pixels from 1
    assert [j.batches[0].shape for j in (judge, last)] == [(1, 3, 24, 24), (1, 3, 48, 48)]
    mean = ((crop.mean(axis=(0, 1)) - 127.5) / 128).tolist()
    assert judge.batches[0].mean(axis=(0, 2, 3)).tolist() == pytest.approx(mean, abs=0.05)


@pytest.mark.parametrize(("second", "third"), [(0.6, 0.9), (0.8, 0.6)])
def test_each_stage_may_say_no(rng, second: float, third: float) -> None:
    image = rng.integers(0, 255, (100, 100, 3), dtype=np.uint8)
    found = Mtcnn(Proposer(61, 10, 5), Judge(second), Judge(third, CENTRE)).detect(image)
    assert found == []


def test_large_pictures_are_scaled_down_and_faces_scaled_back() -> None:
    image = np.zeros((200, 400, 3), np.uint8)
    first = Proposer(61, 10, 5)
    [face] = Mtcnn(first, Judge(0.8), Judge(0.95, CENTRE), longest=100).detect(image)
    assert first.seen[0] == (31, 61)
    np.testing.assert_allclose(face.box, (140, 72, 212, 144))


@given(first=st.integers(0, 9), span=st.integers(1, 60), count=st.integers(1, 60))
def test_cells_are_those_of_adaptive_pooling(first: int, span: int, count: int) -> None:
    begins, ends = cells(first, first + span, count)
    for i in range(count):
        assert begins[i] == first + math.floor(i * span / count)
        assert ends[i] == first + math.ceil((i + 1) * span / count)


@given(seed=st.integers(0, 999), side=st.integers(1, 30))
def test_crops_are_means_over_cells(seed: int, side: int) -> None:
    image = np.random.default_rng(seed).integers(0, 256, (17, 23, 3), dtype=np.uint8)
    [crop] = Sums(image).crops(np.float32([[4.7, 3.2, 15.9, 40]]), side)
    part = image[2:17, 3:15].astype(float)  # columns 4..15 and rows 3..17, counted from 1
    (y1, y2), (x1, x2) = cells(0, 15, side), cells(0, 12, side)
    plain = [
        [part[a:b, c:d].mean(axis=(0, 1)) for c, d in zip(x1, x2, strict=True)]
        for a, b in zip(y1, y2, strict=True)
    ]
    np.testing.assert_allclose(crop, plain, atol=1e-3)


def test_boxes_off_the_picture_are_not_visible() -> None:
    boxes = np.float32([[-30, -30, -5, -5], [-5, -5, 5, 5], [90, 2, 120, 8], [2, 12, 8, 40]])
    np.testing.assert_array_equal(Sums(np.zeros((10, 20, 3), np.uint8)).visible(boxes), boxes[1:2])


def test_the_network_sees_about_minus_one_to_one() -> None:
    fed = network_input(np.float32([[[[0, 127.5, 255]]]]))
    assert fed.shape == (1, 3, 1, 1)
    assert fed.dtype == np.float32
    np.testing.assert_allclose(fed.ravel(), (-0.99609375, 0, 0.99609375))


def test_the_pyramid_ends_where_a_window_is_the_picture() -> None:
    """250 * 0.6 = 150; 150 * 0.709^7 = 13.5 is still 12 or more, the next is 9.6."""
    found = list(scales(250, 20, 0.709))
    assert len(found) == 8
    np.testing.assert_allclose(found, 0.6 * 0.709 ** np.arange(8))
    assert list(scales(19, 20, 0.709)) == []


def test_windows_are_where_the_map_is_high() -> None:
    scores = np.zeros((3, 4), np.float32)
    scores[2, 1] = 0.7
    shifts = np.arange(48, dtype=np.float32).reshape(4, 3, 4)
    [row] = windows(shifts, scores, 0.5, 0.6)
    # x: (2 * 1 + 1) / 0.5 and (2 + 12) / 0.5; y: (2 * 2 + 1) / 0.5 and (4 + 12) / 0.5
    np.testing.assert_allclose(row, [6, 10, 28, 32, 0.7, 9, 21, 33, 45])


def test_boxes_move_by_shares_of_themselves() -> None:
    box, shift = np.float32([[10, 20, 19, 39]]), np.float32([[0.1, -0.1, 0.5, 0]])
    np.testing.assert_allclose(moved(box, shift), [[11, 18, 24, 39]])
    np.testing.assert_allclose(moved(box, shift, edge=0), [[10.9, 18.1, 23.5, 39]])


def test_boxes_grow_to_squares_about_their_centres() -> None:
    np.testing.assert_allclose(squared(np.float32([[0, 0, 10, 4]])), [[0, -3, 10, 7]])


@given(seed=st.integers(0, 9999), smaller=st.booleans(), edge=st.integers(0, 1))
def test_distinct_keeps_what_a_plain_loop_keeps(seed: int, smaller: bool, edge: int) -> None:
    rng = np.random.default_rng(seed)
    low = rng.uniform(0, 20, (12, 2))
    boxes = np.column_stack([low, low + rng.uniform(1, 15, (12, 2))]).astype(np.float32)
    scores = rng.permutation(12).astype(np.float32)

    def share(a, b) -> float:
        sides = [min(a[i + 2], b[i + 2]) - max(a[i], b[i]) + edge for i in (0, 1)]
        inter = max(sides[0], 0) * max(sides[1], 0)
        first, second = ((c[2] - c[0] + edge) * (c[3] - c[1] + edge) for c in (a, b))
        return inter / (min(first, second) if smaller else first + second - inter)

    kept: list[int] = []
    for i in np.argsort(-scores):
        if all(share(boxes[i].astype(float), boxes[j].astype(float)) <= 0.4 for j in kept):
            kept.append(int(i))
    found = distinct(boxes, scores, 0.4, share="smaller" if smaller else "union", edge=edge)
    assert found.tolist() == kept


def test_pictures_that_fit_are_left_alone() -> None:
    image = np.zeros((30, 40, 3), np.uint8)
    assert shrunk(image, 40) is image
    assert shrunk(image, 20).shape == (15, 20, 3)
