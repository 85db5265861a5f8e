"""Frames that come again, exactly or nearly."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import pytest

from scenes import observed, texture
from visavis.liveness.repeats import Repeats, digest, repeats
from visavis.liveness.track import Observation, Track
from visavis.types import Image


def moving(rng: np.random.Generator, count: int, step: float = 3.0) -> list[Observation]:
    """A scene that goes to and fro without coming back to a place."""
    scene = texture(rng)
    found = []
    for at in range(count):
        plane = np.eye(3)
        plane[0, 2], plane[1, 2] = step * at, step * at * at / 20
        found.append(observed(scene, rng, plane=plane))
    return found


def played(frames: Sequence[Observation], order: Sequence[int], fps: float = 10.0) -> Track:
    return Track(tuple(replace(frames[i], at=k / fps) for k, i in enumerate(order)))


def coded(track: Track, rng: np.random.Generator) -> Track:
    """Every frame filmed again: noise, then JPEG."""

    def again(image: Image) -> Image:
        noisy = np.clip(image + rng.normal(0, 3, image.shape), 0, 255).astype(np.uint8)
        _, data = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, 70])
        return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)

    return Track(
        tuple(replace(o, image=again(o.image)) for o in track.observations if o.image is not None)
    )


def test_a_scene_that_moves_does_not_repeat(rng: np.random.Generator) -> None:
    found = repeats(played(moving(rng, 24), range(24)))
    assert found.reasons == ()
    assert (found.frames, found.frozen, found.again) == (24, 1, 0)


def test_a_still_scene_with_noise_does_not_repeat(rng: np.random.Generator) -> None:
    scene = texture(rng)
    still = [observed(scene, rng) for _ in range(30)]
    assert repeats(played(still, range(30))).reasons == ()


def test_a_loop_comes_again(rng: np.random.Generator) -> None:
    track = played(moving(rng, 9), [i % 9 for i in range(24)])
    found = repeats(track)
    assert found.reasons == ("looped_frames",)
    assert found.again == 15  # all but the first nine


@pytest.mark.parametrize("length", [7, 9, 12])
def test_a_loop_coded_again_comes_nearly_again(length: int, rng: np.random.Generator) -> None:
    order = [i % length for i in range(24)]
    found = repeats(coded(played(moving(rng, length), order), rng))
    assert found.again == 0
    assert found.lag == length
    assert found.run >= 24 - length - 1
    assert found.reasons == ("looped_frames",)


def test_to_and_fro_comes_again_backwards(rng: np.random.Generator) -> None:
    order = [*range(14), *range(13, -1, -1)]
    found = repeats(coded(played(moving(rng, 14), order), rng))
    assert found.lag == 0
    assert found.run >= 8
    assert found.reasons == ("looped_frames",)


def test_a_frozen_stream(rng: np.random.Generator) -> None:
    frames = moving(rng, 6)
    found = repeats(played(frames, [0, 1, 2, 3, 3, 3, 3, 3, 4, 5]))
    assert (found.frozen, found.again, found.reasons) == (5, 0, ("frozen_frames",))


def test_a_slow_camera_in_a_fast_stream_is_not_frozen(rng: np.random.Generator) -> None:
    order = [i // 3 for i in range(24)]
    assert repeats(played(moving(rng, 8), order, fps=30)).reasons == ()


def test_without_pixels_nothing_repeats(rng: np.random.Generator) -> None:
    bare = replace(moving(rng, 1)[0], image=None)
    assert repeats(Track((bare,))) == Repeats(0, 0, 0, 0, 0)


def test_a_digest_knows_the_shape() -> None:
    pixels = np.arange(36, dtype=np.uint8)
    assert digest(pixels.reshape(3, 4, 3)) != digest(pixels.reshape(4, 3, 3))
    assert digest(pixels.reshape(3, 4, 3)) == digest(pixels.reshape(3, 4, 3).copy())
