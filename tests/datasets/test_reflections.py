import numpy as np

from visavis.datasets.reflections import reflecting, shadowed
from visavis.types import Image

OUTLINE = np.array([(60, 50), (180, 50), (180, 130), (60, 130.0)])


def scene() -> Image:
    return np.full((200, 240, 3), 90, np.uint8)


def test_light_is_thrown_back_within_the_outline_only() -> None:
    for seed in range(6):
        made = reflecting(scene(), OUTLINE, 0.9, np.random.default_rng(seed))
        assert (made >= scene()).all()
        assert np.array_equal(made[:48], scene()[:48])
        assert np.array_equal(made[:, 184:], scene()[:, 184:])


def test_gloss_is_brighter() -> None:
    def light(gloss: float) -> float:
        made = [reflecting(scene(), OUTLINE, gloss, np.random.default_rng(s)) for s in range(12)]
        return float(np.stack(made).astype(float).mean())

    assert 90 <= light(0.0) < light(0.5) < light(1.0)


def test_a_shadow_darkens_near_the_outline_and_not_far_off() -> None:
    made = [shadowed(scene(), OUTLINE, 40, np.random.default_rng(s)) for s in range(8)]
    darkened = [m for m in made if not np.array_equal(m, scene())]
    assert 0 < len(darkened) < 8
    for one in darkened:
        assert one[60:120, 70:170].mean() < 86
        assert (one <= scene()).all()
        assert one[-8:, -8:].min() > 85
