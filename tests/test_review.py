import numpy as np
import pytest

from visavis.review import Bars, review
from visavis.types import Embedding, Match

BARS = Bars(same=0.6, taken=0.8)


def at(degrees: float) -> Embedding:
    """A vector in the plane: the cosine of two is that of the angle between them."""
    angle = np.radians(degrees)
    return Embedding.of([np.cos(angle), np.sin(angle)], "m")


def codes(
    photos: list[float],
    known: list[float] | None = None,
    rivals: list[float | None] | None = None,
    bars: Bars = BARS,
) -> list[str | None]:
    found = review(
        [at(p) for p in photos],
        [at(k) for k in known or []],
        [r and Match("other", r, "t") for r in rivals or [None] * len(photos)],  # type: ignore[misc]
        bars,
    )
    return [fault and fault.code for fault in found]


def test_one_photo_agrees_with_itself() -> None:
    assert codes([0]) == [None]


def test_the_odd_one_out_is_refused() -> None:
    assert codes([0, 10, 120, 20]) == [None, None, "photos_disagree", None]


def test_a_chain_of_photos_agrees() -> None:
    assert codes([0, 50, 100]) == [None, None, None]


def test_of_two_photos_that_disagree_neither_can_be_believed() -> None:
    assert codes([0, 120]) == ["photos_disagree", "photos_disagree"]


def test_stored_templates_decide_who_is_meant() -> None:
    assert codes([0, 10, 120], known=[125]) == ["photos_disagree", "photos_disagree", None]


@pytest.mark.parametrize(("score", "code"), [(0.79, None), (0.8, "duplicate_subject")])
def test_somebody_enrolled_under_another_id_is_refused(score: float, code: str | None) -> None:
    assert codes([0], rivals=[score]) == [code]


def test_strict_mode_demands_a_lead_over_every_other_subject() -> None:
    strict = Bars(same=0.6, taken=0.9, lead=0.2)
    assert codes([0, 20], rivals=[0.7, 0.8], bars=strict) == [None, "too_close"]


def test_strict_mode_measures_a_single_photo_against_the_bar_itself() -> None:
    strict = Bars(same=0.6, taken=0.9, lead=0.2)
    assert codes([0], rivals=[0.39], bars=strict) == [None]
    assert codes([0], rivals=[0.45], bars=strict) == ["too_close"]
