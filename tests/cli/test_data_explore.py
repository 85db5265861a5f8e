"""data explore, on fakes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Run = Callable[..., Any]


def test_explore_counts_and_names_the_suspects(run: Run, run_json: Run, staff: Path) -> None:
    code, document = run_json("data", "explore", staff)
    found = document["exploration"]
    assert (code, found["pictures"], found["faces"]) == (0, 6, 6)
    assert found["identities"]["people"] == 3
    assert found["pad"] is None
    assert document["provenance"]["command"].startswith("visavis")
    shown = run("data", "explore", staff).stdout
    assert "staff: 6 pictures" in shown
    assert "0 of 6 pictures have cosine under" in shown


def test_a_wrong_label_is_found(run_json: Run, shoot: Run, staff: Path) -> None:
    for seed in (3, 4, 5):
        shoot("ada", seed=seed, at=f"staff/ada/{seed}.png")
    shoot("ben", seed=6, at="staff/ada/6.png")
    found = run_json("data", "explore", staff)[1]["exploration"]
    worst = found["outliers"]["suspects"][0]
    assert (worst["name"], worst["nearest"]) == ("ada/6.png", "ben")


def test_against_another_set(run: Run, run_json: Run, shoot: Run, staff: Path) -> None:
    for seed in (1, 2):
        shoot("ada", seed=seed, at=f"test/visitor/{seed}.png")
        shoot("zoe", seed=seed, at=f"test/zoe/{seed}.png")
    test = staff.parent / "test"
    leak = run_json("data", "explore", staff, "--against", test)[1]["exploration"]["leakage"]
    assert (leak["first"], leak["second"], leak["same_bytes"]) == ("staff", "test", 2)
    assert [(d["first"], d["second"]) for d in leak["doubles"]] == [("ada", "visitor")]
    assert "pictures of test are in both sets" in run(
        "data", "explore", staff, "--against", test
    ).stdout.replace("\n", " ")


def test_report_writes_the_page(run: Run, staff: Path, tmp_path: Path) -> None:
    out = tmp_path / "reports"
    result = run("data", "explore", staff, "--report", out)
    assert result.exit_code == 0, result.output
    assert {p.name for p in out.iterdir()} >= {"dataset.md", "dataset.html", "dataset.json"}
    results = json.loads((out / "dataset.json").read_text())
    assert results["results"]["pictures"] == 6


def test_presentations(run: Run, run_json: Run, shoot: Run, tmp_path: Path) -> None:
    for seed, who in enumerate(("ada", "ben", "cleo")):
        shoot(who, seed=seed, at=f"pad/real/{who}/1.png")
        shoot(who, seed=seed + 9, at=f"pad/print/{who}/1.png")
    found = run_json("data", "explore", tmp_path / "pad", "--pad")[1]["exploration"]["pad"]
    assert found["species"] == {"bona_fide": 3, "print": 3}
    assert "bona_fide 3, print 3" in run("data", "explore", tmp_path / "pad", "--pad").stdout


def test_an_empty_folder_is_exit_code_2(run_json: Run, tmp_path: Path) -> None:
    code, document = run_json("data", "explore", tmp_path)
    assert (code, document["error"]["code"]) == (2, "bad_dataset")
