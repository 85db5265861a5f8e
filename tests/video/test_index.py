from pathlib import Path

import pytest

from visavis.build import build_eyes, build_pipeline
from visavis.settings import Settings
from visavis.testing import FakeDetector, FakeEmbedder, fake_photo
from visavis.types import Decision, Embedding, Identification, Threshold
from visavis.video.appearances import UNHURRIED, Appearance, Part, Span, SweepRules, sweep
from visavis.video.index import Filmed, joined, presences, unclear
from visavis.video.sources import open_source
from visavis.video.watch import Watcher, WatchRules


def look(person: str, seed: int) -> Embedding:
    photo = fake_photo(person, noise=2, seed=seed)
    return FakeEmbedder().embed(photo, FakeDetector().detect(photo))[0]


def seen(
    person: str, first: int, last: int, subject: str | None = None, decision: Decision = "unknown"
) -> Appearance:
    """Somebody who was found once a second."""
    told: Decision = "match" if subject else decision
    spans, frames = ((float(first), float(last)),), tuple(range(first, last + 1))
    return Appearance(spans, frames, subject, first / 100, told, 0.5, look(person, first))


def filmed(name: str, *appearances: Appearance, end: float = 50.0) -> Filmed:
    return Filmed(name, (Part(0, (0.0, end), appearances),))


def test_everybody_is_told_once_a_film() -> None:
    film = filmed("a", seen("ada", 10, 20, "ada"), seen("ada", 40, 45, "ada"), seen("eve", 0, 9))
    ada, eve = presences([film], 0.5, 2.0)
    assert (ada.subject, ada.stays, ada.score) == ("ada", ((10.0, 20.0), (40.0, 45.0)), 0.4)
    assert ada.share == pytest.approx(15 / 50)
    assert (eve.subject, eve.stranger, eve.score) == (None, 1, None)


def test_strangers_have_one_number_in_all_films() -> None:
    one = filmed("a", seen("eve", 0, 5), seen("dan", 10, 40))
    two = filmed("b", seen("eve", 3, 9))
    found = presences([one, two], 0.5, 2.0)
    assert [(p.film, p.stranger) for p in found] == [("a", 1), ("a", 2), ("b", 2)]


def test_who_is_in_one_frame_is_not_one_person() -> None:
    film = filmed("a", seen("eve", 0, 5), seen("eve", 5, 9))
    assert [p.stranger for p in presences([film], 0.5, 2.0)] == [1, 2]
    film = filmed("a", seen("eve", 0, 5), seen("eve", 6, 9))
    assert [p.stranger for p in presences([film], 0.5, 2.0)] == [1]


def test_of_whom_nothing_can_be_said_only_the_number_is_told() -> None:
    film = filmed("a", seen("eve", 0, 5, decision="low_quality"), seen("dan", 0, 5))
    assert unclear(film) == 1
    assert [p.stranger for p in presences([film], 0.5, 2.0)] == [1]


def test_a_film_of_one_picture_is_full_of_who_is_in_it() -> None:
    [one] = presences([filmed("a", seen("eve", 0, 0), end=0.0)], 0.5, 2.0)
    assert one.share == 1.0


@pytest.mark.parametrize(
    ("spans", "wanted"),
    [
        ([], ()),
        ([(5, 6), (0, 1)], ((0, 1), (5, 6))),
        ([(0, 1), (3, 4)], ((0, 4),)),
        ([(0, 9), (1, 2), (8, 10)], ((0, 10),)),
    ],
)
def test_spans_are_joined(spans: list[Span], wanted: tuple[Span, ...]) -> None:
    assert joined(spans, 2.0) == wanted


def test_strangers_of_a_real_film_have_the_same_number_when_it_is_shown_again(
    test_data: Path,
) -> None:
    clip = test_data / "video" / "people.mp4"
    if not clip.exists():
        pytest.skip("the evaluation data have no people.mp4")
    settings = Settings.load()
    pipeline = build_pipeline(settings)

    def begin() -> Watcher:
        return Watcher(
            pipeline,
            build_eyes(pipeline.detector),
            lambda sample: Identification(sample, (), Threshold(1.0)),
            settings.policy,
            WatchRules(pace=UNHURRIED),
        )

    rules, limit = SweepRules(part=2.0), settings.policy.verification
    films = [
        Filmed(name, tuple(sweep(open_source(str(clip)).frames(), begin, rules)))
        for name in ("once", "again")
    ]
    found = presences(films, limit(pipeline.embedder.calibration).score, 2.0)
    once, again = ([p for p in found if p.film == name] for name in ("once", "again"))
    assert len(once) >= 5
    assert [(p.stranger, p.stays) for p in once] == [(p.stranger, p.stays) for p in again]
    assert max(p.share for p in once) > 0.9
