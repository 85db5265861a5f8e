"""verify, compare, identify: decisions and their exit codes."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from visavis.image import decode
from visavis.pipeline import Pipeline
from visavis.settings import Settings
from visavis.testing import FakeDetector, FakeEmbedder, FakeLiveness

Run = Callable[..., Any]


@pytest.fixture
def enrolled(run: Run, shoot: Run) -> None:
    """Ada and Ben are in the gallery."""
    for person in ("ada", "ben"):
        assert run("enrol", person, shoot(person, seed=7)).exit_code == 0


@pytest.mark.usefixtures("enrolled")
class TestVerify:
    def test_a_match_is_exit_code_0(self, run: Run, shoot: Run) -> None:
        result = run("verify", "ada", shoot("ada"))
        assert result.exit_code == 0
        assert "match: this is ada" in result.stdout

    def test_no_match_is_exit_code_1(self, run: Run, shoot: Run) -> None:
        result = run("verify", "ada", shoot("ben"))
        assert result.exit_code == 1
        assert "no match: not ada" in result.stdout

    def test_json(self, run_json: Run, shoot: Run) -> None:
        code, document = run_json("verify", "ada", shoot("ada"))
        assert code == 0
        assert document["accepted"] is True
        assert document["score"] >= document["threshold"]["score"]
        assert document["threshold"]["fmr"] == 1e-4
        assert len(document["faces"]) == 1
        assert "embedding" not in str(document)

    def test_the_threshold_comes_with_its_rate(self, run: Run, shoot: Run) -> None:
        assert "false-match rate 0.01 %" in run("verify", "ada", shoot("ada")).stdout

    def test_an_extrapolated_threshold_says_so(self, run: Run, shoot: Run) -> None:
        result = run("verify", "ada", shoot("ada"), "--fmr", "1e-9")
        assert "1.0e-09, extrapolated" in result.stdout

    def test_a_threshold_by_hand_says_so(self, run: Run, run_json: Run, shoot: Run) -> None:
        words = ("verify", "ada", shoot("ada"), "--threshold", "1")
        assert "set by hand" in run(*words).stdout
        code, document = run_json(*words)
        assert (code, document["threshold"]["fmr"]) == (1, None)

    def test_an_unknown_subject_is_exit_code_2(self, run_json: Run, shoot: Run) -> None:
        code, document = run_json("verify", "zoe", shoot("ada"))
        assert (code, document["error"]["code"]) == (2, "unknown_subject")

    def test_no_face_is_exit_code_2(self, run_json: Run, shoot: Run) -> None:
        code, document = run_json("verify", "ada", shoot())
        assert (code, document["error"]["code"]) == (2, "no_face")


class TestCompare:
    def test_one_person_is_exit_code_0(self, run: Run, shoot: Run) -> None:
        result = run("compare", shoot("ada"), shoot("ada", seed=1))
        assert result.exit_code == 0
        assert "match: one person" in result.stdout

    def test_two_people_are_exit_code_1(self, run_json: Run, shoot: Run) -> None:
        code, document = run_json("compare", shoot("ada"), shoot("ben"))
        assert (code, document["accepted"]) == (1, False)
        assert len(document["faces"]) == 2

    def test_neither_key_nor_gallery_is_made(
        self, run: Run, shoot: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from visavis.settings import Settings

        run("compare", shoot("ada"), shoot("ben"))
        settings = Settings.load()
        assert not settings.gallery.exists()
        assert not settings.master_key_file.exists()


@pytest.mark.usefixtures("enrolled")
class TestIdentify:
    def test_somebody_named_is_exit_code_0(self, run: Run, shoot: Run) -> None:
        result = run("identify", shoot("ada", "stranger"))
        assert result.exit_code == 0
        assert "match" in result.stdout
        assert "unknown" in result.stdout
        assert "strangers named at most 1 %" in result.stdout

    @pytest.mark.parametrize("people", [("stranger",), ()])
    def test_nobody_named_is_exit_code_1(
        self, run: Run, shoot: Run, people: tuple[str, ...]
    ) -> None:
        assert run("identify", shoot(*people)).exit_code == 1

    def test_json_has_every_face_of_every_file(self, run_json: Run, shoot: Run) -> None:
        both, alone = shoot("ada", "ben"), shoot("stranger")
        code, document = run_json("identify", both, alone)
        assert code == 0
        first, second = document["results"]
        assert (first["file"], second["file"]) == (both, alone)
        assert [f["subject"] for f in first["faces"]] == ["ada", "ben"]
        assert [f["decision"] for f in second["faces"]] == ["unknown"]
        face = first["faces"][0]
        assert face["candidates"][0]["subject"] == "ada"
        assert face["margin"] > 0
        assert face["threshold"]["fpir"] == 0.01

    def test_an_unreadable_file_is_exit_code_2_and_the_others_are_answered(
        self, run: Run, run_json: Run, shoot: Run, tmp_path: Path
    ) -> None:
        missing = tmp_path / "missing.jpg"
        code, document = run_json("identify", shoot("ada"), missing)
        assert code == 2
        assert document["results"][0]["faces"][0]["subject"] == "ada"
        assert document["results"][1]["error"]["code"] == "bad_image"
        assert "bad_image" in run("identify", shoot("ada"), missing).stdout

    def test_draw_one_picture_to_a_file(self, run_json: Run, shoot: Run, tmp_path: Path) -> None:
        photo, out = shoot("ada"), tmp_path / "drawn.png"
        _, document = run_json("identify", photo, "--draw", out)
        assert document["results"][0]["drawn"] == str(out)
        assert (decode(out) != decode(photo)).any()

    def test_draw_several_pictures_to_a_folder(self, run: Run, shoot: Run, tmp_path: Path) -> None:
        photos = [shoot("ada", at="a/x.png"), shoot("ben", at="b/x.png")]
        assert run("identify", *photos, "--draw", tmp_path / "drawn").exit_code == 0
        assert {p.name for p in (tmp_path / "drawn").iterdir()} == {"x.png", "x-2.png"}

    def test_names_cannot_steer_the_terminal(self, run: Run, shoot: Run, tmp_path: Path) -> None:
        assert "\x1b" not in run("identify", shoot("ada", at="\x1b[31mred.png")).stdout


@pytest.mark.parametrize("command", [("identify",), ("verify", "ada")])
def test_a_mistyped_gallery_is_an_error_and_not_an_empty_gallery(
    run_json: Run, shoot: Run, tmp_path: Path, command: tuple[str, ...]
) -> None:
    code, document = run_json(*command, shoot("ada"), "--gallery", tmp_path / "typo")
    assert (code, document["error"]["code"]) == (3, "config")
    assert not (tmp_path / "typo").exists()


@pytest.mark.usefixtures("enrolled")
def test_a_mistyped_collection_is_an_error(run_json: Run, shoot: Run) -> None:
    code, document = run_json("identify", shoot("ada"), "--collection", "typo")
    assert (code, document["error"]["code"]) == (2, "unknown_subject")


def test_asking_changes_nothing_about_the_collection(
    run: Run, run_json: Run, shoot: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISAVIS_KEEP_CROPS", "1")
    run("enrol", "ada", shoot("ada"))
    monkeypatch.delenv("VISAVIS_KEEP_CROPS")
    run("identify", shoot("ada", seed=1))
    run("verify", "ada", shoot("ada", seed=1))
    assert run_json("gallery", "info")[1]["collections"][0]["keep_crops"] is True


@pytest.fixture
def spoofed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every face looks like a print, where liveness is asked for."""

    def pipeline(settings: Settings) -> Pipeline:
        check = FakeLiveness(0.125, 0.5, "print", ("looks_like_print",))
        asked = settings.liveness != "off"
        return Pipeline(FakeDetector(), FakeEmbedder(), check if asked else None)

    monkeypatch.setattr(import_module("visavis.build"), "build_pipeline", pipeline)


@pytest.mark.usefixtures("enrolled", "spoofed")
class TestLiveness:
    def test_a_face_that_is_not_live_is_refused_by_exit_code_2(
        self, run: Run, run_json: Run, shoot: Run
    ) -> None:
        for words in (("verify", "ada", shoot("ada")), ("compare", shoot("ada"), shoot("ada"))):
            assert run(*words).exit_code == 0
            code, document = run_json(*words, "--liveness", "require")
            assert (code, document["error"]["code"]) == (2, "not_live")
            assert "scored 0.1250, needed 0.5000: looks_like_print" in document["error"]["message"]

    def test_a_report_is_shown_and_refuses_nothing(
        self, run: Run, run_json: Run, shoot: Run
    ) -> None:
        words = ("verify", "ada", shoot("ada"), "--liveness", "report")
        code, document = run_json(*words)
        assert (code, document["accepted"]) == (0, True)
        assert document["faces"][0]["liveness"]["species"] == "print"
        shown = run(*words).stdout
        assert "not live, print" in shown
        assert "0.1250 of 0.5000 needed" in shown
        assert "liveness" not in run("verify", "ada", shoot("ada")).stdout

    def test_nobody_is_named_by_a_face_that_is_not_live(
        self, run: Run, run_json: Run, shoot: Run
    ) -> None:
        words = ("identify", shoot("ada", "stranger"))
        assert run(*words).exit_code == 0
        assert "live" not in run(*words).stdout
        code, document = run_json(*words, "--liveness", "require")
        assert code == 1
        faces = document["results"][0]["faces"]
        assert [f["decision"] for f in faces] == ["not_live", "unknown"]
        assert [f["subject"] for f in faces] == [None, None]
        reported = run(*words, "--liveness", "report")
        assert reported.exit_code == 0
        assert reported.stdout.count("not live, print") == 2

    def test_the_environment_asks_for_it_too(
        self, run: Run, shoot: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("VISAVIS_LIVENESS", "require")
        assert run("verify", "ada", shoot("ada")).exit_code == 2
        assert run("verify", "ada", shoot("ada"), "--liveness", "off").exit_code == 0

    @pytest.mark.parametrize(
        "flags",
        [("--check", "x"), ("--bpcer", "0.1"), ("--apcer", "0.1"), ("--live-threshold", "0.1")],
    )
    def test_an_option_of_a_check_that_would_not_run_is_refused(
        self, run_json: Run, shoot: Run, flags: tuple[str, str]
    ) -> None:
        words = ("verify", "ada", shoot("ada"), *flags)
        code, document = run_json(*words)
        assert (code, document["error"]["code"]) == (2, "usage")
        assert f"{flags[0]} needs --liveness" in document["error"]["message"]
        assert run_json(*words, "--liveness", "report")[0] == 0

    def test_the_threshold_given_is_the_one_that_decides(self, run: Run, shoot: Run) -> None:
        words = ("verify", "ada", shoot("ada"), "--liveness", "require", "--live-threshold")
        assert run(*words, "0.1").exit_code == 0
        assert run(*words, "0.2").exit_code == 2
