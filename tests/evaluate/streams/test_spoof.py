import numpy as np
import pytest

from visavis.datasets.films import Act
from visavis.evaluate.conditions import Scene
from visavis.evaluate.streams import spoof
from visavis.evaluate.streams.cast import Desk, Role
from visavis.evaluate.streams.spoof import Answer, present
from visavis.evaluate.streams.trial import Rig
from visavis.pipeline import Pipeline
from visavis.policy import Policy
from visavis.protocols import LivenessCheck
from visavis.testing import FakeLiveness
from visavis.types import Image
from visavis.video.watch import Eyes
from vivid import LENIENT, VividDetector, VividEmbedder, photo


class Reel:
    """Stands for a film: a face that wavers, or is frozen."""

    def __init__(self, image: Image, face: object, act: Act, seed: int) -> None:
        self.still = act == "frozen"

    def frame(self, number: int) -> Image:
        image = np.full((200, 300, 3), 100, np.uint8)
        image[50:146, 100:196] = photo("ada", 0 if self.still else number)
        return image


def rig(check: LivenessCheck) -> Rig:
    detector = VividDetector()
    pipeline = Pipeline(detector, VividEmbedder(), check)
    image = photo("ada", 9)
    template = pipeline.embedder.embed(image, detector.detect(image))
    policy = Policy(liveness="require", limits=LENIENT.limits)
    desk = Desk(["ada"], template, pipeline, policy)
    return Rig(pipeline, Eyes(detector, lambda _, face: face), desk)


@pytest.fixture
def role(monkeypatch: pytest.MonkeyPatch) -> Role:
    monkeypatch.setattr(spoof, "Film", Reel)
    image = photo("ada", 1)
    return Role("ada", (Scene(image, VividDetector().detect(image)[0]),), True)


def answer(role: Role, act: Act, check: FakeLiveness) -> Answer:
    return present(rig(check), role, act, 0)


def test_who_the_check_passes_is_accepted(role: Role) -> None:
    found = answer(role, "live", FakeLiveness(0.9))
    assert found.seen
    assert found.accepted is not None
    assert 0 < found.accepted < 2


def test_who_the_check_refuses_is_suspected_and_never_named(role: Role) -> None:
    found = answer(role, "print", FakeLiveness(0.1, reasons=("looks_like_print",)))
    assert found.accepted is None
    assert found.suspected is not None
    assert found.suspected < 2
    assert found.reasons["looks_like_print"] > 0


def test_frames_that_never_change_are_found_out_after_five_seconds(role: Role) -> None:
    found = answer(role, "frozen", FakeLiveness(0.9))
    assert found.accepted is not None
    assert found.suspected is not None
    assert found.accepted < 2 < 5 <= found.suspected < spoof.SECONDS
    assert found.reasons["frozen_frames"] > 0


def test_nobody_in_view_is_neither(role: Role, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Reel, "frame", lambda self, number: np.full((90, 90, 3), 50, np.uint8))
    found = answer(role, "live", FakeLiveness(0.9))
    assert (found.seen, found.accepted, found.suspected) == (False, None, None)
    assert not found.reasons
