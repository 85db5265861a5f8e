from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from visavis.gallery.gallery import Gallery
from visavis.gallery.sighting import Sighted
from visavis.gallery.sightings import Sightings
from visavis.gallery.vault import Keyring
from visavis.pipeline import Pipeline
from visavis.policy import Policy
from visavis.testing import FakeDetector, FakeEmbedder, fake_photo
from visavis.types import Face, Identification, Match, Threshold
from visavis.video.frames import Frame
from visavis.video.lookout import Lookout, cut, since
from visavis.video.sightings import Presences, SightingPolicy
from visavis.video.watch import Person, View

START = datetime(2026, 1, 1, tzinfo=UTC)
[SAMPLE] = Pipeline(FakeDetector(), FakeEmbedder()).samples(fake_photo("ada"), Policy())
ADA = Identification(SAMPLE, (Match("ada", 0.9, "t"),), Threshold(0.5, 0.01))


@pytest.fixture
def keep(tmp_path: Path) -> Iterator[Sightings]:
    with Gallery(tmp_path / "g", Keyring([bytes(32)])) as gallery:
        people = gallery.collection("default", model="fake-1", dim=32)
        people.enrol("ada", [SAMPLE.embedding], qualities=[0.5])
        yield people.sightings


def frame(number: int) -> Frame:
    return Frame.of(fake_photo("ada"), number, number / 2)


def view(number: int, *, people: bool = True, sought: bool = True, changed: bool = False) -> View:
    seen = (Person(7, 0.0, ADA, look=True, changed=changed),) if people else ()
    return View(number, number / 2, seen, sought)


def lookout(told: list[Sighted], keep: Sightings | None = None, **given: bool) -> Lookout:
    def tell(events: Sequence[Sighted]) -> None:
        if keep is not None:  # what is told is on disk by then
            assert keep.last() >= len(told) + len(events)
        told.extend(events)

    presences = Presences("door", SightingPolicy(confirm_frames=2, absence_timeout=3))
    return Lookout(presences, keep=keep, tell=tell, when=since(START), **given)


def kinds(told: Sequence[Sighted]) -> list[str]:
    return [one.kind.value for one in told]


def test_views_become_events_that_are_kept_before_they_are_told(keep: Sightings) -> None:
    told: list[Sighted] = []
    watching = lookout(told, keep)
    for number in range(4):
        watching(frame(number), view(number))
    for number in range(4, 14):
        watching(frame(number), view(number, people=False))
    assert kinds(told) == ["entered", "identified", "left"]
    assert [e.told.subject for e in keep.events()] == ["ada"] * 3
    assert told[0].first_seen == START
    assert told[0].at == START + timedelta(seconds=0.5)


def test_frames_in_which_nobody_was_sought_say_nothing() -> None:
    told: list[Sighted] = []
    watching = lookout(told)
    watching(frame(0), view(0))
    for number in range(1, 30):
        watching(frame(number), view(number, people=False, sought=False))
    watching(frame(30), view(1))
    assert "left" not in kinds(told)


def test_the_end_of_a_stream_is_everybodys_leaving() -> None:
    told: list[Sighted] = []
    watching = lookout(told)
    for number in range(4):
        watching(frame(number), view(number))
    watching.close()
    assert kinds(told) == ["entered", "identified", "left"]
    lookout(told).close()  # of one without a frame, nothing
    assert len(told) == 3


def test_only_new_decisions_are_for_the_audit_log() -> None:
    noted: list[Identification] = []
    watching = Lookout(Presences("door"), note=noted.append, when=since(START))
    for number in range(5):
        watching(frame(number), view(number, changed=number == 1))
    assert noted == [ADA]


@pytest.mark.parametrize("shots", [True, False])
def test_a_best_shot_is_kept_only_where_it_is_wanted(keep: Sightings, shots: bool) -> None:
    told: list[Sighted] = []
    watching = lookout(told, keep, shots=shots)
    for number in range(4):
        watching(frame(number), view(number))
    watching.close()
    shot = keep.shot(told[0].sighting)
    assert (shot is not None) == shots
    if shot is not None:
        assert np.array_equal(shot, cut(fake_photo("ada"), SAMPLE.face))


def test_live_streams_tell_the_time_of_the_wall() -> None:
    told: list[Sighted] = []
    watching = Lookout(Presences("door", SightingPolicy(confirm_frames=1)), tell=told.extend)
    before = datetime.now(UTC)
    watching(frame(0), view(0))
    assert before <= told[0].at <= datetime.now(UTC)


def test_a_shot_is_the_face_and_what_is_around_it() -> None:
    marks = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]])
    image = np.random.default_rng(0).integers(0, 255, (400, 600, 3), np.uint8)
    face = Face((100, 100, 200, 200), marks * 100 + 100, 0.9)
    assert np.array_equal(cut(image, face), image[60:240, 60:240])
    corner = Face((-50, -50, 50, 50), marks * 100 - 50, 0.9)
    assert cut(image, corner).shape == (90, 90, 3)
    large = Face((0, 0, 390, 390), marks * 390, 0.9)
    assert max(cut(image, large).shape) == 256
