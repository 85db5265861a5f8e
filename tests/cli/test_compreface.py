"""compreface import: photos, and embeddings where they are this model's own."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from visavis.cli import compreface
from visavis.testing import FakeDetector, FakeEmbedder, fake_photo

Run = Callable[..., Any]


def vector(person: str, seed: int = 0) -> list[float]:
    image = fake_photo(person, noise=3, seed=seed)
    [embedding] = FakeEmbedder().embed(image, FakeDetector().detect(image))
    return [float(value) for value in embedding.vector]


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """Two people's embeddings as this model makes them, as JSON."""
    rows = [
        {"subject": "ada", "embedding": vector("ada", 1), "model": "fake-1", "quality": 0.9},
        {"subject": "ben", "embedding": vector("ben"), "model": "fake-1"},
        {"subject": "ada", "embedding": vector("ada", 2), "model": "fake-1"},
    ]
    path = tmp_path / "export.json"
    path.write_text(json.dumps(rows))
    return path


def test_photos(run: Run, run_json: Run, staff: Path) -> None:
    code, document = run_json("compreface", "import", staff)
    people = [{"subject": name, "templates": 2} for name in ("ada", "ben", "cleo")]
    assert (code, document["enrolled"], document["skipped"]) == (0, people, [])
    again = run("compreface", "import", staff)
    assert (again.exit_code, "already there" in again.stdout) == (0, True)


def test_a_person_without_a_usable_photo_is_exit_code_2(
    run_json: Run, shoot: Run, staff: Path
) -> None:
    shoot(at="staff/dora/nobody.png")
    code, document = run_json("compreface", "import", staff)
    assert (code, document["not_enrolled"]) == (2, ["dora"])


def test_embeddings_of_this_model(run: Run, run_json: Run, export: Path, shoot: Run) -> None:
    code, document = run_json("compreface", "import", export, "--consent-ref", "form-7")
    people = [{"subject": "ada", "templates": 2}, {"subject": "ben", "templates": 1}]
    assert (code, document) == (
        0,
        {"enrolled": people, "skipped": [], "not_enrolled": [], "refused": []},
    )
    _, found = run_json("identify", shoot("ada", seed=3))
    assert found["results"][0]["faces"][0]["subject"] == "ada"
    assert run_json("subjects", "show", "ada")[1]["consent_ref"] == "form-7"


def test_the_summary_for_people(run: Run, export: Path) -> None:
    first = run("compreface", "import", export)
    assert "2 subjects enrolled with 3 templates" in first.stdout
    assert "0 subjects enrolled with 0 templates, 2 already there" in (
        run("compreface", "import", export).stdout
    )


def test_a_table_as_the_database_of_compreface_writes_it(run_json: Run, tmp_path: Path) -> None:
    numbers = ",".join(map(str, vector("ada")))
    path = tmp_path / "export.csv"
    path.write_text(f'subject_name,embedding,calculator\nada,"{{{numbers}}}",fake-1\n')
    code, document = run_json("compreface", "import", path)
    assert (code, document["enrolled"]) == (0, [{"subject": "ada", "templates": 1}])


@pytest.mark.parametrize(
    "fields",
    [
        {"embedding": [0.1] * 128, "calculator": "facenet.Calculator@20180402-114759"},
        {"embedding": [0.1] * 32, "calculator": "insightface.Calculator@arcface_r100_v1"},
        {"embedding": [0.1] * 32},
        {"embedding": [0.1] * 31, "model": "fake-1"},
    ],
    ids=["facenet", "arcface", "unnamed", "short"],
)
def test_embeddings_of_another_model_are_refused_and_nothing_is_stored(
    run_json: Run, export: Path, fields: dict[str, Any]
) -> None:
    rows = json.loads(export.read_text())
    export.write_text(json.dumps([*rows, {"subject": "eve", **fields}]))
    code, document = run_json("compreface", "import", export)
    assert (code, document["error"]["code"]) == (3, "model_mismatch")
    message = document["error"]["message"]
    assert message.startswith("row 4 is an embedding")
    assert "'fake-1'" in message
    assert "photos" in message
    assert run_json("subjects", "list")[1]["subjects"] == []


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("x.json", "{", "cannot read"),
        ("x.json", "{}", "expected a list of embeddings"),
        ("x.json", "[]", "expected a list of embeddings"),
        ("x.json", "[1]", "row 1: expected fields by name"),
        ("x.json", '[{"embedding": [1]}]', "row 1: expected a subject's name"),
        ("x.json", '[{"subject": "a"}]', "row 1: expected an embedding"),
        ("x.json", '[{"subject": "a", "embedding": [NaN]}]', "row 1: expected an embedding"),
        ("x.json", '[{"subject": "a", "embedding": ["x"]}]', "row 1: expected an embedding"),
        ("x.csv", "subject,embedding\n", "expected a list of embeddings"),
        ("x.csv", "subject,embedding\nada,{x}\n", "row 1: expected an embedding"),
        ("x.csv", "\xff\xfe", "expected a list of embeddings"),
        ("x.sql", "x", "expected a folder, or a .csv or .json file"),
    ],
)
def test_files_that_cannot_be_read(
    run_json: Run, tmp_path: Path, name: str, text: str, message: str
) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    code, document = run_json("compreface", "import", tmp_path / name)
    assert (code, document["error"]["code"]) == (2, "input")
    assert message in document["error"]["message"]


def test_bytes_that_are_no_text(run_json: Run, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(np.arange(99, dtype=">u2").tobytes() + b"\xff\xfe\xfd")
    code, document = run_json("compreface", "import", tmp_path / "x.csv")
    assert (code, document["error"]["code"]) == (2, "input")


def test_ctrl_c_says_how_far_it_got(
    run: Run, run_json: Run, export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Bar:
        def __enter__(self) -> Callable[[int, int | None], None]:
            return self.advance

        def __exit__(self, *_: object) -> None:
            return None

        def advance(self, done: int, of: int | None) -> None:
            raise KeyboardInterrupt

    monkeypatch.setattr(compreface, "progress", lambda *_: Bar())
    result = run("compreface", "import", export)
    assert (result.exit_code, "stopped after 1 of 2 subjects" in result.stderr) == (130, True)
