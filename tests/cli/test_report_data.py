"""report dataset and report pad-data, on fakes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

Run = Callable[..., Any]


def test_dataset_writes_what_explore_finds(run_json: Run, staff: Path, tmp_path: Path) -> None:
    code, document = run_json("report", "dataset", staff, "--out", tmp_path / "out", "--no-tsne")
    assert code == 0
    names = [Path(path).name for path in document["written"]]
    assert names == ["dataset.md", "dataset.html", "dataset.json"]
    assert "6 pictures of 3 identities" in (tmp_path / "out" / "dataset.md").read_text()


def test_pad_data_writes_its_page(run_json: Run, shoot: Run, tmp_path: Path) -> None:
    for seed, who in enumerate(("ada", "ben", "cleo")):
        shoot(who, seed=seed, at=f"pad/real/{who}/1.png")
        shoot(who, seed=seed + 9, at=f"pad/print/{who}/1.png")
    code, document = run_json("report", "pad-data", tmp_path / "pad", "--out", tmp_path / "out")
    assert code == 0
    assert Path(document["written"][0]).name == "pad-data.md"
    assert "What would let a detector cheat" in Path(document["written"][0]).read_text()


def test_a_set_without_attacks_is_no_pad_set(run_json: Run, staff: Path) -> None:
    code, document = run_json("report", "pad-data", staff)
    assert (code, document["error"]["code"]) == (2, "bad_dataset")
