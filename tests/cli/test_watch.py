"""Folders of pictures stand for streams: they are exact, as the fakes need it."""

import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from visavis.image import save
from visavis.testing import FakeDetector, fake_photo
from visavis.video.sources import open_source
from visavis.video.watch import Eyes

Run = Callable[..., Result]
RunJson = Callable[..., tuple[int, dict[str, Any]]]
Shoot = Callable[..., str]


@pytest.fixture(autouse=True)
def small_faces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fake faces are small and flat."""
    limits = {"min_size": 5, "min_sharpness": 0, "min_contrast": 0, "min_score": 0}
    monkeypatch.setenv("VISAVIS_LIMITS", json.dumps(limits))
    build = import_module("visavis.build")
    monkeypatch.setattr(
        build, "build_eyes", lambda detector: Eyes(FakeDetector(), lambda _, face: face)
    )


@pytest.fixture
def door(tmp_path: Path) -> Path:
    """Nobody, then ada for a while, then nobody; a picture a second."""
    folder = tmp_path / "door"
    folder.mkdir()
    for number in range(24):
        people = ["ada"] if 4 <= number < 14 else []
        save(fake_photo(*people, noise=2, seed=number), folder / f"{number:03}.png")
    return folder


@pytest.fixture
def ada(run: Run, shoot: Shoot) -> None:
    assert run("enrol", "ada", shoot("ada")).exit_code == 0


@pytest.mark.usefixtures("ada")
def test_who_comes_and_goes_is_said_and_kept(run: Run, door: Path) -> None:
    result = run("watch", door)
    assert result.exit_code == 0, result.output
    lines = [line for line in result.stdout.splitlines() if "ada" in line]
    assert ["entered" in lines[0], "identified" in lines[1], "left" in lines[2]] == [True] * 3
    assert "24" in result.stdout
    from visavis.build import build_gallery
    from visavis.settings import Settings

    with build_gallery(Settings.load()) as gallery:
        kept = gallery.open_collection("default").sightings.events()
        recorded = [r for r in gallery.audit_tail(20) if r.action == "identify"]
    assert [(e.told.kind.value, e.told.subject) for e in kept] == [
        ("entered", "ada"),
        ("identified", "ada"),
        ("left", "ada"),
    ]
    assert len(recorded) == 1
    assert recorded[0].details["decision"] == "match"


@pytest.mark.usefixtures("ada")
def test_one_document_says_it_all(run_json: RunJson, door: Path, tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    code, document = run_json("watch", door, "--events", events, "--no-keep")
    assert code == 0
    assert document["events"] == {"entered": 1, "identified": 1, "left": 1}
    assert document["subjects"] == {"ada": 1}
    assert document["streams"][0]["frames"] == 24
    lines = [json.loads(line) for line in events.read_text().splitlines()]
    assert [line["kind"] for line in lines] == ["entered", "identified", "left"]
    assert {line["subject"] for line in lines} == {"ada"}
    assert events.stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("ada")
def test_it_can_ask_for_one_person(run_json: RunJson, door: Path, shoot: Shoot) -> None:
    assert run_json("watch", door, "--verify", "ada")[0] == 0
    assert run_json("enrol", "ben", shoot("ben"))[0] == 0
    code, document = run_json("watch", door, "--verify", "ben")
    assert code == 1
    assert document["subjects"] == {}


@pytest.mark.usefixtures("ada")
def test_liveness_may_be_required(
    run_json: RunJson, door: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, document = run_json("watch", door, "--verify", "ada", "--require-liveness")
    assert (code, document["subjects"]) == (0, {"ada": 1})
    from visavis.pipeline import Pipeline
    from visavis.testing import FakeEmbedder, FakeLiveness

    spoof = Pipeline(FakeDetector(), FakeEmbedder(), FakeLiveness(0.1))
    monkeypatch.setattr(import_module("visavis.build"), "build_pipeline", lambda settings: spoof)
    code, document = run_json("watch", door, "--verify", "ada", "--require-liveness")
    assert (code, document["subjects"]) == (1, {})
    assert document["events"]["spoof_suspected"] == 1


@pytest.mark.usefixtures("ada")
def test_an_annotated_film_is_written(run: Run, door: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    assert run("watch", door, "--out", out).exit_code == 0
    frames = list(open_source(str(out)).frames())
    assert len(frames) == 24
    green = frames[8].image.astype(int)
    assert (green[..., 1] - green[..., 0] > 60).any()  # the box of a match


@pytest.mark.usefixtures("ada")
def test_strangers_are_told_unless_unwanted(run_json: RunJson, tmp_path: Path) -> None:
    folder = tmp_path / "street"
    folder.mkdir()
    for number in range(6):
        save(fake_photo("cleo", noise=2, seed=number), folder / f"{number}.png")
    assert run_json("watch", folder)[1]["events"] == {"entered": 1, "left": 1, "unknown": 1}
    assert run_json("watch", folder, "--no-strangers")[1]["events"] == {}


@pytest.mark.usefixtures("ada")
def test_several_streams_are_watched_at_once(run_json: RunJson, door: Path, tmp_path: Path) -> None:
    code, document = run_json("watch", door, tmp_path / "missing.mp4")
    assert code == 2
    assert [s["error"] for s in document["streams"]] == [None, "bad_stream"]
    assert document["subjects"] == {"ada": 1}
    assert run_json("watch", door, door, "--out", tmp_path / "x.mp4")[0] == 2


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize(
    ("words", "code"),
    [(("--verify", "nobody"), "unknown_subject"), (("--bpcer", "0.1"), "usage")],
)
def test_what_cannot_be_done_is_said_before_anything_is_read(
    run_json: RunJson, door: Path, words: tuple[str, ...], code: str
) -> None:
    exit_code, document = run_json("watch", door, *words)
    assert exit_code == 2
    assert document["error"]["code"] == code


def test_without_a_gallery_nobody_can_be_known(run_json: RunJson, door: Path) -> None:
    exit_code, document = run_json("watch", door)
    assert exit_code == 3
    assert document["error"]["code"] == "config"
