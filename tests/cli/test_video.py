"""Folders of pictures stand for films: they are exact, as the fakes need it."""

import csv
import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from visavis.cli.video import clock
from visavis.image import save
from visavis.testing import FakeDetector, FakeEmbedder, fake_photo
from visavis.types import Embedding, Image
from visavis.video.watch import Eyes

Run = Callable[..., Result]
RunJson = Callable[..., tuple[int, dict[str, Any]]]
Shoot = Callable[..., str]
CAST = (  # who is there from one second to another: three parts of a minute
    (5, 20, ("ada",)),
    (20, 30, ("ada", "cleo")),
    (50, 75, ("cleo",)),
    (100, 110, ("dan",)),
    (130, 150, ("ada",)),
)


@pytest.fixture(autouse=True)
def small_faces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fake faces are small and flat."""
    limits = {"min_size": 5, "min_sharpness": 0, "min_contrast": 0, "min_score": 0}
    monkeypatch.setenv("VISAVIS_LIMITS", json.dumps(limits))
    eyes = Eyes(FakeDetector(), lambda _, face: face)
    monkeypatch.setattr(import_module("visavis.build"), "build_eyes", lambda detector: eyes)
    monkeypatch.setattr(import_module("visavis.cli.filming"), "build_eyes", lambda detector: eyes)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    folder = tmp_path / "film"
    folder.mkdir()
    for second in range(160):
        here = next((who for first, last, who in CAST if first <= second < last), ())
        save(fake_photo(*here, noise=2, seed=second), folder / f"{second:03}.png")
    return folder


@pytest.fixture
def ada(run: Run, shoot: Shoot) -> None:
    assert run("enrol", "ada", shoot("ada")).exit_code == 0


def stays(person: dict[str, Any]) -> list[tuple[str, str]]:
    return [(stay["first"], stay["last"]) for stay in person["stays"]]


@pytest.mark.usefixtures("ada")
def test_who_appears_when_is_said(run_json: RunJson, film: Path) -> None:
    code, document = run_json("video", "index", film)
    assert code == 0
    [found] = document["films"]
    assert (found["first"], found["last"], found["unclear"]) == ("0:00:00.0", "0:02:39.0", 0)
    people = {p["subject"] or p["stranger"]: p for p in found["people"]}
    assert list(people) == ["ada", 1, 2]
    assert stays(people["ada"]) == [("0:00:05.0", "0:00:29.0"), ("0:02:10.0", "0:02:29.0")]
    assert stays(people[1]) == [("0:00:20.0", "0:00:29.0"), ("0:00:50.0", "0:01:14.0")]
    assert stays(people[2]) == [("0:01:40.0", "0:01:49.0")]
    assert people["ada"]["share"] == pytest.approx((24 + 19) / 159, abs=1e-4)
    assert people["ada"]["score"] > 0.9
    assert people[1]["score"] is None


@pytest.mark.usefixtures("ada")
def test_it_is_a_table_and_a_file_too(run: Run, film: Path, tmp_path: Path) -> None:
    file = tmp_path / "who.csv"
    result = run("video", "index", film, "--csv", file)
    assert result.exit_code == 0, result.output
    lines = [line for line in result.stdout.splitlines() if "0:" in line]
    assert len(lines) == 5
    assert lines[0].split() == ["ada", "0:00:05.0", "0:00:29.0", *lines[0].split()[3:]]
    with file.open(newline="") as rows:
        table = list(csv.DictReader(rows))
    assert [(row["subject"], row["stranger"]) for row in table] == [
        ("ada", ""),
        ("ada", ""),
        ("", "1"),
        ("", "1"),
        ("", "2"),
    ]
    assert table[1]["first"] == "0:02:10.0"
    assert file.stat().st_mode & 0o777 == 0o600


class Stopping(FakeEmbedder):
    """Ends the run at its n-th call, as a kill would, and counts what is asked of it."""

    def __init__(self, stop: int | None) -> None:
        super().__init__()
        self.calls = 0
        self._stop = stop

    def embed(self, image: Image, faces: Any) -> list[Embedding]:
        self.calls += 1
        if self.calls == self._stop:
            raise KeyboardInterrupt
        return super().embed(image, faces)


def embedding(monkeypatch: pytest.MonkeyPatch, stop: int | None) -> Stopping:
    from visavis.pipeline import Pipeline

    made = Stopping(stop)
    pipeline = Pipeline(FakeDetector(), made)
    monkeypatch.setattr(import_module("visavis.build"), "build_pipeline", lambda settings: pipeline)
    return made


@pytest.mark.usefixtures("ada")
def test_a_run_that_was_stopped_goes_on_and_ends_the_same(
    run_json: RunJson, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = embedding(monkeypatch, None)
    _, wanted = run_json("video", "index", film)
    embedding(monkeypatch, whole.calls - 2)
    code, document = run_json("video", "index", film)
    assert (code, document["error"]["code"]) == (130, "interrupted")
    assert "go on" in document["error"]["message"]
    rest = embedding(monkeypatch, None)
    assert run_json("video", "index", film) == (0, wanted)
    assert rest.calls < whole.calls / 2
    again = embedding(monkeypatch, None)  # a run that ended leaves nothing to go on from
    assert run_json("video", "index", film) == (0, wanted)
    assert again.calls == whole.calls


@pytest.mark.usefixtures("ada")
def test_what_is_kept_of_a_stopped_run_cannot_be_read(
    run_json: RunJson, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from visavis.settings import Settings

    whole = embedding(monkeypatch, None)
    run_json("video", "index", film)
    folder = Settings.load().cache_dir / "films"
    assert not list(folder.iterdir())
    embedding(monkeypatch, whole.calls - 2)
    run_json("video", "index", film)
    [kept] = folder.iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert b"ada" not in kept.read_bytes()
    assert "film" not in kept.stem
    fresh = embedding(monkeypatch, None)
    assert run_json("video", "index", film, "--fresh")[0] == 0
    assert fresh.calls == whole.calls


@pytest.mark.usefixtures("ada")
def test_a_changed_gallery_begins_anew(
    run_json: RunJson, film: Path, monkeypatch: pytest.MonkeyPatch, run: Run, shoot: Shoot
) -> None:
    whole = embedding(monkeypatch, None)
    run_json("video", "index", film)
    embedding(monkeypatch, whole.calls - 2)
    run_json("video", "index", film)
    embedding(monkeypatch, None)
    assert run("enrol", "cleo", shoot("cleo")).exit_code == 0
    _, document = run_json("video", "index", film)
    assert [p["subject"] for p in document["films"][0]["people"]] == ["ada", "cleo", None]


@pytest.mark.usefixtures("ada")
def test_strangers_have_one_number_in_all_films(
    run_json: RunJson, film: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for second in range(12):
        save(fake_photo("dan", noise=2, seed=900 + second), other / f"{second}.png")
    _, document = run_json("video", "index", film, other)
    numbers = [[p["stranger"] for p in f["people"]] for f in document["films"]]
    assert numbers == [[None, 1, 2], [2]]


@pytest.mark.usefixtures("ada")
def test_what_is_no_film_is_refused(run_json: RunJson, tmp_path: Path) -> None:
    for word in ("0", "rtsp://camera.example/", str(tmp_path / "missing.mp4")):
        code, document = run_json("video", "index", word)
        assert (code, document["error"]["code"]) == (2, "bad_stream")


def test_times_read_as_hours_minutes_and_seconds() -> None:
    assert clock(0) == "0:00:00.0"
    assert clock(59.96) == "0:01:00.0"
    assert clock(36_000 + 61.25) == "10:01:01.2"
