"""live: what the check says of every face, and exit codes."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from visavis.image import decode
from visavis.testing import FakeLiveness
from visavis.types import Face, Image, Liveness

Run = Callable[..., Any]
PRINT = FakeLiveness(0.125, 0.5, "print", ("a:no_surroundings", "looks_like_print"))


class FirstIsLive:
    """The face at the left is live, all others are prints."""

    def check(self, image: Image, face: Face, target: object = None) -> Liveness:
        return Liveness(0.9, 0.5) if face.box[0] < 96 else PRINT.answer


@pytest.fixture
def checked_by(monkeypatch: pytest.MonkeyPatch) -> Callable[[object], None]:
    """Replaces the check that commands build."""

    def replace(check: object) -> None:
        build = import_module("visavis.build")
        monkeypatch.setattr(build, "build_liveness", lambda settings: check)

    return replace


def test_live_faces_are_exit_code_0(run: Run, run_json: Run, shoot: Run) -> None:
    code, document = run_json("live", shoot("ada", "ben"))
    assert code == 0
    assert [f["liveness"]["live"] for f in document["results"][0]["faces"]] == [True, True]
    shown = run("live", shoot("ada")).stdout
    assert "live" in shown
    assert "0.9000" in shown


def test_an_attack_is_exit_code_1_with_all_that_is_known(
    run: Run, run_json: Run, shoot: Run, checked_by: Run
) -> None:
    checked_by(PRINT)
    code, document = run_json("live", shoot("ada"))
    assert code == 1
    [face] = document["results"][0]["faces"]
    assert face["liveness"] == {
        "live": False,
        "score": 0.125,
        "threshold": 0.5,
        "species": "print",
        "reasons": ["a:no_surroundings", "looks_like_print"],
        "checks": {},
    }
    shown = run("live", shoot("ada")).stdout
    for words in ("not live, print", "0.1250", "0.5000", "a:no_surroundings, looks_like_print"):
        assert words in shown


def test_one_attack_among_live_faces_is_exit_code_1(run: Run, shoot: Run, checked_by: Run) -> None:
    checked_by(FirstIsLive())
    assert run("live", shoot("ada")).exit_code == 0
    assert run("live", shoot("ada", "ben")).exit_code == 1
    assert run("live", shoot("ada"), shoot("ben", "cy")).exit_code == 1


def test_no_answer_and_no_face_are_exit_code_1(
    run: Run, run_json: Run, shoot: Run, checked_by: Run
) -> None:
    assert run("live", shoot()).exit_code == 1
    checked_by(FakeLiveness(None, reasons=("a:face_too_small",)))
    code, document = run_json("live", shoot("ada"))
    assert (code, document["results"][0]["faces"][0]["liveness"]["score"]) == (1, None)
    assert "cannot tell" in run("live", shoot("ada")).stdout


def test_an_unreadable_photo_is_exit_code_2(run_json: Run, shoot: Run, tmp_path: Path) -> None:
    code, document = run_json("live", shoot("ada"), tmp_path / "missing.jpg")
    assert code == 2
    assert document["results"][0]["faces"]
    assert document["results"][1]["error"]["code"] == "bad_image"


def test_a_threshold_by_hand_holds(run_json: Run, shoot: Run) -> None:
    code, document = run_json("live", shoot("ada"), "--live-threshold", "0.95")
    assert (code, document["results"][0]["faces"][0]["liveness"]["threshold"]) == (1, 0.95)


def test_two_targets_are_refused(run_json: Run, shoot: Run) -> None:
    code, document = run_json("live", shoot("ada"), "--bpcer", "0.1", "--apcer", "0.1")
    assert (code, document["error"]["code"]) == (3, "config")
    code, document = run_json("live", shoot("ada"), "--bpcer", "2")
    assert (code, document["error"]["code"]) == (2, "usage")


@pytest.mark.parametrize(
    ("check", "colour"),
    [
        (FakeLiveness(0.9), (0, 158, 115)),
        (PRINT, (213, 94, 0)),
        (FakeLiveness(None), (240, 228, 66)),
    ],
)
def test_the_colour_of_a_box_says_what_was_found(
    run: Run, shoot: Run, checked_by: Run, tmp_path: Path, check: object, colour: tuple[int, ...]
) -> None:
    checked_by(check)
    photo, out = shoot("ada"), tmp_path / "drawn.png"
    run("live", photo, "--draw", out)
    drawn = decode(out)
    assert (drawn == colour).all(axis=2).sum() > 50
    assert not (decode(photo) == colour).all(axis=2).any()
