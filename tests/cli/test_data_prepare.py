"""data prepare, on fakes."""

import numpy as np


def test_prepare_counts_crops_people_and_failures(run, run_json, staff, shoot, tmp_path) -> None:
    shoot(at="staff/ada/nobody.png")
    out = tmp_path / "crops"
    code, document = run_json("data", "prepare", staff, "--out", out, "--split", "1/1/1")
    assert code == 0
    assert (document["pictures"], document["crops"], document["resumed"]) == (7, 6, 0)
    assert document["failures"] == [["ada/nobody.png", "no_face"]]
    assert sum(p["identities"] for p in document["parts"]) == 3
    assert len((out / "labels.csv").read_text().splitlines()) == 7
    shown = run("data", "prepare", staff, "--out", out, "--split", "1/1/1")
    assert shown.exit_code == 0
    assert "6 of 7 pictures, 7 pictures done before" in shown.stdout
    assert "1 no_face" in shown.stdout


def test_arrays_are_written_on_demand(run_json, staff, tmp_path) -> None:
    out = tmp_path / "crops"
    words = ("data", "prepare", staff, "--out", out, "--size", 48, "--split", "1/0/0", "--npz")
    code, document = run_json(*words)
    assert (code, document["arrays"]) == (0, [str(out / "train.npz")])
    with np.load(out / "train.npz") as kept:
        assert kept["images"].shape == (6, 3, 48, 48)
        assert abs(kept["images"]).max() <= 1


def test_a_quality_nobody_has_is_exit_2(run_json, staff, tmp_path) -> None:
    code, document = run_json(
        "data", "prepare", staff, "--out", tmp_path / "o", "--min-quality", 1.0, "--npz"
    )
    assert (code, document["crops"], document["arrays"]) == (2, 0, [])
    assert {code for _, code in document["failures"]} == {"low_quality"}


def test_bad_words_are_exit_2(run_json, staff, tmp_path) -> None:
    for words in (("--split", "80"), ("--size", "3"), ("--layout", "celeba"), ("--layout", "x")):
        code, document = run_json("data", "prepare", staff, "--out", tmp_path / "o", *words)
        assert code == 2
        assert document["error"]["message"]


def test_other_settings_are_refused(run_json, staff, tmp_path) -> None:
    out = tmp_path / "crops"
    assert run_json("data", "prepare", staff, "--out", out)[0] == 0
    code, document = run_json("data", "prepare", staff, "--out", out, "--seed", 1)
    assert code == 2
    assert "choose another folder" in document["error"]["message"]
    assert run_json("data", "prepare", staff, "--out", out, "--format", "png")[0] == 2


def test_an_interrupted_run_says_how_to_go_on(run, staff, tmp_path, monkeypatch) -> None:
    from importlib import import_module

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(import_module("visavis.evaluate.prepare"), "prepare", stop)
    result = run("data", "prepare", staff, "--out", tmp_path / "o")
    assert result.exit_code == 130
    assert "run the same command again" in result.stderr
