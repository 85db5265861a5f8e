from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from visavis.errors import ConfigError, InputError
from visavis.gallery.sighting import Sighted
from visavis.types import (
    Embedding,
    Face,
    Identification,
    Liveness,
    Match,
    Quality,
    Sample,
    Threshold,
)
from visavis.video.sightings import Presences, Seen, SightingPolicy

START = datetime(2026, 1, 1, tzinfo=UTC)
POLICY = SightingPolicy(confirm_frames=2, absence_timeout=3)


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def seen(track: int, subject: str | None, **values: Any) -> Seen:
    decision = "unknown" if subject is None else "match"
    fields = {"decision": decision, "score": 0.5, "threshold": 0.4, "rate": 0.001}
    return Seen(**{"track": track, "subject": subject, **fields, **values})


def told(events: tuple[Sighted, ...]) -> list[tuple[str, str | None]]:
    return [(event.kind, event.subject) for event in events]


def run(presences: Presences, *frames: list[Seen], start: int = 0) -> list[Sighted]:
    """One frame a second."""
    parts = [presences.see(at(n), frame) for n, frame in enumerate(frames, start)]
    return [event for part in parts for event in part]


def test_somebody_known_enters_and_leaves() -> None:
    presences = Presences("door", POLICY)
    ada = [seen(1, "ada")]
    assert presences.see(at(0), ada) == ()
    events = presences.see(at(1), [seen(1, "ada", score=0.7)])
    assert told(events) == [("entered", "ada"), ("identified", "ada")]
    assert presences.see(at(2), ada) == presences.see(at(4.9), []) == ()
    (left,) = presences.see(at(5), [])
    assert (left.kind, left.sighting) == ("left", events[0].sighting)
    assert (left.first_seen, left.last_seen, left.at) == (at(0), at(2), at(5))
    assert (left.score, left.threshold, left.rate) == (0.7, 0.4, 0.001)
    assert presences.see(at(9), []) == ()


def test_one_face_in_a_thousand_frames_is_three_events() -> None:
    presences = Presences("door", POLICY)
    events = run(presences, *[[seen(1, "ada")]] * 1000)
    assert told((*events, *presences.close(at(1000)))) == [
        ("entered", "ada"),
        ("identified", "ada"),
        ("left", "ada"),
    ]


def test_frames_that_do_not_agree_confirm_nobody() -> None:
    presences = Presences("door", POLICY)
    assert run(presences, *[[seen(1, "ada")], [seen(1, "ben")], [seen(1, None)]] * 3) == []


def test_a_poor_frame_neither_counts_nor_starts_anew() -> None:
    presences = Presences("door", POLICY)
    poor = seen(1, None, decision="low_quality")
    events = run(presences, [seen(1, "ada")], [poor], [poor])
    assert events == []
    assert told(presences.see(at(3), [seen(1, "ada")]))[0] == ("entered", "ada")


def test_coming_back_in_time_goes_on_with_the_same_sighting() -> None:
    presences = Presences("door", POLICY)
    first = run(presences, [seen(1, "ada")], [seen(1, "ada")])
    assert run(presences, [seen(2, "ada")], [seen(2, "ada")], [seen(2, "ada")], start=3) == []
    (left,) = presences.see(at(9), [])
    assert (left.sighting, left.last_seen, left.track) == (first[0].sighting, at(5), 2)


def test_two_tracks_of_one_subject_are_one_presence() -> None:
    presences = Presences("door", POLICY)
    both = [seen(1, "ada"), seen(2, "ada")]
    assert told(tuple(run(presences, both, both, both))) == [
        ("entered", "ada"),
        ("identified", "ada"),
    ]
    assert len(presences.close(at(3))) == 1


def test_a_stranger_who_is_named_later() -> None:
    presences = Presences("door", POLICY)
    strange = run(presences, *[[seen(1, None)]] * 3)
    assert told(tuple(strange)) == [("entered", None), ("unknown", None)]
    (named,) = run(presences, [seen(1, "ada", score=0.45)], [seen(1, "ada", score=0.45)], start=3)
    assert (named.kind, named.subject) == ("identified", "ada")
    assert (named.sighting, named.first_seen) == (strange[0].sighting, at(0))
    assert named.score == 0.45  # not the stranger's 0.5


def test_a_stranger_who_turns_out_to_be_present_already_ends() -> None:
    presences = Presences("door", POLICY)
    two = [seen(1, "ada"), seen(2, None)]
    strange = next(e for e in run(presences, two, two) if e.subject is None)
    both = [seen(1, "ada"), seen(2, "ada")]
    (left,) = run(presences, both, both, start=2)
    assert (left.kind, left.sighting) == ("left", strange.sighting)
    assert told(presences.close(at(4))) == [("left", "ada")]


def test_a_track_that_turns_out_to_be_another_leaves_the_presence() -> None:
    presences = Presences("door", POLICY)
    run(presences, *[[seen(1, "ada")]] * 2)
    events = run(presences, *[[seen(1, "ben")]] * 2, start=2)
    assert told(tuple(events)) == [("entered", "ben"), ("identified", "ben")]
    events = run(presences, *[[seen(1, None)]] * 3, start=4)
    assert told(tuple(events)) == [
        ("left", "ada"),
        ("entered", None),
        ("unknown", None),
        ("left", "ben"),
    ]
    assert events[0].last_seen == at(1)  # ada is not seen in another's frames
    assert events[1].first_seen == at(5)


def test_strangers_are_not_told_of_unless_asked_for() -> None:
    policy = SightingPolicy(confirm_frames=2, absence_timeout=3, emit_unknown=False)
    presences = Presences("door", policy)
    assert run(presences, *[[seen(1, None)]] * 5) == []
    events = run(presences, *[[seen(1, "ada")]] * 2, start=5)
    assert told(tuple(events)) == [("entered", "ada"), ("identified", "ada")]
    assert events[0].first_seen == at(0)
    events = run(presences, *[[seen(2, None)]] * 9, [], start=7)
    assert told((*events, *presences.close(at(30)))) == [("left", "ada")]


def test_a_spoof_is_told_once_and_names_nobody() -> None:
    policy = SightingPolicy(confirm_frames=2, absence_timeout=3, emit_unknown=False)
    presences = Presences("door", policy)
    mask = [seen(1, None, decision="not_live", live=False)]
    events = run(presences, mask, mask, mask, mask)
    assert told(tuple(events)) == [("entered", None), ("spoof_suspected", None)]
    assert events[1].live is False
    assert told(presences.close(at(4))) == [("left", None)]


def test_a_spoof_of_somebody_named_where_liveness_is_only_reported() -> None:
    presences = Presences("door", POLICY)
    run(presences, *[[seen(1, "ada", live=True)]] * 2)
    events = run(presences, *[[seen(1, "ada", live=False)]] * 3, start=2)
    assert told(tuple(events)) == [("spoof_suspected", "ada")]
    run(presences, *[[seen(1, "ada", live=True)]] * 3, start=5)
    assert presences.close(at(8))[0].live is False  # once suspected, it stays on record


def test_within_the_cooldown_nobody_enters_again() -> None:
    policy = SightingPolicy(confirm_frames=1, absence_timeout=1, cooldown=10)
    presences = Presences("door", policy)
    assert told(presences.see(at(0), [seen(1, "ada")]))[0] == ("entered", "ada")
    assert told(presences.see(at(2), [])) == [("left", "ada")]
    assert run(presences, *[[seen(2, "ada")]] * 9, start=3) == []
    assert told(presences.see(at(12), [seen(2, "ada")]))[0] == ("entered", "ada")


def test_the_best_shot_is_told_when_it_is_new() -> None:
    presences = Presences("door", SightingPolicy(confirm_frames=1))
    frame = np.zeros((8, 8, 3), np.uint8)
    poor, good = frame[:4], frame[4:] + np.uint8(9)
    first = presences.see(at(0), [seen(1, None, quality=0.5, shot=poor)])
    frame[:] = 77  # the frame is used again
    assert first[0].shot is not None
    assert not first[0].shot.any()
    assert first[1].shot is None
    presences.see(at(1), [seen(1, None, quality=0.4, shot=poor)])
    presences.see(at(2), [seen(1, None, quality=0.9, shot=good)])
    (left,) = presences.close(at(3))
    assert left.shot is not None
    assert (left.shot == 9).all()
    assert left.quality == 0.9


def test_takes_an_identification_as_it_is() -> None:
    face = Face(np.array([0, 0, 10, 10], np.float32), np.zeros((5, 2), np.float32), 0.9)
    sample = Sample(
        face,
        Embedding.of([1, 0], "m"),
        Quality(0.8, 50, 1, 0.5, 0.2, 0, 0, 0, 0),
        Liveness(0.2, 0.5),
    )
    found = Identification(sample, (Match("ada", 0.6, "0" * 16),), Threshold(0.4, 0.01))
    one = Seen.of(7, found)
    assert (one.track, one.decision, one.subject) == (7, "match", "ada")
    assert (one.score, one.threshold, one.rate, one.live) == (0.6, 0.4, 0.01, False)
    assert one.quality == sample.quality.score


def test_time_does_not_go_back() -> None:
    presences = Presences("door")
    presences.see(at(1), [])
    with pytest.raises(InputError, match="not before"):
        presences.see(at(0), [])


@pytest.mark.parametrize(
    "wrong",
    [
        {"confirm_frames": 0},
        {"absence_timeout": 0},
        {"absence_timeout": float("nan")},
        {"cooldown": -1},
        {"retention": timedelta(0)},
    ],
)
def test_a_policy_checks_itself(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        SightingPolicy(**wrong)
