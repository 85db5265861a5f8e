from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from visavis.errors import ConfigError
from visavis.image import decode
from visavis.pipeline import Pipeline
from visavis.policy import Policy, QualityLimits
from visavis.testing import FakeDetector, FakeEmbedder, fake_photo
from visavis.types import Identification, Match, Sample, Threshold
from visavis.video.appearances import UNHURRIED, Part, SweepRules, sweep
from visavis.video.frames import Frame
from visavis.video.watch import Eyes, Watcher, WatchRules

EMBEDDER = FakeEmbedder()


def decide(sample: Sample) -> Identification:
    """Knows ada and ben."""
    found = []
    for name in ("ada", "ben"):
        photo = fake_photo(name)
        [own] = EMBEDDER.embed(photo, FakeDetector().detect(photo))
        found.append(Match(name, sample.embedding.similarity(own), "0" * 16))
    found.sort(key=lambda match: -match.score)
    return Identification(sample, tuple(found), Threshold(0.5))


def begin() -> Watcher:
    policy = Policy(limits=QualityLimits(min_size=5, min_sharpness=0, min_contrast=0))
    eyes = Eyes(FakeDetector(), lambda _, face: face)
    pipeline = Pipeline(FakeDetector(), EMBEDDER)
    return Watcher(pipeline, eyes, decide, policy, WatchRules(pace=UNHURRIED))


def film(*scenes: tuple[int, Sequence[str]]) -> Iterator[Frame]:
    """A picture a second: so many seconds with these people, and so on."""
    second = 0
    for seconds, people in scenes:
        for _ in range(seconds):
            yield Frame.of(fake_photo(*people, noise=2, seed=second), second, float(second))
            second += 1


def swept(*scenes: tuple[int, Sequence[str]], gap: float = 2.0) -> list[Part]:
    return list(sweep(film(*scenes), begin, SweepRules(gap=gap)))


def test_a_face_is_told_with_its_time_and_its_frames() -> None:
    [part] = swept((5, []), (10, ["ada"]), (5, []))
    assert part.span == (0.0, 19.0)
    [one] = part.appearances
    assert (one.subject, one.decision, one.spans) == ("ada", "match", ((5.0, 14.0),))
    assert set(one.frames) <= set(range(5, 15))
    assert one.score > 0.9


def test_short_absences_are_none() -> None:
    scenes: list[tuple[int, list[str]]] = [(5, ["ada"]), (3, []), (5, ["ada"])]
    [one] = swept(*scenes, gap=2.0)[0].appearances
    # who comes back is believed at the second sight
    assert one.spans == ((0.0, 4.0), (9.0, 12.0))
    [one] = swept(*scenes, gap=5.0)[0].appearances
    assert one.spans == ((0.0, 12.0),)


def test_a_place_that_changes_hands_is_two_people() -> None:
    for other in ("ben", "eve"):
        found = swept((12, ["ada"]), (12, [other]))[0].appearances
        assert found[0].subject == "ada"
        assert found[-1].subject == ("ben" if other == "ben" else None)
        assert found[0].spans[-1][1] < 15 < found[-1].spans[-1][1]


def test_parts_are_the_same_wherever_the_work_begins() -> None:
    scenes = (70, ["ada"]), (80, ["eve", "ben"])
    whole = swept(*scenes)
    rest = list(sweep(film(*scenes), begin, SweepRules(), after=0))
    assert [part.number for part in whole] == [0, 1, 2]
    assert [part.number for part in rest] == [1, 2]
    for wanted, found in zip(whole[1:], rest, strict=True):
        for a, b in zip(wanted.appearances, found.appearances, strict=True):
            assert (a.spans, a.frames, a.subject, a.score) == (
                b.spans,
                b.frames,
                b.subject,
                b.score,
            )
            assert np.array_equal(a.embedding.vector, b.embedding.vector)


def test_decisions_are_noted_once_a_face_and_time_is_told() -> None:
    noted, times = list[Identification](), list[float]()
    [_] = sweep(
        film((9, ["ada", "eve"])), begin, SweepRules(), note=noted.append, tick=times.append
    )
    assert sorted(one.subject or "" for one in noted) == ["", "ada"]
    assert times == [float(second) for second in range(9)]


def test_the_best_picture_is_kept_where_it_is_wanted() -> None:
    assert swept((5, ["eve"]))[0].appearances[0].shot is None
    [part] = sweep(film((5, ["eve"])), begin, SweepRules(shots=True))
    shot = part.appearances[0].shot
    assert shot is not None
    [face] = FakeDetector().detect(decode(shot.png))
    assert np.allclose(face.box, shot.box, atol=1)


def test_no_frames_are_no_parts() -> None:
    assert swept() == []


def test_rules_that_are_none_are_refused() -> None:
    for part, gap in ((0.0, 2.0), (60.0, -1.0)):
        with pytest.raises(ConfigError):
            SweepRules(part, gap)
