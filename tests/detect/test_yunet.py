import math
import random

import cv2
import numpy as np
import pytest

from visavis.detect.yunet import STRIDES, YuNet, decode, padded, shrunk, unturned, without_nested
from visavis.image import decode as read
from visavis.models.catalogue import card
from visavis.models.weights import Weights


@pytest.fixture
def yunet(yunet_session) -> YuNet:
    return YuNet(yunet_session)


@pytest.fixture(scope="session")
def opencv_yunet(tmp_path_factory):
    """OpenCV's own detector on the file as shipped: rows of x, y, w, h, landmarks, score."""
    folder = tmp_path_factory.mktemp("shipped")
    path = Weights(None, folder, download=False).locate(card("yunet-2023mar-int8bq"))
    detector = cv2.FaceDetectorYN.create(str(path), "", (32, 32), 0.6, 0.3, 5000)

    def detect(image):
        detector.setInputSize(image.shape[1::-1])
        rows = detector.detect(np.ascontiguousarray(image[..., ::-1]))[1]
        return [] if rows is None else sorted(rows, key=lambda row: -row[14])

    return detect


class Counting:
    """A session that counts runs and remembers the last input's size."""

    def __init__(self, session) -> None:
        self.session, self.sizes = session, []

    def run(self, batch):
        self.sizes.append(batch.shape[2:])
        return self.session.run(batch)


def agree(faces, rows) -> None:
    assert len(faces) == len(rows)
    for face, row in zip(faces, rows, strict=True):
        box = np.concatenate([row[:2], row[:2] + row[2:4]])
        np.testing.assert_allclose(face.box, box, atol=0.1)
        np.testing.assert_allclose(face.landmarks, row[4:14].reshape(5, 2), atol=0.1)
        assert face.score == pytest.approx(row[14], abs=1e-3)


def test_it_finds_what_opencv_finds_in_a_portrait(yunet, opencv_yunet, astronaut) -> None:
    agree(yunet.detect(astronaut), opencv_yunet(astronaut))


@pytest.mark.parametrize("size", [(200, 333), (480, 640), (250, 231)])
def test_it_finds_what_opencv_finds_at_odd_sizes(yunet, opencv_yunet, astronaut, size) -> None:
    image = cv2.resize(astronaut, size[::-1], interpolation=cv2.INTER_AREA)
    faces = yunet.detect(image)
    assert len(faces) == 1
    agree(faces, opencv_yunet(image))


def test_it_finds_what_opencv_finds_in_lfw(yunet, opencv_yunet, test_data) -> None:
    photos = sorted((test_data / "lfw" / "images").glob("*/*.jpg"))[::400]
    assert len(photos) > 20
    for photo in photos:
        image = read(photo)
        agree(yunet.detect(image), opencv_yunet(image))


def test_landmarks_are_image_left_first(yunet, astronaut) -> None:
    [face] = yunet.detect(astronaut)
    left_eye, right_eye, nose, left_mouth, right_mouth = face.landmarks
    assert left_eye[0] < nose[0] < right_eye[0]
    assert left_mouth[0] < right_mouth[0]
    assert left_eye[1] < nose[1] < left_mouth[1]
    assert face.box[0] < left_eye[0]
    assert face.box[3] > left_mouth[1]


def test_colour_order_matters(yunet, astronaut) -> None:
    rgb, bgr = (yunet.detect(image)[0].score for image in (astronaut, astronaut[..., ::-1]))
    assert rgb != pytest.approx(bgr, abs=1e-3)


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1), (3, 7), (31, 33), (4000, 2)])
def test_any_size_is_taken(yunet, shape) -> None:
    assert yunet.detect(np.zeros((*shape, 3), np.uint8)) == []


def test_fifty_megapixels_give_full_resolution_places(yunet, yunet_session, astronaut) -> None:
    [small] = yunet.detect(astronaut)
    session = Counting(yunet_session)
    [large] = YuNet(session).detect(cv2.resize(astronaut, (7071, 7071)))
    assert max(max(size) for size in session.sizes) <= 960
    scale = 7071 / 512
    np.testing.assert_allclose(large.box, small.box * scale, atol=0.08 * large.width)
    np.testing.assert_allclose(large.landmarks, small.landmarks * scale, atol=0.08 * large.width)


def test_many_faces_come_best_first_and_may_be_limited(yunet, yunet_session, astronaut) -> None:
    crowd = np.hstack([cv2.resize(astronaut, (s, 256)) for s in (256, 200, 300)])
    faces = yunet.detect(crowd)
    assert len(faces) == 3
    assert [f.score for f in faces] == sorted((f.score for f in faces), reverse=True)
    limited = YuNet(yunet_session, max_faces=2).detect(crowd)
    assert [f.score for f in limited] == [f.score for f in faces[:2]]


def test_a_threshold_out_of_reach_finds_nothing(yunet_session, astronaut) -> None:
    assert YuNet(yunet_session, threshold=0.99).detect(astronaut) == []


@pytest.mark.parametrize("side", [160, 900, 2500])
def test_a_face_that_fills_the_frame_is_found_once(yunet, astronaut, side: int) -> None:
    [whole] = yunet.detect(astronaut)
    x1, y1, x2, y2 = whole.box.astype(int)
    crop = astronaut[y1 + 10 : y2 - 10, x1 + 5 : x2 - 5]
    scale = side / crop.shape[0]
    [face] = yunet.detect(cv2.resize(crop, None, fx=scale, fy=scale))
    expected = (whole.landmarks - [x1 + 5, y1 + 10]) * scale
    np.testing.assert_allclose(face.landmarks, expected, atol=0.12 * side)


def test_the_second_pass_runs_only_when_needed(yunet_session, astronaut) -> None:
    session = Counting(yunet_session)
    YuNet(session).detect(astronaut)
    assert len(session.sizes) == 1
    YuNet(session).detect(np.zeros((100, 100, 3), np.uint8))
    assert len(session.sizes) == 3


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_a_face_on_its_side_is_found_upright_landmarks_and_all(
    yunet, yunet_session, astronaut, turns: int
) -> None:
    [upright] = yunet.detect(astronaut)
    image = np.rot90(astronaut, turns)
    [face] = YuNet(yunet_session, sideways=True).detect(image)
    marks = np.zeros_like(image[..., 0])
    marks = np.rot90(marks, -turns).copy()
    for number, (x, y) in enumerate(upright.landmarks.round().astype(int), start=1):
        marks[y, x] = number
    marks = np.rot90(marks, turns)
    for number, landmark in enumerate(face.landmarks, start=1):
        [[y, x]] = np.argwhere(marks == number)
        np.testing.assert_allclose(landmark, (x, y), atol=3)
    assert face.width > 0
    assert face.height > 0


def test_an_upright_face_costs_no_turns(yunet_session, astronaut) -> None:
    session = Counting(yunet_session)
    YuNet(session, sideways=True).detect(astronaut)
    assert len(session.sizes) == 1


def test_read_only_images_do(yunet, astronaut) -> None:
    image = astronaut.copy()
    image.setflags(write=False)
    assert len(yunet.detect(image)) == 1


def plain_decode(outputs, height, width, threshold):
    """The decoding in plain loops, as the paper and OpenCV's source describe it."""
    rows = []
    for level, stride in enumerate(STRIDES):
        kind, thing, box, marks = (outputs[group * 3 + level][0] for group in range(4))
        for cell in range((height // stride) * (width // stride)):
            row, column = divmod(cell, width // stride)
            score = math.sqrt(min(kind[cell, 0], 1) * min(thing[cell, 0], 1))
            if score < threshold:
                continue
            x, y = (column + box[cell, 0]) * stride, (row + box[cell, 1]) * stride
            w, h = math.exp(box[cell, 2]) * stride, math.exp(box[cell, 3]) * stride
            places = [x - w / 2, y - h / 2, x + w / 2, y + h / 2]
            for mark in range(5):
                places.append((column + marks[cell, 2 * mark]) * stride)
                places.append((row + marks[cell, 2 * mark + 1]) * stride)
            rows.append([*places, score])
    return rows


def random_outputs(rng, height, width):
    cells = [(height // stride) * (width // stride) for stride in STRIDES]
    scores = [rng.uniform(0, 1, (1, n, 1)).astype(np.float32) for n in cells * 2]
    numbers = [rng.normal(0, 1, (1, n, d)).astype(np.float32) for d in (4, 10) for n in cells]
    return scores + numbers


def test_decode_equals_plain_loops(rng) -> None:
    outputs = random_outputs(rng, 64, 96)
    expected = plain_decode(outputs, 64, 96, 0.7)
    assert len(expected) > 10
    np.testing.assert_allclose(decode(outputs, 96, 0.7), expected, rtol=1e-4, atol=1e-3)


def test_decode_of_nothing_is_empty(rng) -> None:
    assert decode(random_outputs(rng, 64, 96), 96, 1.1).shape == (0, 15)


def test_decode_survives_absurd_sizes(rng) -> None:
    outputs = random_outputs(rng, 32, 32)
    outputs[6][..., 2:] = 1e30
    outputs[7][..., 2:] = -1e30
    rows = decode(outputs, 32, 0.0)
    assert np.isfinite(rows).all()
    assert (rows[:, 2:4] > rows[:, :2]).all()


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_unturned_undoes_a_turn(rng, turns: int) -> None:
    height, width = 40, 60
    points = rng.uniform(5, 35, (1, 7, 2)).astype(np.float32)
    points[0, 1] = points[0, 0] + 3
    row = np.concatenate([points.reshape(1, 14), [[0.9]]], axis=1)
    sizes = [(height, width), (width, height)]
    turned = row
    for step in range(turns):  # one quarter at a time: (x, y) goes to (y, width - x)
        x, y = turned[:, 0:14:2].copy(), turned[:, 1:14:2].copy()
        turned = turned.copy()
        turned[:, 0:14:2], turned[:, 1:14:2] = y, sizes[step % 2][1] - x
    np.testing.assert_allclose(unturned(turned, turns, height, width), row, atol=1e-3)


def row(x1, y1, x2, y2):
    return [x1, y1, x2, y2, *[0] * 10, 0.9]


def test_without_nested_keeps_neighbours_and_drops_parts() -> None:
    rows = np.array(
        [
            row(0, 0, 100, 100),
            row(10, 10, 40, 40),  # inside the first
            row(90, 0, 190, 100),  # a neighbour that overlaps by a tenth
            row(-20, -20, 150, 150),  # around the first
        ],
        np.float32,
    )
    np.testing.assert_array_equal(without_nested(rows), rows[[0, 2]])
    assert without_nested(rows[:0]).shape == (0, 15)


@pytest.mark.parametrize("seed", range(20))
def test_shrunk_keeps_the_shape_and_reaches_the_side(seed: int) -> None:
    draw = random.Random(seed)
    height, width, longest = draw.randint(1, 900), draw.randint(1, 900), draw.randint(8, 300)
    small = shrunk(np.full((height, width, 3), 7, np.uint8), longest)
    if max(height, width) <= longest:
        assert small.shape[:2] == (height, width)
    else:
        assert abs(max(small.shape[:2]) - longest) <= 1
        assert small.shape[0] == pytest.approx(height * longest / max(height, width), abs=1.5)
    assert (small == 7).all()


def test_shrunk_averages_noise_away(rng) -> None:
    noise = rng.integers(0, 256, (2000, 2000, 3)).astype(np.uint8)
    assert shrunk(noise, 250).std() < noise.std() / 5


def test_padded_reaches_a_multiple_of_32() -> None:
    image = np.full((33, 64, 3), 9, np.uint8)
    assert padded(image, 0).shape == (64, 64, 3)
    assert padded(image[:32], 0).shape == (32, 64, 3)
    bordered = padded(image, 5)
    assert bordered.shape == (64, 96, 3)
    np.testing.assert_array_equal(bordered[5:38, 5:69], image)
    assert int(bordered.sum()) == int(image.sum())
