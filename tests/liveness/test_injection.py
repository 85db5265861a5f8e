"""Hints of injection."""

import numpy as np
import pytest

from visavis.errors import InputError, ModelMismatch
from visavis.liveness.injection import FrameMemory, hints, squeezed, steadiness
from visavis.types import Embedding, Image

KEY = bytes(range(32))


def frames(rng: np.random.Generator, count: int) -> list[Image]:
    return [rng.integers(0, 256, (20, 30, 3), np.uint8) for _ in range(count)]


def test_frames_of_an_earlier_session_are_known_again(rng: np.random.Generator) -> None:
    earlier, later = frames(rng, 5), frames(rng, 3)
    memory = FrameMemory(KEY).with_frames(earlier)
    assert memory.replayed([*later, earlier[1], earlier[4]]) == 2
    assert memory.replayed(later) == FrameMemory(KEY).replayed(earlier) == 0


def test_one_bit_makes_another_frame(rng: np.random.Generator) -> None:
    [frame] = frames(rng, 1)
    other = frame.copy()
    other[3, 4, 1] ^= 1
    assert FrameMemory(KEY).with_frames([frame]).replayed([other]) == 0


def test_the_memory_forgets_the_oldest(rng: np.random.Generator) -> None:
    first, second = frames(rng, 3), frames(rng, 2)
    memory = FrameMemory(KEY, capacity=4).with_frames(first).with_frames(second)
    assert len(memory.digests) == 4
    assert [memory.replayed([f]) for f in (*first, *second)] == [0, 1, 1, 1, 1]


def test_another_key_knows_nothing(rng: np.random.Generator) -> None:
    seen = frames(rng, 2)
    memory = FrameMemory(KEY).with_frames(seen)
    assert FrameMemory(bytes(32), digests=memory.digests).replayed(seen) == 0


def test_the_key_is_not_shown() -> None:
    assert repr(FrameMemory(KEY)) == "FrameMemory(0 of 100000 digests)"


def test_a_blank_frame_is_no_evidence() -> None:
    blank = np.zeros((9, 9, 3), np.uint8)
    assert FrameMemory(KEY).with_frames([blank]).replayed([blank]) == 0


@pytest.mark.parametrize(("key", "capacity"), [(b"short", 9), (bytes(65), 9), (KEY, 0)])
def test_a_memory_needs_a_key_and_room(key: bytes, capacity: int) -> None:
    with pytest.raises(InputError, match="expected"):
        FrameMemory(key, capacity)


def test_squeezing_changes_little_and_keeps_the_shape(astronaut: Image) -> None:
    variants = squeezed(astronaut)
    assert [v.shape for v in variants] == [astronaut.shape] * 4
    assert all(v.dtype == np.uint8 for v in variants)
    off = [float(np.abs(v.astype(int) - astronaut).mean()) for v in variants]
    assert all(0 < o < 6 for o in off)


def test_five_bits_keep_black_and_white() -> None:
    greys = np.repeat(np.arange(256, dtype=np.uint8)[:, None, None], 3, axis=2)
    few = squeezed(greys)[3]
    assert len(np.unique(few)) == 32
    assert (few.min(), few.max()) == (0, 255)
    assert int(np.abs(few.astype(int) - greys).max()) <= 7


def test_steadiness_is_the_lowest_cosine() -> None:
    one = Embedding.of([1, 0], "m")
    near, far = Embedding.of([1, 0.1], "m"), Embedding.of([1, 1], "m")
    found = steadiness(one, [near, far], 0.8)
    assert found.lowest == pytest.approx(2**-0.5)  # 45 degrees
    assert found.unsteady
    assert not steadiness(one, [near], 0.8).unsteady


def test_steadiness_needs_variants_of_one_model() -> None:
    one = Embedding.of([1, 0], "m")
    with pytest.raises(InputError, match="variant"):
        steadiness(one, [], 0.8)
    with pytest.raises(ModelMismatch):
        steadiness(one, [Embedding.of([1, 0], "other")], 0.8)


def test_hints_are_reasons() -> None:
    one = Embedding.of([1, 0], "m")
    loose = steadiness(one, [Embedding.of([0, 1], "m")], 0.8)
    assert hints(0) == hints(0, steadiness(one, [one], 0.8)) == ()
    assert hints(2, loose) == ("replayed_frames", "unstable_embedding")
