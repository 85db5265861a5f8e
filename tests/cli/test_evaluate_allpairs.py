"""evaluate all-pairs: counts, the table, and the list of look-alikes."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


def test_all_pairs_of_three_people(run_json: Run, staff: Path) -> None:
    code, document = run_json("evaluate", "all-pairs", staff)
    assert code == 0
    # six pictures, fifteen pairs, three of which are of one person
    assert (document["impostor_pairs"], document["genuine_pairs"]) == (12, 3)
    assert (document["people"], document["pictures"]) == (3, 6)
    assert document["eer"] == 0
    assert document["points"][0]["fnmr"] == 0
    assert document["provenance"]["data"]


def test_the_table_for_people(run: Run, staff: Path) -> None:
    shown = run("evaluate", "all-pairs", staff, "--weigh", "people").stdout
    assert "12 impostor and 3 genuine pairs" in shown
    assert "two people once" in shown
    assert "rests on" in shown


def test_the_most_alike_are_written(run: Run, staff: Path, tmp_path: Path) -> None:
    out = tmp_path / "alike.csv"
    assert run("evaluate", "all-pairs", staff, "--pairs", out, "--top", "5").exit_code == 0
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 5
    assert all(r["first"].split("/")[0] != r["second"].split("/")[0] for r in rows)
    scores = [float(r["score"]) for r in rows]
    assert scores == sorted(scores, reverse=True)


def test_the_errors_of_lfw_are_left_out_unless_told_otherwise(
    run_json: Run, shoot: Run, tmp_path: Path
) -> None:
    """John_Barnett and John_Burnett are one person in LFW: no impostors of each other."""
    for name in ("Ann_Example", "John_Barnett", "John_Burnett"):
        shoot(name, at=f"lfw/{name}/{name}_0001.png")
    for path in list((tmp_path / "lfw").glob("*/*.png")):
        path.rename(path.with_suffix(".jpg"))
    assert run_json("evaluate", "all-pairs", tmp_path / "lfw")[1]["impostor_pairs"] == 2
    words = ("evaluate", "all-pairs", tmp_path / "lfw", "--no-errata")
    assert run_json(*words)[1]["impostor_pairs"] == 3


def test_one_person_is_refused(run_json: Run, shoot: Run, tmp_path: Path) -> None:
    shoot("ada", seed=1, at="one/ada/1.png")
    shoot("ada", seed=2, at="one/ada/2.png")
    code, document = run_json("evaluate", "all-pairs", tmp_path / "one")
    assert (code, document["error"]["code"]) == (2, "bad_dataset")


@pytest.mark.parametrize("words", [("--top", "0"), ("--weigh", "faces")])
def test_bad_options_are_usage_errors(run_json: Run, staff: Path, words: tuple[str, ...]) -> None:
    code, document = run_json("evaluate", "all-pairs", staff, *words)
    assert (code, document["error"]["code"]) == (2, "usage")
