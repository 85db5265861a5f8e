from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from visavis.errors import ConfigError, InputError
from visavis.pipeline import Pipeline
from visavis.policy import Policy
from visavis.testing import FakeDetector, FakeEmbedder, FakeLiveness, fake_photo
from visavis.types import Embedding, Face, Identification, Image, Match, Sample, Threshold
from visavis.video.frames import Frame
from visavis.video.looks import LookRules
from visavis.video.pace import PaceRules
from visavis.video.tracker import TrackRules
from visavis.video.watch import Again, Eyes, Person, View, Watcher, WatchRules

RULES = WatchRules(PaceRules(budget=0.01), TrackRules(confirm=1))
"""By this pace only movement decides how often faces are sought, whatever the machine."""
FPS = 25


class Counting(FakeEmbedder):
    """Counts the faces that it embeds."""

    def __init__(self) -> None:
        super().__init__(spread=0.0)
        self.count = 0

    def embed(self, image: Image, faces: Sequence[Face]) -> list[Embedding]:
        self.count += len(faces)
        return super().embed(image, faces)


class Known:
    """Decides for the people whose photos it was given."""

    def __init__(self, *people: str) -> None:
        embedder = FakeEmbedder(spread=0.0)
        self.asked: list[Sample] = []
        self.people = {}
        for name in people:
            photo = fake_photo(name)
            self.people[name] = embedder.embed(photo, FakeDetector().detect(photo))[0]

    def __call__(self, sample: Sample) -> Identification:
        self.asked.append(sample)
        scores = ((name, sample.embedding.similarity(e)) for name, e in self.people.items())
        found = tuple(Match(n, s, "0" * 16) for n, s in sorted(scores, key=lambda p: -p[1]))
        live = sample.liveness is not None
        return Identification(sample, found, Threshold(0.5), require_live=live)


def as_found(image: Image, face: Face) -> Face:
    return face


def watcher(
    decide: Known,
    embedder: FakeEmbedder | None = None,
    policy: Policy | None = None,
    rules: WatchRules = RULES,
    liveness: FakeLiveness | None = None,
    again: Again = as_found,
) -> Watcher:
    pipeline = Pipeline(FakeDetector(), embedder or FakeEmbedder(spread=0.0), liveness)
    return Watcher(pipeline, Eyes(FakeDetector(), again), decide, policy or Policy(), rules)


def frame(number: int, image: Image) -> Frame:
    return Frame.of(image, number, number / FPS)


def seen(found: Watcher, images: Sequence[Image], start: int = 0) -> list[View]:
    return [found.see(frame(start + i, image)) for i, image in enumerate(images)]


def names(view: View) -> list[str | None]:
    return [p.identification.candidates[0].subject for p in view.people]


def test_a_person_is_named_once_and_followed() -> None:
    decide, embedder = Known("ada", "ben"), Counting()
    views = seen(watcher(decide, embedder), [fake_photo("ben")] * 50)
    assert {p.track for v in views for p in v.people} == {1}
    assert all(names(v) == ["ben"] for v in views)
    assert [v.number for v in views if any(p.changed for p in v.people)] == [0]
    assert embedder.count <= 8  # of 50 frames
    assert not all(v.sought for v in views)


def test_two_people_have_two_tracks() -> None:
    views = seen(watcher(Known("ada", "ben")), [fake_photo("ben", "ada")] * 5)
    assert [sorted(p.track for p in v.people) for v in views] == [[1, 2]] * 5
    assert sorted(n or "" for n in names(views[-1])) == ["ada", "ben"]


def test_the_face_of_a_person_is_where_it_is_in_the_frame() -> None:
    wide = np.zeros((96, 400, 3), np.uint8)
    images = []
    for step in range(20):
        image = wide.copy()
        image[:, 4 * step : 4 * step + 96] = fake_photo("ben")
        images.append(image)
    views = seen(watcher(Known("ben")), images)
    for step, view in enumerate(views):
        assert abs(view.people[0].face.box[0] - (4 * step + 24)) < 6


def test_an_empty_frame_has_nobody_and_ends_tracks_in_time() -> None:
    found = watcher(Known("ben"))
    seen(found, [fake_photo("ben")] * 3)
    views = seen(found, [np.zeros((96, 96, 3), np.uint8)] * 200, start=3)
    assert not views[-1].people
    assert [t for v in views for t in v.ended] == [1]


def test_what_is_embedded_has_been_looked_at_again() -> None:
    looked = list[Face]()

    def again(image: Image, face: Face) -> Face:
        looked.append(face)
        return replace(face, score=0.123)

    decide = Known("ben")
    seen(watcher(decide, again=again), [fake_photo("ben")])
    assert len(looked) == 1
    assert decide.asked[0].face.score == 0.123


def test_what_no_closer_look_finds_is_nobody() -> None:
    looked = list[int]()

    def again(image: Image, face: Face) -> Face | None:
        looked.append(len(looked))
        return face if len(looked) > 3 else None

    decide = Known("ben")
    views = seen(watcher(decide, again=again), [fake_photo("ben")] * 60)
    shown = [v.number for v in views if v.people]
    assert 10 < shown[0] < 60
    assert len(decide.asked) < 8
    assert len(looked) < 10


def test_a_track_that_changes_hands_is_noticed() -> None:
    rules = replace(RULES, looks=LookRules(spacing=0.1, again=0.1, most=2))
    found = watcher(Known("ada", "ben"), rules=rules)
    assert names(seen(found, [fake_photo("ben")] * 10)[-1]) == ["ben"]
    after = seen(found, [fake_photo("ada")] * 100, start=10)
    assert names(after[-1]) == ["ada"]
    assert any(p.changed for v in after for p in v.people)


def test_liveness_is_part_of_the_decision() -> None:
    policy = Policy(liveness="require")
    spoof = FakeLiveness(0.1, species="screen", reasons=("looks_like_screen",))
    views = seen(watcher(Known("ben"), policy=policy, liveness=spoof), [fake_photo("ben")] * 3)
    said = views[-1].people[0].identification
    assert said.decision == "not_live"
    assert said.sample.liveness is not None
    assert said.sample.liveness.species == "screen"


def test_a_frozen_picture_is_found_out_in_time() -> None:
    policy = Policy(liveness="require")
    found = watcher(Known("ben"), policy=policy, liveness=FakeLiveness(0.9))
    views = seen(found, [fake_photo("ben")] * (12 * FPS))
    first, last = (v.people[0].identification for v in (views[0], views[-1]))
    assert first.decision == "match"
    assert last.decision == "not_live"
    assert last.sample.liveness is not None
    assert "frozen_frames" in last.sample.liveness.reasons


def test_a_policy_that_asks_for_a_check_needs_one() -> None:
    with pytest.raises(ConfigError, match="no liveness check"):
        watcher(Known(), policy=Policy(liveness="report"))


def test_time_does_not_go_back() -> None:
    found = watcher(Known("ben"))
    seen(found, [fake_photo("ben")] * 3)
    with pytest.raises(InputError):
        found.see(frame(1, fake_photo("ben")))


def test_people_are_told_only_when_they_are_sure() -> None:
    found = watcher(Known("ben"), rules=replace(RULES, tracks=TrackRules(confirm=3, sure=1.1)))
    views = seen(found, [fake_photo("ben")] * 10)
    assert [len(v.people) for v in views[:3] if v.sought] == [0, 0, 1]
    assert isinstance(views[-1].people[0], Person)
