"""What a track accepts."""

import numpy as np
import pytest

from visavis.errors import InputError
from visavis.image import ARCFACE
from visavis.liveness.track import Observation, Track
from visavis.quality import assess
from visavis.types import Embedding, Face, Image

FACE = Face(np.array([20, 20, 92, 108]), ARCFACE, 0.9)


def picture() -> Image:
    return np.zeros((112, 112, 3), np.uint8)


def seen(at: float, **more: object) -> Observation:
    return Observation(at, FACE, **more)  # type: ignore[arg-type]


def test_a_track_lasts_from_its_first_to_its_last_observation() -> None:
    track = Track((seen(1.5), seen(1.75), seen(4.0)))
    assert (len(track), track.seconds) == (3, 2.5)


@pytest.mark.parametrize("times", [(), (1.0, 1.0), (2.0, 1.0)])
def test_time_rises(times: tuple[float, ...]) -> None:
    with pytest.raises(InputError, match="expected"):
        Track(tuple(seen(at) for at in times))


def test_embeddings_are_of_one_model() -> None:
    one, two = Embedding.of([1, 0], "a"), Embedding.of([1, 0], "b")
    Track((seen(0, embedding=one), seen(1), seen(2, embedding=one)))
    with pytest.raises(InputError, match="one model"):
        Track((seen(0, embedding=one), seen(1, embedding=two)))


@pytest.mark.parametrize("at", [float("nan"), float("inf")])
def test_a_time_is_a_number(at: float) -> None:
    with pytest.raises(InputError, match="seconds"):
        seen(at)


@pytest.mark.parametrize("image", [np.zeros((9, 9), np.uint8), np.zeros((9, 9, 3), np.float32)])
def test_an_image_is_rgb_bytes(image: Image) -> None:
    with pytest.raises(InputError, match="uint8"):
        seen(0, image=image)


def test_the_pose_is_the_measured_one_or_the_landmarks() -> None:
    measured = assess(picture(), FACE)
    with_it = seen(0, image=picture(), quality=measured)
    assert with_it.pose == (measured.yaw, measured.pitch, measured.roll) == seen(0).pose
