import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from visavis.image import decode
from visavis.testing import FakeDetector
from visavis.video.watch import Eyes

Run = Callable[..., Result]
RunJson = Callable[..., tuple[int, dict[str, Any]]]
Shoot = Callable[..., str]


@pytest.fixture(autouse=True)
def small_faces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fake faces are small and flat."""
    limits = {"min_size": 5, "min_sharpness": 0, "min_contrast": 0, "min_score": 0}
    monkeypatch.setenv("VISAVIS_LIMITS", json.dumps(limits))
    eyes = Eyes(FakeDetector(), lambda _, face: face)
    monkeypatch.setattr(import_module("visavis.cli.filming"), "build_eyes", lambda detector: eyes)


@pytest.fixture
def party(tmp_path: Path, shoot: Shoot) -> Path:
    """Ada four times, ben three times, cleo twice, dan once; a file that is no picture."""
    for number, people in enumerate(
        (["ada", "ben"], ["ben", "ada"], ["ada", "cleo"], ["ada"], ["ben"], ["dan", "cleo"])
    ):
        shoot(*people, seed=number, at=f"party/{number}.png")
    (tmp_path / "party" / "broken.jpg").write_bytes(b"no picture")
    return tmp_path / "party"


def faces(person: dict[str, Any]) -> set[str]:
    return {Path(face["source"]).stem for face in person["faces"]}


def test_faces_are_grouped_the_most_frequent_first(run_json: RunJson, party: Path) -> None:
    code, document = run_json("cluster", party)
    assert code == 0
    assert [p["finds"] for p in document["people"]] == [4, 3, 2]
    assert [faces(p) for p in document["people"]] == [set("0123"), set("014"), set("25")]
    assert (document["faces"], document["unreadable"], document["known"]) == (10, 1, {})
    assert document["fmr"] == pytest.approx(1e-4)
    assert run_json("cluster", party) == (0, document)
    assert len(run_json("cluster", party, "--least", 1)[1]["people"]) == 4


def test_without_a_gallery_none_is_made(run_json: RunJson, party: Path) -> None:
    from visavis.settings import Settings

    run_json("cluster", party)
    assert not Settings.load().gallery.exists()


def test_a_person_can_be_enrolled(run_json: RunJson, party: Path, shoot: Shoot) -> None:
    code, document = run_json("cluster", party, "--enrol", "1=ada", "--enrol", "2=ben")
    assert code == 0
    assert [(e["subject"], e["templates"]) for e in document["enrolled"]] == [
        ("ada", 4),
        ("ben", 3),
    ]
    assert run_json("verify", "ada", shoot("ada", seed=77))[0] == 0
    _, document = run_json("cluster", party)
    assert document["known"] == {"ada": 4, "ben": 3}
    assert [faces(p) for p in document["people"]] == [set("25")]


def test_a_person_who_is_enrolled_under_another_name_is_refused(
    run: Run, run_json: RunJson, party: Path, shoot: Shoot
) -> None:
    assert run("enrol", "ada", shoot("ada")).exit_code == 0
    code, document = run_json("cluster", party, "--enrol", "1=ada")  # another face
    assert code == 1
    assert document["enrolled"][0]["error"] is not None


def test_groups_that_changed_are_not_enrolled(run_json: RunJson, party: Path, shoot: Shoot) -> None:
    _, document = run_json("cluster", party)
    for seed in (50, 51, 52):
        shoot("cleo", seed=seed, at=f"party/{seed}.png")
    words = ("cluster", party, "--enrol", "1=ada", "--check", document["code"])
    code, document = run_json(*words)
    assert (code, document["error"]["code"]) == (2, "usage")


@pytest.mark.parametrize("word", ["9=ada", "ada", "1=", "x=ada"])
def test_what_nobody_is_cannot_be_enrolled(run_json: RunJson, party: Path, word: str) -> None:
    code, document = run_json("cluster", party, "--enrol", word)
    assert (code, document["error"]["code"]) == (2, "usage")


def test_each_person_has_a_sheet(run_json: RunJson, party: Path, tmp_path: Path) -> None:
    _, document = run_json("cluster", party, "--sheets", tmp_path / "sheets")
    sheets = [Path(p["sheet"]) for p in document["people"]]
    assert [s.name for s in sheets] == ["person-001.png", "person-002.png", "person-003.png"]
    assert all(s.stat().st_mode & 0o777 == 0o600 for s in sheets)
    widths = [decode(s).shape[1] for s in sheets]
    assert widths[0] > widths[1] > widths[2]


def test_it_reads_as_a_table(run: Run, party: Path) -> None:
    result = run("cluster", party)
    assert result.exit_code == 0, result.output
    rows = [line.split() for line in result.stdout.splitlines()]
    assert [row[:2] for row in rows if row and row[0] in "123"] == [
        ["1", "4"],
        ["2", "3"],
        ["3", "2"],
    ]


def test_faces_of_films_are_followed_and_can_be_enrolled(
    run_json: RunJson, tmp_path: Path, shoot: Shoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from visavis.video.sources import open_source

    film, frames = tmp_path / "film.mp4", tmp_path / "frames"
    film.touch()
    for second in range(12):
        shoot("ada", "eve", seed=second, at=f"frames/{second:02}.png")
    strangers = import_module("visavis.cli.strangers")
    monkeypatch.setattr(strangers, "open_film", lambda path, settings: open_source(str(frames)))
    words = ("cluster", film, shoot("eve", seed=50))
    code, document = run_json(*words, "--sheets", tmp_path / "sheets", "--enrol", "1=eve")
    assert code == 0
    eve, ada = document["people"]
    assert (eve["finds"], ada["finds"]) == (ada["finds"] + 1, ada["finds"])
    assert {Path(face["source"]).name for face in eve["faces"]} == {"film.mp4", "eve-50.png"}
    [followed] = ada["faces"]
    assert (followed["first"], followed["last"]) == ("0:00:00.0", "0:00:11.0")
    assert document["enrolled"] == [{"person": 1, "subject": "eve", "templates": 2, "error": None}]
    assert run_json("verify", "eve", shoot("eve", seed=77))[0] == 0


def test_an_empty_folder_is_said(run_json: RunJson, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    code, document = run_json("cluster", tmp_path / "empty")
    assert (code, document["error"]["code"]) == (2, "input")
