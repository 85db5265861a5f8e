"""The command line with the real models on real photos."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from visavis.cli.app import app
from visavis.demo import COLLINS, HOPPER, portraits
from visavis.image import save
from visavis.types import Image

Run = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def run() -> Run:
    """Runs `visavis … --json` and gives the exit code and the document."""

    def invoke(*words: object) -> tuple[int, dict[str, Any]]:
        result = CliRunner().invoke(app, [*map(str, words), "--json"], prog_name="visavis")
        document: dict[str, Any] = json.loads(result.stdout)
        return result.exit_code, document

    return invoke


def beside(*pictures: Image) -> Image:
    """The pictures side by side on black."""
    height = max(picture.shape[0] for picture in pictures)
    padded = (np.pad(p, ((0, height - p.shape[0]), (0, 0), (0, 0))) for p in pictures)
    return np.hstack(list(padded))


@pytest.fixture
def photos(tmp_path: Path) -> dict[str, Path]:
    """Two portraits, a mirrored one, and both people in one picture."""
    pytest.importorskip("skimage", reason="the demo extra is not installed")
    people = portraits()
    collins, hopper = people[COLLINS], people[HOPPER]
    pictures: dict[str, Image] = {
        "collins": collins,
        "mirrored": np.ascontiguousarray(collins[:, ::-1]),
        "hopper": hopper,
        "both": beside(collins, hopper),
    }
    for name, picture in pictures.items():
        save(picture, tmp_path / f"{name}.jpg")
    return {name: tmp_path / f"{name}.jpg" for name in pictures}


def test_compare(run: Run, photos: dict[str, Path]) -> None:
    assert run("compare", photos["collins"], photos["mirrored"])[0] == 0
    assert run("compare", photos["collins"], photos["hopper"])[0] == 1


def test_the_life_of_a_gallery(run: Run, photos: dict[str, Path], tmp_path: Path) -> None:
    assert run("enrol", "collins", photos["collins"])[0] == 0
    assert run("verify", "collins", photos["mirrored"])[0] == 0
    assert run("verify", "collins", photos["hopper"])[0] == 1
    code, document = run("identify", photos["both"], "--draw", tmp_path / "drawn.jpg")
    subjects = [face["subject"] for face in document["results"][0]["faces"]]
    assert (code, sorted(map(str, subjects))) == (0, ["None", "collins"])
    assert (tmp_path / "drawn.jpg").is_file()
    assert run("enrol", "hopper", photos["hopper"])[0] == 0
    document = run("identify", photos["both"])[1]
    assert {f["subject"] for f in document["results"][0]["faces"]} == {"collins", "hopper"}
    assert run("enrol", "impostor", photos["mirrored"])[0] == 2
    assert run("subjects", "forget", "collins", "--yes")[0] == 0
    assert run("identify", photos["mirrored"])[0] == 1
    assert run("audit", "verify")[1]["anchored"] is True


def test_detect_and_embed(run: Run, photos: dict[str, Path], tmp_path: Path) -> None:
    faces = run("detect", photos["both"])[1]["results"][0]["faces"]
    assert len(faces) == 2
    out = tmp_path / "all.npz"
    assert run("embed", tmp_path, "--out", out)[1]["faces"] == 5
    with np.load(out, allow_pickle=False) as file:
        assert file["vectors"].shape == (5, 128)
        rows = {name: file["vectors"][file["files"] == f"{name}.jpg"][0] for name in photos}
    assert rows["collins"] @ rows["mirrored"] > 0.8
    assert rows["collins"] @ rows["hopper"] < 0.3


def test_doctor(run: Run) -> None:
    code, document = run("doctor")
    assert (code, document["healthy"]) == (0, True)


def test_the_installed_program_compares_without_a_gallery(photos: dict[str, Path]) -> None:
    words = [sys.executable, "-m", "visavis", "compare", photos["collins"], photos["mirrored"]]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "match: one person" in done.stdout
    assert done.stderr == ""


def test_ten_people_by_the_command_line_alone(run: Run, test_data: Path, tmp_path: Path) -> None:
    folders = sorted((test_data / "lfw" / "images").iterdir())
    many = [f for f in folders if len(list(f.iterdir())) >= 6]
    people = {f.name: sorted(f.iterdir()) for f in many[:: len(many) // 10][:10]}
    for name, files in people.items():
        (tmp_path / "staff" / name).mkdir(parents=True)
        shutil.copy(files[0], tmp_path / "staff" / name)
    code, document = run("enrol", "--from-folder", tmp_path / "staff", "--face", "central")
    assert (code, len(document["enrolled"])) == (0, 10), document
    probes = {file: name for name, files in people.items() for file in files[1:6]}
    code, document = run("identify", *probes)
    assert code == 0
    named = {
        Path(result["file"]): {f["subject"] for f in result["faces"]} - {None}
        for result in document["results"]
    }
    assert all(found <= {probes[file]} for file, found in named.items()), "somebody was misnamed"
    assert sum(bool(found) for found in named.values()) >= 45
