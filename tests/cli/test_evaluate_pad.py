"""evaluate pad and report pad."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

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
