"""Tracks of made-up boxes: who keeps an id through jitter, flicker, crossing and absence."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.errors import ConfigError, InputError, ModelMismatch
from visavis.types import Embedding, Face
from visavis.video.tracker import Tracked, Tracker, TrackRules, Tracks

STEP = 0.1  # seconds between the moments at which faces are sought
MARKS = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]])


def face(x: float, y: float = 100, side: float = 60, score: float = 0.9) -> Face:
    low = np.array([x, y]) - side / 2
    return Face((*low, *(low + side)), MARKS * side + low, score)


def looks(person: int, model: str = "m") -> Embedding:
    return Embedding.of(np.eye(8)[person] + 0.02, model)


@dataclass
class Stage:
    """A tracker, and people who stand in front of it: name, face; counts what is embedded."""

    tracker: Tracker = field(default_factory=Tracker)
    at: float = 0.0
    asked: list[int] = field(default_factory=list)
    names: dict[int, int] = field(default_factory=dict)

    def show(self, *people: tuple[int, Face], step: float = STEP) -> Tracks:
        self.at += step

        def embed(indexes: Sequence[int]) -> list[Embedding]:
            self.asked += [people[i][0] for i in indexes]
            return [looks(people[i][0]) for i in indexes]

        found = self.tracker.update(self.at, [f for _, f in people], embed)
        self.names = {people[t.index][0]: t.id for t in found.seen if t.index is not None}
        return found

    def hold(self, times: int, *people: tuple[int, Face]) -> Tracks:
        return [self.show(*people) for _ in range(times)][-1]


def ids(tracks: Sequence[Tracked]) -> list[int]:
    return [t.id for t in tracks]


def test_a_sure_face_is_told_the_second_time_and_another_the_third() -> None:
    stage = Stage()
    people = (0, face(100)), (1, face(300, score=0.65))
    assert stage.show(*people) == Tracks(tentative=(0, 1))
    second = stage.show(*people)
    assert (ids(second.seen), second.tentative) == ([1], (1,))
    third = stage.show(*people)
    assert (ids(third.seen), third.tentative) == ([1, 2], ())
    assert [t.face for t in third.seen] == [f for _, f in people]
    assert stage.asked == [0, 0, 1]


def test_false_finds_that_do_not_stay_are_never_told_nor_embedded() -> None:
    stage, rng = Stage(), np.random.default_rng(5)
    for _ in range(100):
        found = stage.show((1, face(*rng.uniform(0, 2000, 2), score=0.65)))
        assert not found.seen + found.hidden + found.ended
    assert not stage.asked


def test_jitter_and_flicker_keep_the_id_without_more_looks() -> None:
    stage, rng = Stage(), np.random.default_rng(6)
    for step in range(100):
        shaken = face(*rng.normal(100, 3, 2), side=60 + rng.normal(0, 2))
        found = stage.show(*([] if step % 7 == 6 else [(0, shaken)]))
        assert ids(found.seen + found.hidden) == ([1] if step else [])
    assert stage.asked == [0, 0]


def test_a_fast_face_is_followed_when_intervals_vary() -> None:
    stage, rng, x = Stage(), np.random.default_rng(7), 100.0
    for _ in range(40):
        step = float(rng.uniform(0.03, 0.25))
        x += 150 * step
        stage.show((0, face(x)), step=step)
    assert stage.names == {0: 1}


@pytest.mark.parametrize("unseen", [0, 3, 6])
def test_people_who_cross_keep_their_ids(unseen: int) -> None:
    """The nearer one, 1, hides the other for `unseen` steps."""
    stage = Stage()
    for step in range(30):
        far, near = (0, face(100 + 10 * step)), (1, face(390 - 10 * step, 105, 66))
        stage.show(*([near] if abs(step - 14.5) < unseen / 2 else [far, near]))
    assert stage.names == {0: 1, 1: 2}


def test_only_doubtful_places_are_looked_at() -> None:
    stage = Stage()
    for step in range(60):
        stage.show((0, face(100 + 5 * step)), (1, face(395 - 5 * step, 105)))
    assert stage.names == {0: 1, 1: 2}
    assert 4 <= len(stage.asked) < 40  # of 120


def test_whoever_is_seen_while_another_is_hidden_is_told_by_looks() -> None:
    """They meet, and of the two it is the one who was behind that is seen next."""
    stage = Stage()
    stage.hold(4, (0, face(100)), (1, face(150)))
    stage.hold(3, (1, face(130)))
    stage.hold(2, (0, face(132)))
    assert stage.names == {0: 1}


def test_a_face_that_turns_away_comes_back_as_itself() -> None:
    stage = Stage()
    stage.hold(4, (0, face(100)))
    stage.hold(8)
    assert ids(stage.show((0, face(130))).seen) == [1]


def test_a_face_that_comes_back_elsewhere_is_known_by_its_looks() -> None:
    stage = Stage()
    stage.hold(4, (0, face(100)), (1, face(300)))
    assert ids(stage.hold(20, (1, face(300))).hidden) == [1]
    stage.hold(2, (0, face(900, 400, 90)), (1, face(300)))
    assert stage.names == {0: 1, 1: 2}


@pytest.mark.parametrize("between", [0, 3, 8, 30])
def test_whoever_takes_the_place_of_another_has_a_new_id(between: int) -> None:
    stage = Stage()
    stage.hold(4, (0, face(100)))
    for _ in range(between):
        stage.show()
    found = stage.hold(4, (1, face(115)))
    expected = 1 if between == 0 else 2
    assert stage.names == {1: expected}, "without a gap and a jump, nothing is in doubt"
    assert ids(found.hidden) == ([1] if expected == 2 else [])


def test_a_jump_is_looked_at() -> None:
    stage = Stage()
    stage.hold(4, (0, face(100)))
    stage.hold(3, (1, face(145)))
    assert stage.names == {1: 2}


def test_who_took_a_place_behind_another_is_found_out_when_clear() -> None:
    """They overlap; the one in front leaves as the other steps into its place."""
    stage = Stage()
    stage.hold(4, (0, face(100)), (1, face(200)))
    for x in (180, 160, 145):
        stage.show((0, face(100)), (1, face(x)))
    stage.hold(1, (1, face(112)))
    stage.hold(4, (1, face(100)))
    assert stage.names == {1: 2}
    stage.hold(2, (1, face(100)), (0, face(400)))
    assert stage.names == {1: 2, 0: 1}


def test_a_face_that_is_half_covered_teaches_nothing() -> None:
    stage = Stage()
    stage.hold(4, (0, face(100)))
    before = stage.tracker._tracks[0].looks
    stage.hold(5, (0, face(100)), (1, face(140)))
    assert before is not None
    assert np.array_equal(stage.tracker._tracks[0].looks, before)


def test_a_first_look_that_was_bad_makes_no_second_person() -> None:
    """First found half hidden, with the looks of nobody; then plainly."""
    stage = Stage()
    stage.hold(3, (5, face(100, score=0.65)))
    assert stage.names == {5: 1}
    stage.hold(3, (0, face(100)))
    assert stage.names == {0: 1}
    stage.hold(20)
    stage.hold(2, (0, face(500)))
    assert stage.names == {0: 1}


def test_tracks_end_once_after_the_memory() -> None:
    stage = Stage(Tracker(TrackRules(memory=1.05)))
    stage.hold(4, (0, face(100)))
    quiet = [stage.show() for _ in range(12)]
    assert [ids(q.ended) for q in quiet] == [[]] * 10 + [[1], []]
    last = quiet[10].ended[0]
    assert (last.since, last.seen, last.at) == pytest.approx((0.1, 0.4, 0.4))
    assert (last.hits, last.age) == pytest.approx((4, 0.3))
    stage.hold(3, (0, face(100)))
    assert stage.names == {0: 2}


def test_hidden_faces_go_on_and_come_to_rest() -> None:
    stage = Stage()
    for step in range(10):
        stage.show((0, face(100 + 12 * step)))
    soon, late = stage.show().hidden[0], stage.hold(40).hidden[0]
    assert (soon.index, soon.misses, late.misses) == (None, 1, 41)
    assert abs(soon.face.landmarks[:, 0].mean() - 220) < 6
    assert 220 < late.face.landmarks[:, 0].mean() < 400


def test_places_between_searches_are_predicted() -> None:
    stage = Stage()
    for step in range(10):
        stage.show((0, face(100 + 12 * step)))
    (found,) = stage.tracker.predict(stage.at + 0.05)
    assert abs(float(found.face.box[0]) - (208 - 30 + 6)) < 3
    assert found.pace == pytest.approx(2.0, abs=0.3)
    assert stage.tracker.predict(stage.at + 1.5) == ()


def test_learning_makes_a_track_known_later() -> None:
    """The first look was bad; what others saw of the face later brings it back."""
    stage = Stage()
    stage.hold(4, (0, face(100)))
    for _ in range(3):
        stage.tracker.learn(1, Embedding.of(looks(0).vector + looks(5).vector, "m"))
    stage.tracker.learn(1, looks(5))
    stage.tracker.learn(99, looks(3))
    stage.hold(15)
    stage.hold(2, (5, face(700)))
    assert stage.names == {5: 1}


def test_the_end_of_a_stream_ends_all_that_was_told() -> None:
    stage = Stage()
    stage.hold(2, (0, face(100)), (1, face(300)))
    stage.show((0, face(100)), (2, face(600)))
    assert ids(stage.tracker.end()) == [1, 2]
    assert stage.tracker.end() == ()
    stage.hold(2, (0, face(100)))
    assert stage.names == {0: 3}


def test_time_does_not_go_back() -> None:
    stage = Stage()
    stage.show((0, face(100)))
    stage.show((0, face(100)), step=0.0)
    with pytest.raises(InputError, match="expected a time of"):
        stage.show(step=-0.05)
    with pytest.raises(InputError, match="got nan"):
        Tracker().update(math.nan, [], lambda _: [])


def test_embeddings_of_two_models_do_not_mix() -> None:
    stage = Stage()
    stage.hold(2, (0, face(100)))
    with pytest.raises(ModelMismatch):
        stage.tracker.learn(1, looks(0, "another"))


@pytest.mark.parametrize(
    "bad",
    [{"confirm": 0}, {"blink": 2.0}, {"memory": 0.5}, {"other": 0.5}, {"same": 1.5}],
)
def test_rules_are_checked(bad: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="expected"):
        TrackRules(**bad)  # type: ignore[arg-type]


@given(st.lists(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 400)), max_size=4), max_size=25))
def test_whatever_comes_each_face_has_one_place_and_ids_are_unique(
    moments: list[list[tuple[int, float]]],
) -> None:
    stage, ended = Stage(Tracker(TrackRules(memory=1.0))), set[int]()
    for moment in moments:
        found = stage.show(*((who, face(x, side=40)) for who, x in moment))
        places = [t.index for t in found.seen] + list(found.tentative)
        assert sorted(places) == list(range(len(moment)))
        alive = ids(found.seen + found.hidden)
        assert len(set(alive)) == len(alive)
        assert not ended & set(alive)
        ended |= set(ids(found.ended))
