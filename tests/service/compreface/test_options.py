"""What a request may ask for of the faces of a picture."""

import pytest

from visavis.pipeline import Pipeline
from visavis.policy import Policy
from visavis.recognizer import Recognizer
from visavis.service.compreface.options import (
    ChosenFaces,
    Options,
    Times,
    choosing,
    recognizer_for,
)
from visavis.testing import FakeDetector, FakeEmbedder, fake_photo
from visavis.types import Face, Image


class Three:
    """Finds three faces: a small sure one, a large unsure one and one in between."""

    def detect(self, image: Image) -> list[Face]:
        points = [(1, 1), (2, 1), (1.5, 2), (1, 3), (2, 3)]
        sizes = ((10, 0.9), (40, 0.4), (20, 0.7))
        return [Face([0, 0, size, size], points, score) for size, score in sizes]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "widths"),
    [
        ({}, [40, 20, 10]),
        ({"limit": 2}, [40, 20]),
        ({"det_prob_threshold": 0.5}, [20, 10]),
        ({"det_prob_threshold": 0.5, "limit": 1}, [20]),
        ({"det_prob_threshold": 1.0}, []),
    ],
)
def test_the_largest_of_the_sure_ones(options: dict[str, float], widths: list[int]) -> None:
    found = ChosenFaces(Three(), Options.model_validate(options)).detect(fake_photo())
    assert [face.width for face in found] == widths


def test_plugins_are_named_by_commas() -> None:
    options = Options(face_plugins=" calculator,pose , age")
    assert [options.wants(name) for name in ("calculator", "pose", "landmarks", "")] == [
        True,
        True,
        False,
        False,
    ]


def test_the_twin_chooses_and_is_timed_and_the_first_stays_as_it_was() -> None:
    pipeline, times = Pipeline(FakeDetector(), FakeEmbedder()), Times()
    twin = choosing(pipeline, Options(limit=1), times)
    assert len(twin.samples(fake_photo("ada", "ben"), Policy())) == 1
    assert len(pipeline.samples(fake_photo("ada", "ben"), Policy())) == 2
    assert times.seconds.keys() == {"detect", "embed"}


def test_times_add_up_also_of_what_fails() -> None:
    times = Times()
    with pytest.raises(ValueError, match="no"), times.stage("detect"):
        raise ValueError("no")
    first = times.seconds["detect"]
    with times.stage("detect"):
        pass
    assert times.seconds["detect"] > first


def test_a_recognizer_for_another_pipeline_shares_the_rest() -> None:
    first = Recognizer(Pipeline(FakeDetector(), FakeEmbedder()))
    other = Pipeline(FakeDetector(), FakeEmbedder())
    second = recognizer_for(first, other)
    assert (first.pipeline, second.pipeline) != (other, first.pipeline)
    assert second.pipeline is other
    assert second.policy is first.policy
