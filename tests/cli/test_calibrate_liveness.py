"""calibrate-liveness: the user's own thresholds, from folders to a table that decisions use."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from visavis.image import save
from visavis.liveness.fusion import Fused
from visavis.models.liveness_table import load
from visavis.targets import Combination, FusionTable, LivenessTable, LiveTarget, subsets
from visavis.testing import FakeLooker, fake_photo

Run = Callable[..., Any]
PACKAGED = LivenessTable(((0.9, 0.05, 0.5), (0.95, 0.1, 0.1)), "elsewhere, 1000", "elsewhere, 1000")


@pytest.fixture(autouse=True)
def fused(monkeypatch: pytest.MonkeyPatch) -> FusionTable:
    """Two networks, of which one can never tell; the other sees how bright a face is."""
    lookers = [FakeLooker("sees", -2.0, slope=6.0), FakeLooker("blind", None)]
    table = FusionTable(
        tuple(
            Combination(found, (1.0,) * len(found), 0.0, PACKAGED)
            for found in subsets(["sees", "blind"])
        )
    )
    build = import_module("visavis.build")
    monkeypatch.setattr(build, "build_fused", lambda settings: Fused(lookers, table))
    return table


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """40 live people, brighter and darker ones."""
    for i in range(40):
        shot(tmp_path / "people" / f"{i}.png", 200 - i)
    return tmp_path / "people"


@pytest.fixture
def tried(tmp_path: Path) -> Path:
    """30 live people, and 30 prints that are darker than most of them."""
    for i in range(30):
        shot(tmp_path / "tried" / "real" / f"{i}.png", 200 - i)
        shot(tmp_path / "tried" / "print" / f"{i}.png", 180 - 3 * i)
    return tmp_path / "tried"


def shot(path: Path, grey: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    photo = fake_photo("ada")
    photo[photo.any(axis=2)] = grey
    save(photo, path)


def test_live_people_alone_set_the_threshold(
    run_json: Run, people: Path, tmp_path: Path, fused: FusionTable
) -> None:
    out = tmp_path / "own.json"
    code, document = run_json("calibrate-liveness", "--live", people, "--out", out)
    assert code == 0
    own = load(out).of(["sees"])
    assert (own.table.bona_fide, own.table.attacks) == ("people, 40", "none")
    # the two darkest of 40, grey 161 and 162, may be refused: the third has 163
    limit = own.table.threshold(LiveTarget(bpcer=0.05))
    grey = [own.scores([[-2.0 + 6.0 * g / 255]])[0] for g in (162, 163)]
    assert grey[0] < limit <= grey[1]
    shown = next(t for t in document["tables"] if t["checks"] == ["sees"])
    assert {point["apcer"] for point in shown["points"]} == {None}
    assert document["file"] == str(out)


def test_sets_of_checks_without_answers_keep_their_thresholds(
    run: Run, people: Path, tmp_path: Path, fused: FusionTable
) -> None:
    out = tmp_path / "own.json"
    result = run("calibrate-liveness", "--live", people, "--out", out)
    assert result.exit_code == 0
    assert load(out).of(["blind"]) == fused.of(["blind"])
    assert load(out).of(["blind", "sees"]) == fused.of(["blind", "sees"])
    assert "too few answers of blind: it keeps the thresholds it had" in result.stderr
    assert "VISAVIS_LIVE_CALIBRATION" in result.stdout


def test_a_set_with_attacks_measures_both_rates(run_json: Run, tried: Path) -> None:
    code, document = run_json("calibrate-liveness", tried)
    assert code == 0
    own = next(t for t in document["tables"] if t["checks"] == ["sees"])
    assert (own["bona_fide"], own["attacks"]) == ("tried, 30", "tried, 30")
    rates = [(p["bpcer"], p["apcer"]) for p in own["points"]]
    assert rates[0] == (1 / 30, 1.0)
    # at the darkest live person, grey 171, no live person is refused and prints of 171 to 180
    # pass: 180, 177, 174 and 171, four of thirty
    assert (1 / 30, 4 / 30) in rates


def test_both_kinds_of_folders_count_together(run_json: Run, people: Path, tried: Path) -> None:
    _, document = run_json("calibrate-liveness", tried, "--live", people)
    own = next(t for t in document["tables"] if t["checks"] == ["sees"])
    assert (own["bona_fide"], own["attacks"]) == ("tried and people, 70", "tried, 30")


def test_a_folder_of_live_people_is_not_taken_for_a_set(run_json: Run, people: Path) -> None:
    code, document = run_json("calibrate-liveness", people)
    assert (code, document["error"]["code"]) == (2, "bad_dataset")


def test_nothing_to_measure_is_refused(run_json: Run, tmp_path: Path) -> None:
    code, document = run_json("calibrate-liveness")
    assert (code, document["error"]["code"]) == (2, "usage")
    shot(tmp_path / "few" / "1.png", 200)
    code, document = run_json("calibrate-liveness", "--live", tmp_path / "few")
    assert (code, document["error"]["code"]) == (2, "bad_dataset")


def test_what_few_people_can_show_is_said(
    run: Run, people: Path, monkeypatch: pytest.MonkeyPatch, fused: FusionTable
) -> None:
    """Two of 40: the exact interval of Clopper and Pearson is 0.6 % to 16.9 %."""
    build = import_module("visavis.build")
    alone = Fused([FakeLooker("sees", -2.0, slope=6.0)], fused)
    monkeypatch.setattr(build, "build_fused", lambda settings: alone)
    shown = run("calibrate-liveness", "--live", people).stdout
    assert "0.611 % to 16.9 % of others like them" in shown
    assert "not known" in shown
