from pathlib import Path

import pytest

from visavis.errors import ConfigError
from visavis.evaluate.streams.conditions import Strain
from visavis.evaluate.streams.measure import Streams, measure
from visavis.testing import FakeLiveness
from vivid import LENIENT, vivid_pipeline, vivid_set

NIGHT = Strain("dark", "light", "{} stops", (0.1, 8))
PAST = Strain("somebody in front", "occlusion", "{} s", (4,))


def measured(folder: Path, seed: int = 0, people: int = 2) -> Streams:
    pipeline, eyes = vivid_pipeline()
    return measure(
        pipeline,
        eyes,
        vivid_set(folder),
        people=people,
        enrolled=4,
        seed=seed,
        policy=LENIENT,
        strains=(NIGHT, PAST),
        acts=(),
    )


def test_counts_are_those_of_the_strain(tmp_path: Path) -> None:
    found = measured(tmp_path)
    assert (found.people, found.strangers, found.enrolled) == (2, 2, 4)
    assert found.names == ("dark", "somebody in front")
    dusk, night, past = found.cells
    for cell in (found.baseline, dusk):
        assert (cell.named.events, cell.named.trials) == (2, 2)
        assert 0 < cell.seconds < 2
        assert (cell.strangers.events, cell.strangers.trials) == (0, 1)
        assert (cell.misnamed.events, cell.unseen.events, cell.switches) == (0, 0, 0)
        assert cell.lost < 0.2
    assert night.named.events == 0
    assert night.seconds != night.seconds  # NaN: nobody was named
    assert (night.unseen.events, night.unseen.trials, night.lost) == (3, 3, 1)
    assert past.strangers.trials == 2
    assert past.named.events == 2


def test_the_same_seed_measures_the_same(tmp_path: Path) -> None:
    assert repr(measured(tmp_path)) == repr(measured(tmp_path))  # NaN equals NaN in words alone


def test_less_than_asked_for_is_noted(tmp_path: Path) -> None:
    found = measured(tmp_path, people=9)
    assert any(note.startswith("9 people to show were asked for") for note in found.notes)


def test_attacks_are_presented_with_liveness_required(tmp_path: Path) -> None:
    pipeline, eyes = vivid_pipeline(FakeLiveness(0.1, reasons=("looks_like_screen",)))
    seen = list[tuple[int, int]]()
    found = measure(
        pipeline,
        eyes,
        vivid_set(tmp_path),
        people=1,
        enrolled=1,
        policy=LENIENT,
        check="fake",
        strains=(),
        acts=("frozen",),
        progress=lambda done, of: seen.append((done, of)),
    )
    [frozen] = found.presented
    assert (frozen.act, frozen.accepted.events, frozen.accepted.trials) == ("frozen", 0, 1)
    assert found.baseline.named.events == 1  # liveness is off in the streams
    assert seen == [(1, 2), (2, 2)]


def test_attacks_need_a_check(tmp_path: Path) -> None:
    pipeline, eyes = vivid_pipeline()
    with pytest.raises(ConfigError, match="no liveness check"):
        measure(pipeline, eyes, vivid_set(tmp_path), people=1, strains=(), acts=("live",))
