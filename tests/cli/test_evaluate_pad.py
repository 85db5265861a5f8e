"""evaluate pad and report pad."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from visavis.image import save
from visavis.models.catalogue import card
from visavis.targets import DEFAULT_TARGET, LiveTarget
from visavis.testing import fake_photo
from visavis.types import Face, Image, Liveness

Run = Callable[..., Any]


@pytest.fixture
def attacks(shoot: Run, tmp_path: Path) -> tuple[Path, Path]:
    """Four live pictures and four prints, and their scores; one print had no response."""
    lines = ["file,score"]
    for kind, scores in (("real", "0.9 0.8 0.7 0.2"), ("print", "0.1 0.2 0.6")):
        for i, score in enumerate([*scores.split(), ""] if kind == "print" else scores.split()):
            shoot("ada", seed=i, at=f"set/{kind}/{i}.png")
            lines.append(f"{kind}/{i}.png,{score}")
    file = tmp_path / "scores.csv"
    file.write_text("\n".join(lines))
    return tmp_path / "set", file


def test_rates_from_a_file(run: Run, run_json: Run, attacks: tuple[Path, Path]) -> None:
    folder, scores = attacks
    words = ("evaluate", "pad", folder, "--scores", scores, "--threshold", "0.5")
    code, document = run_json(*words)
    assert code == 0
    [prints] = document["pad"]["attacks"]
    assert (prints["error"]["events"], prints["error"]["trials"]) == (1, 3)
    assert (prints["non_response"]["events"], prints["non_response"]["trials"]) == (1, 4)
    assert document["pad"]["bona_fide"]["error"]["events"] == 1
    shown = run(*words).stdout
    assert "33.33 %" in shown
    assert "APNRR 25.00 %" in shown
    assert "BPCER20" in shown


def test_the_page(run: Run, attacks: tuple[Path, Path], tmp_path: Path) -> None:
    folder, scores = attacks
    out = tmp_path / "out"
    words = ("--scores", scores, "--threshold", "0.5", "--out", out)
    result = run("report", "pad", folder, *words)
    assert result.exit_code == 0, result.output
    page = (out / "pad.md").read_text()
    assert "follow the metrics of ISO/IEC 30107-3" in page
    assert "33.33 %" in page


def test_scores_of_other_pictures(run_json: Run, attacks: tuple[Path, Path]) -> None:
    folder, scores = attacks
    scores.write_text("file,score\nother.png,1\n")
    words = ("--scores", scores, "--threshold", "0.5")
    code, document = run_json("evaluate", "pad", folder, *words)
    assert (code, document["error"]["code"]) == (2, "input")


def test_matching_and_liveness_together(
    run: Run, run_json: Run, attacks: tuple[Path, Path], tmp_path: Path
) -> None:
    """Of three prints that were answered, two match; the one taken for live is among them."""
    folder, live = attacks
    match = tmp_path / "match.csv"
    lines = ["file,score", *(f"real/{i}.png,0.8" for i in range(4))]
    lines += ["print/0.png,0.9", "print/1.png,0.1", "print/2.png,0.9", "print/3.png,0.9"]
    match.write_text("\n".join(lines))
    words = ("evaluate", "pad", folder, "--scores", live, "--threshold", "0.5")
    more = ("--match-scores", match, "--match-threshold", "0.5")
    _, document = run_json(*words, *more)
    [prints] = document["joint"]["attacks"]
    assert (prints["iapar"]["events"], prints["iapar"]["trials"]) == (1, 3)
    assert (prints["iapmr"]["events"], prints["iapmr"]["trials"]) == (3, 4)
    assert document["joint"]["bona_fide"]["accepted"] == 3
    assert "IAPAR" in run(*words, *more).stdout
    assert run(*words, "--match-threshold", "0.5").exit_code == 2


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """The check that is run: one network, or two of which the second cannot tell of dark faces."""
    build = import_module("visavis.build")

    def use(*ids: str) -> None:
        cards = [card("yunet-2023mar")] * len(ids)
        monkeypatch.setattr(build, "checks_of", lambda settings: cards)
        monkeypatch.setattr(build, "build_liveness", lambda settings: Brightness(len(ids) > 1))

    return use


class Brightness:
    """Bright faces are live; with two networks dark ones have another threshold."""

    def __init__(self, several: bool) -> None:
        self._several = several

    def check(self, image: Image, face: Face, target: LiveTarget = DEFAULT_TARGET) -> Liveness:
        score = float(image[48, 24 + 24].mean()) / 255
        limit = target.threshold or (0.2 if self._several and score < 0.5 else 0.6)
        return Liveness(score, limit)


@pytest.fixture
def grey(tmp_path: Path) -> Path:
    """Live faces of grey 0.9 and 0.3, prints of 0.7 and 0.1."""
    for kind, values in (("real", (0.9, 0.3)), ("print", (0.7, 0.1))):
        for value in values:
            photo = fake_photo("ada")
            photo[photo.any(axis=2)] = round(value * 255)
            path = tmp_path / "grey" / kind / f"{value}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            save(photo, path)
    return tmp_path / "grey"


def test_a_check_is_run_on_the_set(run: Run, run_json: Run, checked: Run, grey: Path) -> None:
    """At 0.6 one of two prints passes, and one of two live faces does not."""
    checked("one")
    code, document = run_json("evaluate", "pad", grey)
    assert code == 0
    assert document["pad"]["threshold"] == 0.6
    assert document["pad"]["attacks"][0]["error"]["events"] == 1
    assert document["pad"]["bona_fide"]["error"]["events"] == 1
    assert list(document["provenance"]["models"])[-1] == "yunet-2023mar"
    assert "attack detection at 0.6" in run("evaluate", "pad", grey).stdout


def test_a_threshold_by_hand_stands_before_the_checks(
    run_json: Run, checked: Run, grey: Path
) -> None:
    checked("one", "two")
    _, document = run_json("evaluate", "pad", grey, "--threshold", "0.8")
    assert document["pad"]["threshold"] == 0.8
    assert document["pad"]["attacks"][0]["error"]["events"] == 0


def test_thresholds_that_differ_by_face_are_levelled(
    run_json: Run, checked: Run, grey: Path
) -> None:
    """The dark live face has 0.3 of 0.2 and passes; on the level scale all need 0.5."""
    checked("one", "two")
    _, document = run_json("evaluate", "pad", grey)
    assert document["pad"]["threshold"] == 0.5
    assert document["pad"]["attacks"][0]["error"]["events"] == 1
    assert document["pad"]["bona_fide"]["error"]["events"] == 0


def test_the_page_of_a_check(run: Run, checked: Run, grey: Path, tmp_path: Path) -> None:
    checked("one")
    result = run("report", "pad", grey, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "threshold 0.6" in (tmp_path / "out" / "pad.md").read_text()


@pytest.mark.parametrize("words", [(), ("--threshold", "0.5", "--bpcer", "0.1")])
def test_scores_come_with_their_threshold_and_without_a_check(
    run_json: Run, attacks: tuple[Path, Path], words: tuple[str, ...]
) -> None:
    folder, scores = attacks
    code, document = run_json("evaluate", "pad", folder, "--scores", scores, *words)
    assert (code, document["error"]["code"]) == (2, "usage")
