import numpy as np
import pytest

from visavis.pipeline import Pipeline
from visavis.policy import Policy
from visavis.testing import FakeDetector, FakeEmbedder, FakeLiveness, fake_photo
from visavis.types import Identification, Match, Threshold
from visavis.video.drawing import drawn, label
from visavis.video.watch import Person, View


def found(score: float = 0.9, *, live: float | None = None) -> Identification:
    check = None if live is None else FakeLiveness(live)
    policy = Policy(liveness="off" if live is None else "report")
    [sample] = Pipeline(FakeDetector(), FakeEmbedder(), check).samples(fake_photo("ada"), policy)
    return Identification(
        sample, (Match("ada", score, "t"),), Threshold(0.5), require_live=live is not None
    )


@pytest.mark.parametrize(
    ("one", "names", "text"),
    [
        (found(), {"ada": "Ada Lovelace"}, "Ada Lovelace"),
        (found(), {}, "ada"),
        (found(), {"ada": ""}, "ada"),
        (found(0.1), {"ada": "Ada"}, "unknown"),
        (found(live=0.1), {"ada": "Ada"}, "not live"),
    ],
)
def test_labels_name_people_or_say_why_not(
    one: Identification, names: dict[str, str], text: str
) -> None:
    assert label(one, names) == text


def test_boxes_are_drawn_where_the_faces_are() -> None:
    image = fake_photo("ada")
    view = View(0, 0.0, (Person(1, 0.0, found()),), True)
    made = drawn(image, view, {})
    assert made.shape == image.shape
    changed = np.argwhere((made != image).any(axis=2))
    assert len(changed)
    assert not np.shares_memory(made, image)
    assert np.array_equal(drawn(image, View(0, 0.0, (), True), {}), image)


def test_wide_frames_are_made_smaller_with_their_boxes() -> None:
    image = np.ascontiguousarray(np.kron(fake_photo("ada"), np.ones((4, 4, 1), np.uint8)))
    one = found()
    view = View(0, 0.0, (Person(1, 0.0, one),), True)
    assert drawn(image, view, {}, width=192).shape == (192, 192, 3)
    assert drawn(image, view, {}, width=9999).shape == image.shape
