import sys
from types import ModuleType

import numpy as np
import pytest

from visavis.errors import ConfigError, ModelError
from visavis.liveness.deepface import DeepFaceLiveness
from visavis.types import Face

MARKS = np.array([(40.0, 50.0), (70.0, 50.0), (55.0, 66.0), (44.0, 82.0), (66.0, 82.0)])


class FakeFasnet:
    """Answers as told: whether real, and the probability of that side."""

    def __init__(self) -> None:
        self.answer, self.seen = (True, 0.9), []

    def analyze(self, img, facial_area):
        self.seen.append((img, facial_area))
        return self.answer


@pytest.fixture
def fasnet(monkeypatch) -> FakeFasnet:
    net, package = FakeFasnet(), ModuleType("deepface")

    class DeepFace:
        @staticmethod
        def build_model(model_name, task):
            assert (model_name, task) == ("Fasnet", "spoofing")
            return net

    package.DeepFace = DeepFace
    monkeypatch.setitem(sys.modules, "deepface", package)
    return net


@pytest.mark.parametrize(
    ("answer", "score", "live"),
    [
        ((True, 0.9), 0.9, True),
        ((True, 0.4), 0.4, False),  # likelier than either attack, but not than both
        ((False, 0.97), 0.03, False),
        ((False, 0.4), 0.4, False),  # real can be no likelier than what won
        ((False, 0.55), 0.45, False),
    ],
)
def test_the_score_is_the_probability_of_a_live_face(fasnet, answer, score, live) -> None:
    fasnet.answer = answer
    found = DeepFaceLiveness().check(
        np.zeros((120, 100, 3), np.uint8), Face([9, 9, 90, 99], MARKS, 1)
    )
    assert found.score == pytest.approx(score)
    assert found.live is live
    assert found.checks == (("fasnet", found.score),)


def test_it_is_given_the_whole_picture_in_bgr_and_our_box(fasnet, rng) -> None:
    image = rng.integers(0, 255, (120, 100, 3), dtype=np.uint8)
    DeepFaceLiveness().check(image, Face([9.4, 9.6, 90.5, 99], MARKS, 1))
    [(seen, area)] = fasnet.seen
    np.testing.assert_array_equal(seen, image[..., ::-1])
    assert area == (9, 10, 81, 89)


@pytest.mark.parametrize(
    ("box", "area"),
    [([-20, -10, 60, 50], (0, 0, 60, 50)), ([90, 100, 190, 180], (90, 100, 10, 20))],
)
def test_the_box_is_held_inside_the_picture(fasnet, box, area) -> None:
    DeepFaceLiveness().check(np.zeros((120, 100, 3), np.uint8), Face(box, MARKS, 1))
    assert fasnet.seen[0][1] == area
    DeepFaceLiveness().check(
        np.zeros((120, 100, 3), np.uint8), Face([300, 300, 400, 400], MARKS, 1)
    )
    assert fasnet.seen[1][1] == (99, 119, 1, 1)


def test_the_threshold_is_the_users(fasnet) -> None:
    found = DeepFaceLiveness(0.95).check(
        np.zeros((120, 100, 3), np.uint8), Face([9, 9, 90, 99], MARKS, 1)
    )
    assert (found.threshold, found.live) == (0.95, False)


def test_what_is_wrong_is_named(fasnet, monkeypatch) -> None:
    check = DeepFaceLiveness()
    fasnet.answer = None
    with pytest.raises(ModelError, match="Fasnet failed"):
        check.check(np.zeros((120, 100, 3), np.uint8), Face([9, 9, 90, 99], MARKS, 1))
    monkeypatch.setattr(sys.modules["deepface"].DeepFace, "build_model", None)
    with pytest.raises(ModelError, match="cannot load Fasnet"):
        DeepFaceLiveness()
    monkeypatch.setitem(sys.modules, "deepface", None)
    with pytest.raises(ConfigError, match="environment of its own"):
        DeepFaceLiveness()
