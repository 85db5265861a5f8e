"""Sightings in words: who, how sure, and what is suspicious."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from visavis.client.sightings import Sighting
from visavis.ui.seen import STRANGER, sighting_told

AT = datetime(2026, 5, 4, 8, 30, tzinfo=UTC)
ADA = Sighting(
    id="6f1d",
    camera="door",
    track=7,
    subject="ada",
    first_seen=AT,
    last_seen=AT,
    score=0.712,
    threshold=0.468,
    rate=0.01,
    live=True,
    quality=0.8,
    has_shot=True,
    kinds=("entered", "identified"),
)


def test_somebody_known() -> None:
    found = sighting_told(ADA, {"ada": "<Ada>"})
    assert (found["who"], found["look"], found["camera"]) == ("<Ada>", "good", "door")
    assert found["marks"] == [("identified", "good"), ("live", "good")]
    assert found["score"] == "score 0.71, threshold 0.47"
    assert (found["shot"], found["left"]) == (True, False)
    assert found["first"] == "2026-05-04T08:30:00+00:00"


def test_the_id_stands_where_there_is_no_name() -> None:
    assert sighting_told(ADA, {})["who"] == "ada"


def test_somebody_who_left() -> None:
    assert sighting_told(replace(ADA, kinds=("identified", "left")), {})["left"] is True


@pytest.mark.parametrize(
    ("kinds", "live", "marks"),
    [
        (("entered",), None, [("not decided yet", "quiet")]),
        (("entered", "unknown"), None, [("unknown", "warn")]),
        (("entered", "unknown"), True, [("unknown", "warn"), ("live", "good")]),
        (("entered", "unknown"), False, [("unknown", "warn"), ("not live", "bad")]),
        (
            ("entered", "unknown", "spoof_suspected"),
            False,
            [("spoof suspected", "bad"), ("unknown", "warn")],
        ),
    ],
)
def test_strangers_and_spoofs_are_marked(
    kinds: tuple[str, ...], live: bool | None, marks: list[tuple[str, str]]
) -> None:
    found = sighting_told(replace(ADA, subject=None, score=None, kinds=kinds, live=live), {})
    assert (found["who"], found["marks"], found["score"]) == (STRANGER, marks, "")
    looks = {look for _, look in marks}
    assert found["look"] == next(look for look in ("bad", "warn", "quiet") if look in looks)


def test_a_spoof_of_somebody_known_is_marked_first() -> None:
    found = sighting_told(replace(ADA, kinds=("identified", "spoof_suspected"), live=False), {})
    assert (found["look"], found["marks"][0]) == ("bad", ("spoof suspected", "bad"))
