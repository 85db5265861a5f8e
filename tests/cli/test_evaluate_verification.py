"""evaluate verification, on fakes."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.fixture
def lfw(tmp_path: Path, shoot: Run) -> Path:
    """A tiny LFW: two folds of two and two pairs; eve's second photo shows nobody."""
    for person in ("ada", "ben", "cleo", "eve"):
        for number in (1, 2):
            name = f"lfw/images/{person}/{person}_{number:04d}.png"
            shoot(*([] if (person, number) == ("eve", 2) else [person]), seed=number, at=name)
    shoot("zoe", at="lfw/images/zoe/zoe_0001.png")  # in no pair
    rows = [
        "2\t2",
        *("ada\t1\t2", "ben\t1\t2", "ada\t1\tben\t1", "ben\t2\tcleo\t1"),
        *("cleo\t1\t2", "eve\t1\t2", "ada\t2\tcleo\t2", "ada\t1\teve\t1"),
    ]
    (tmp_path / "lfw/pairs.txt").write_text("\n".join(rows) + "\n")
    (tmp_path / "lfw/pairsDevTrain.txt").write_text("1\nada\t1\t2\nada\t1\tben\t2\n")
    return tmp_path / "lfw"


def test_folds_of_lfw(run: Run, run_json: Run, lfw: Path) -> None:
    code, document = run_json("evaluate", "verification", "--lfw", lfw)
    found = document["verification"]
    assert code == 0
    assert (found["name"], found["chosen_on"]) == ("LFW View 2", "other folds")
    assert (found["genuine"], found["impostor"], found["failed_pictures"]) == (4, 4, 1)
    # all pairs with faces are told apart; one of four in the second fold has none
    assert [f["accuracy"] for f in found["folds"]] == [1, 0.75]
    assert found["accuracy"]["value"] == 0.875
    assert found["confusion"]["failed_genuine"] == 1
    assert len(found["points"]) == 6
    assert document["provenance"]["command"].startswith("visavis ")
    assert list(document["provenance"]["data"]) == ["LFW"]


def test_people_read_what_counts(run: Run, lfw: Path) -> None:
    shown = run("evaluate", "verification", "--lfw", lfw).stdout
    assert "LFW View 2: 4 genuine and 4 impostor pairs" in shown
    assert "87.50 % ± 12.50 % (standard error of 2 folds)" in shown
    assert "0.00 % (0 of 4)" in shown
    assert "4 impostor pairs are too few" in shown
    assert "1 picture" in shown
    assert "no interval: too little to go by" in shown


def test_a_development_list_chooses_the_threshold(run_json: Run, lfw: Path) -> None:
    train = lfw / "pairsDevTrain.txt"
    words = ("evaluate", "verification", lfw / "pairs.txt", "--images", lfw)
    found = run_json(*words, "--dev", train)[1]["verification"]
    assert found["chosen_on"] == "development"
    assert found["folds"][0]["threshold"] == found["folds"][1]["threshold"]


def test_a_list_alone_has_no_fair_accuracy(run: Run, run_json: Run, lfw: Path) -> None:
    words = ("evaluate", "verification", lfw / "pairsDevTrain.txt", "--images", lfw)
    found = run_json(*words)[1]["verification"]
    assert (found["accuracy"], found["best_accuracy"]) == (None, 1)
    shown = run(*words).stdout
    assert "not measured: it needs folds or --dev" in shown
    assert "optimistic" in shown


def test_a_table_of_files(run_json: Run, lfw: Path) -> None:
    table = lfw / "mine.csv"
    table.write_text(
        "file_x,file_y,decision\n"
        "ada/ada_0001.png,ada/ada_0002.png,Yes\nada/ada_0001.png,ben/ben_0001.png,No\n"
        "ada/ada_0001.png,gone.png,No\n"
    )
    result = run_json("evaluate", "verification", table, "--images", lfw / "images")
    found = result[1]["verification"]
    assert (found["genuine"], found["impostor"]) == (1, 1)
    assert "gone.png" in found["notes"][0]


def test_wrong_decisions_are_written_by_name(run: Run, lfw: Path, tmp_path: Path) -> None:
    out = tmp_path / "errors.csv"
    assert run("evaluate", "verification", "--lfw", lfw, "--errors", out).exit_code == 0
    with out.open() as file:
        [row] = csv.DictReader(file)
    assert (row["first"], row["second"]) == ("eve/eve_0001.png", "eve/eve_0002.png")
    assert (row["same"], row["score"]) == ("1", "")
    assert -1 < float(row["threshold"]) < 1


def test_only_the_cache_takes_in_pictures_without_pairs(
    run: Run, run_json: Run, lfw: Path, tmp_path: Path
) -> None:
    words = ("evaluate", "verification", "--lfw", lfw)
    first = run_json(*words, "--cache", tmp_path / "cache")[1]
    plain = run_json(*words)[1]
    assert first["verification"] == plain["verification"]
    assert first["provenance"]["data"] != plain["provenance"]["data"]
    again = run("evaluate", "identification", lfw, "--cache", tmp_path / "cache")
    assert again.exit_code == 0
    assert len(list((tmp_path / "cache").iterdir())) == 1  # the same set, found again


@pytest.mark.parametrize("words", [(), ("pairs.txt",)])
def test_list_and_pictures_are_needed(run_json: Run, words: tuple[str, ...]) -> None:
    code, document = run_json("evaluate", "verification", *words)
    assert (code, document["error"]["code"]) == (2, "usage")
    assert "--lfw DIR" in document["error"]["message"]


def test_a_list_of_another_kind_is_exit_code_2(run_json: Run, lfw: Path) -> None:
    (lfw / "pairs.txt").write_text("3 3\nada 1 2\n")
    code, document = run_json("evaluate", "verification", "--lfw", lfw)
    assert (code, document["error"]["code"]) == (2, "bad_dataset")
