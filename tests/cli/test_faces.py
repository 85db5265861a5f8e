"""detect and embed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from visavis.image import decode

Run = Callable[..., Any]


def test_detect_finds_every_face(run: Run, run_json: Run, shoot: Run) -> None:
    photo = shoot("ada", "ben")
    code, document = run_json("detect", photo)
    assert code == 0
    first, second = document["results"][0]["faces"]
    assert first["box"][0] < second["box"][0]
    assert np.array(first["landmarks"]).shape == (5, 2)
    assert 0 <= first["quality"]["score"] <= 1
    assert run("detect", photo).stdout.count("1.00") >= 2


def test_no_face_is_an_answer(run: Run, run_json: Run, shoot: Run) -> None:
    code, document = run_json("detect", shoot())
    assert (code, document["results"][0]["faces"]) == (0, [])
    assert "no face" in run("detect", shoot()).stdout


def test_detect_an_unreadable_file_is_exit_code_2(run_json: Run, tmp_path: Path) -> None:
    code, document = run_json("detect", tmp_path / "missing.jpg")
    assert code == 2
    assert document["results"][0]["error"]["code"] == "bad_image"


def test_detect_draws(run: Run, shoot: Run, tmp_path: Path) -> None:
    photo, out = shoot("ada"), tmp_path / "drawn.jpg"
    assert run("detect", photo, "--draw", out).exit_code == 0
    assert decode(out).shape == decode(photo).shape


def test_draw_never_writes_over_a_photo(run_json: Run, shoot: Run, tmp_path: Path) -> None:
    photo = shoot("ada")
    before = Path(photo).read_bytes()
    for target in (photo, tmp_path):
        code, document = run_json("detect", photo, "--draw", target)
        assert (code, document["error"]["code"]) == (2, "usage")
    assert Path(photo).read_bytes() == before


def test_draw_to_another_kind_of_file_is_refused(run: Run, shoot: Run, tmp_path: Path) -> None:
    assert run("detect", shoot("ada"), "--draw", tmp_path / "x.bmp").exit_code == 2


@pytest.fixture
def made(run_json: Run, shoot: Run, tmp_path: Path) -> tuple[dict[str, Any], Path]:
    """A folder of three photos, embedded."""
    for place, people in (("a.png", ["ada"]), ("deep/b.png", ["ada", "ben"]), ("c.png", [])):
        shoot(*people, at=f"photos/{place}")
    out = tmp_path / "x.npz"
    code, document = run_json("embed", tmp_path / "photos", "--out", out)
    assert code == 0
    return document, out


def test_embed_writes_a_row_a_face(made: tuple[dict[str, Any], Path]) -> None:
    with np.load(made[1], allow_pickle=False) as file:
        assert file["vectors"].shape == (3, 32)
        assert file["vectors"].dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(file["vectors"], axis=1), 1, atol=1e-5)
        assert file["files"].tolist() == ["a.png", "deep/b.png", "deep/b.png"]
        assert file["boxes"].shape == (3, 4)
        assert file["landmarks"].shape == (3, 5, 2)
        assert file["quality"].shape == file["scores"].shape == (3,)
        assert str(file["model"]) == "fake-1"


def test_embed_reports_photos_without_a_face(made: tuple[dict[str, Any], Path]) -> None:
    document, out = made
    assert (document["photos"], document["faces"], document["out"]) == (3, 3, str(out))
    assert [(r["file"], r["code"]) for r in document["refused"]] == [("c.png", "no_face")]
    assert "vectors" not in document


def test_the_file_is_for_its_owner_alone(made: tuple[dict[str, Any], Path]) -> None:
    assert made[1].stat().st_mode & 0o077 == 0


def test_embed_the_face_that_is_meant(run_json: Run, shoot: Run, tmp_path: Path) -> None:
    shoot("ada", "ben", at="photos/both.png")
    words = ("embed", tmp_path / "photos", "--out", tmp_path / "x.npz")
    assert run_json(*words, "--face", "largest")[1]["faces"] == 1
    code, document = run_json(*words, "--face", "only")
    assert (code, document["faces"], document["out"]) == (2, 0, None)
    assert document["refused"][0]["code"] == "many_faces"


def test_a_folder_without_photos_is_exit_code_2(run_json: Run, tmp_path: Path) -> None:
    code, document = run_json("embed", tmp_path, "--out", tmp_path / "x.npz")
    assert (code, document["error"]["code"]) == (2, "input")
    assert not (tmp_path / "x.npz").exists()


def test_a_failed_run_leaves_the_old_file(
    run: Run, made: tuple[dict[str, Any], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = made[1].read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    result = run("embed", made[1].parent / "photos", "--out", made[1])
    assert result.exit_code == 3
    assert made[1].read_bytes() == before
    assert not [p for p in made[1].parent.iterdir() if p.name.startswith(".")]


def test_embed_help_says_what_embeddings_are(run: Run) -> None:
    assert "biometric data" in run("embed", "--help").stdout


def test_embedding_decides_nothing_and_checks_nothing(
    run_json: Run, shoot: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISAVIS_LIVENESS", "require")
    monkeypatch.setenv("VISAVIS_LIVE_THRESHOLD", "0.95")  # the fake's score is 0.9
    shoot("ada", at="photos/a.png")
    words = ("embed", tmp_path / "photos", "--out", tmp_path / "x.npz", "--face", "largest")
    code, document = run_json(*words)
    assert (code, document["faces"]) == (0, 1)
