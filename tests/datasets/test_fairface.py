"""The list of FairFace's doubles."""

import csv
import re
from importlib.resources import files
from pathlib import Path

from visavis.datasets.attributes import read_attributes
from visavis.datasets.fairface import doubles
from visavis.datasets.records import Dataset, Picture


def rows() -> list[dict[str, str]]:
    text = files("visavis.datasets").joinpath("fairface_doubles.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


def test_the_table_is_sound() -> None:
    for row in rows():
        assert re.fullmatch(r"[0-9a-f]{64}", row["sha256"])
        assert row["verdict"] in ("same", "doubtful")
        assert row["note"] or row["verdict"] == "doubtful"
    left_out = {r["file"] for r in rows() if r["verdict"] == "same"}
    assert not left_out & {r["same_as"] for r in rows() if r["verdict"] == "same"}


def test_a_name_alone_leaves_nothing_out(tmp_path: Path) -> None:
    name = rows()[0]["file"]
    (tmp_path / name).write_bytes(b"another picture")
    assert doubles(Dataset("own", tmp_path, (Picture(tmp_path / name, name),))) == frozenset()


def test_fairface_loses_its_doubles(test_data: Path) -> None:
    dataset = read_attributes(test_data / "fairface")
    same = {r["file"] for r in rows() if r["verdict"] == "same"}
    assert doubles(dataset) == same
