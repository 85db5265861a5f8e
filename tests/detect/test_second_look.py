from dataclasses import dataclass, field

import cv2
import numpy as np
import pytest

from visavis.detect.second_look import SecondLook
from visavis.types import Face, Image

BLANK = np.zeros((400, 400, 3), np.uint8)
UPRIGHT = np.array([(180, 180), (220, 180), (200, 200), (185, 222), (215, 222)], dtype=np.float32)


def tilted(degrees: float) -> np.ndarray:
    matrix = cv2.getRotationMatrix2D((200, 200), -degrees, 1)
    return UPRIGHT @ matrix[:, :2].T + matrix[:, 2]


def face(landmarks: np.ndarray, score: float = 0.9) -> Face:
    return Face(np.array([160, 150, 240, 250]), landmarks, score)


@dataclass
class Scripted:
    """Gives one prepared answer a call and keeps the pictures it was shown."""

    answers: list[list[Face]]
    seen: list[Image] = field(default_factory=list)

    def detect(self, image: Image) -> list[Face]:
        self.seen.append(image)
        return self.answers[len(self.seen) - 1]


def test_the_second_look_sees_the_face_upright_and_at_one_size() -> None:
    picture = BLANK.copy()
    for x, y in tilted(20).round().astype(int):
        cv2.circle(picture, (int(x), int(y)), 2, (255, 255, 255), -1)
    scripted = Scripted([[face(tilted(20 / 1.8))], []])
    SecondLook(scripted, scripted).detect(picture)
    spots = cv2.connectedComponentsWithStats(scripted.seen[1][..., 0])[3][1:]
    expected = (UPRIGHT - 200) * 190 / 100 + 192
    found = sorted(map(tuple, spots.round()))
    assert np.allclose(found, sorted(map(tuple, expected)), atol=3)


def test_landmarks_come_from_the_second_look() -> None:
    first = face(tilted(15))
    in_view = (UPRIGHT - 200) * 190 / 100 + 192
    scripted = Scripted([[first], [face(in_view, 0.8)]])
    [found] = SecondLook(scripted, scripted).detect(BLANK)
    assert np.allclose(found.landmarks, tilted(27), atol=1.0)  # 15 degrees times 1.8
    assert (found.box == first.box).all()
    assert found.score == first.score


@pytest.mark.parametrize("again", [[], [face(UPRIGHT + 150)]])
def test_the_first_look_stands_where_the_second_finds_nothing_near(again: list[Face]) -> None:
    first = face(tilted(15))
    assert SecondLook(Scripted([[first]]), Scripted([again])).detect(BLANK) == [first]


def test_faces_far_along_a_very_long_image_are_seen() -> None:
    long = np.zeros((400, 40_000, 3), np.uint8)
    long[180:220, 39_700:39_740] = 255
    far = UPRIGHT + np.array([39_520, 0], np.float32)
    box = np.array([39_680, 150, 39_760, 250], np.float32)
    second = Scripted([[]])
    SecondLook(Scripted([[Face(box, far, 0.9)]]), second).detect(long)
    assert second.seen[0][192, 192].min() == 255


@pytest.mark.parametrize("quarter", [90, 180, -90])
def test_a_face_found_sideways_is_turned_back_by_the_quarter_turn_alone(quarter: int) -> None:
    in_view = (UPRIGHT - 200) * 190 / 100 + 192
    scripted = Scripted([[face(tilted(quarter))], [face(in_view)]])
    [found] = SecondLook(scripted, scripted).detect(BLANK)
    assert np.allclose(found.landmarks, tilted(quarter), atol=1.0)
