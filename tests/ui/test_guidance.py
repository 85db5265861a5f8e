"""Guidance: the first thing that is to be better."""

from dataclasses import replace
from typing import Any

import pytest

from visavis.client.faces import Face, Liveness, Quality, Sample
from visavis.ui.guidance import guided

GOOD = Quality(0.9, 90.0, 0.5, 0.5, 0.2, 0.0, 0.0, 0.0, 0.0, ())
FACE = Face((0.0, 0.0, 9.0, 9.0), ((0.0, 0.0),) * 5, 1.0)
LIVE = Liveness(True, 0.9, 0.5, None, ())


def sample(quality: Quality = GOOD, liveness: Liveness | None = LIVE) -> Sample:
    return Sample(FACE, quality, liveness)


def test_a_good_face_may_be_taken() -> None:
    found = guided([sample()])
    assert (found.look, found.quality) == ("good", 0.9)
    assert found.as_dict() == {"words": "Good, hold still", "look": "good", "quality": 0.9}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"size": 30.0}, "Come closer"),
        ({"size": 260.0}, "Move back"),
        ({"brightness": 0.1}, "More light"),
        ({"brightness": 0.95}, "Less light"),
        ({"yaw": 30.0}, "to your right"),
        ({"yaw": -30.0}, "to your left"),
        ({"pitch": 40.0}, "lower your chin"),
        ({"pitch": -40.0}, "raise your chin"),
        ({"roll": 30.0}, "upright"),
        ({"sharpness": 0.05}, "blurred"),
        ({"cut": 0.2, "size": 30.0}, "into the middle"),
    ],
)
def test_what_is_to_be_better(change: dict[str, Any], told: str) -> None:
    found = guided([sample(replace(GOOD, **change))])
    assert found.look == "warn"
    assert told in found.words


def test_nobody_several_and_a_picture() -> None:
    assert "No face" in guided([]).words
    assert "alone" in guided([sample(), sample(replace(GOOD, size=80.0))]).words
    assert guided([sample(), sample(replace(GOOD, size=20.0))]).look == "good"
    fake = Liveness(False, 0.1, 0.5, "screen", ())
    assert "picture or a screen" in guided([sample(liveness=fake)]).words
    assert guided([sample(liveness=None)]).look == "good"


def test_turning_the_way_that_is_said_looks_ahead() -> None:
    """Yaw is positive towards image-right, which is the person's left."""
    assert guided([sample(replace(GOOD, yaw=30.0))]).words.endswith("to your right")
