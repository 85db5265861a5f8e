import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from visavis.evaluate.levelled import LEVEL, Levelled
from visavis.targets import LiveTarget
from visavis.testing import FakeDetector, FakeLiveness, fake_photo
from visavis.types import Liveness

PHOTO = fake_photo("ada")
[FACE] = FakeDetector().detect(PHOTO)
inside = st.floats(1e-6, 1 - 1e-6)


def levelled(score: float | None, threshold: float, target: LiveTarget | None = None) -> Liveness:
    check = Levelled(FakeLiveness(score, threshold, "print", ("looks_like_print",)))
    return check.check(PHOTO, FACE, target or LiveTarget())


@given(st.floats(0, 1), inside)
def test_decisions_are_the_same(score: float, threshold: float) -> None:
    found = levelled(score, threshold)
    assert found.threshold == LEVEL
    assert found.score is not None
    assert found.live is (score >= threshold)
    assert bool(np.float32(found.score) >= LEVEL) is found.live  # as evaluations store it
    assert 0 <= found.score <= 1


@given(st.floats(0, 1), st.floats(0, 1), inside)
def test_the_order_is_the_same(one: float, two: float, threshold: float) -> None:
    low, high = sorted((one, two))
    first, second = levelled(low, threshold).score, levelled(high, threshold).score
    assert first is not None
    assert second is not None
    assert first <= second


def test_what_cannot_be_told_stays_so() -> None:
    found = levelled(None, 0.7)
    assert (found.score, found.live) == (None, False)
    assert (found.species, found.reasons) == ("print", ("looks_like_print",))


def test_the_target_is_passed_on() -> None:
    assert levelled(0.6, 0.5).live
    assert not levelled(0.6, 0.5, LiveTarget(threshold=0.8)).live
    assert levelled(1.0, 1.0).score == 1.0
