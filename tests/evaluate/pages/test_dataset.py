"""The data-set page says what was found, and nothing else."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from planted import CALIBRATION, dataset_of, embedded_of, files_of, vectors_of
from visavis.evaluate.explore import explore
from visavis.evaluate.pages.dataset import page
from visavis.report.document import Figure, Note, Provenance, Report, Table
from visavis.report.write import write

FROM = Provenance("visavis report dataset planted", {}, "a machine")
OWNERS = [f"p{i}" for i in range(8) for _ in range(4)]


def made(shown: list[str], labels: list[str | None], *, leak: bool = False) -> Report:
    dataset = dataset_of(labels, "my_set*")
    embedded, files = embedded_of(dataset, vectors_of(shown)), files_of(dataset)
    against = (embedded, files) if leak else None
    return page(explore(embedded, files, CALIBRATION, tsne=False, against=against), FROM)


def titles(report: Report) -> list[str]:
    return [section.title for section in report.sections]


def tables(report: Report, title: str) -> list[Table]:
    (section,) = [s for s in report.sections if s.title == title]
    return [b for b in section.blocks if isinstance(b, Table)]


def test_a_clean_set_has_no_suspects(tmp_path: Path) -> None:
    report = made(OWNERS, list(OWNERS))
    assert "32 pictures of 8 identities" in report.lead
    assert "No picture repeats another." in report.lead
    assert "0 pictures unlike the rest of their identity and at 0 pairs" in report.lead
    assert tables(report, "Suspect labels") == []
    assert "Leakage" not in titles(report)
    assert {p.suffix for p in write(report, tmp_path)} == {".md", ".html", ".json", ".svg"}


def test_suspects_are_listed_by_file_as_suspects() -> None:
    shown = list(OWNERS)
    shown[5] = "p6"  # p1's second picture shows p6
    report = made(shown, list(OWNERS))
    outliers, pairs = tables(report, "Suspect labels")
    assert outliers.rows[0][0] == "p1/5.jpg"
    assert outliers.rows[0][3] == "p6"
    assert "1 of them reaches 0.600 with somebody else's mean" in outliers.caption
    assert pairs.rows[0][:2] == ("p1", "p6")
    (section,) = [s for s in report.sections if s.title == "Suspect labels"]
    assert any(isinstance(b, Note) and "not verdicts" in b.markdown for b in section.blocks)


def test_names_of_the_users_are_shown_literally() -> None:
    report = made(OWNERS, list(OWNERS), leak=True)
    assert report.lead.startswith(r"my\_set\*")
    assert report.title == "Data set: my_set*"


def test_leakage_is_said_plainly() -> None:
    report = made(OWNERS, list(OWNERS), leak=True)
    assert "It overlaps with" in report.lead
    assert "32 shared pictures, 8 pairs of people who look alike" in report.lead


def test_a_set_without_labels_has_no_such_sections() -> None:
    report = made(OWNERS, [None] * 32)
    assert titles(report) == [
        "What is in it",
        "Pictures and faces",
        "Duplicates",
        "Maps of the embeddings",
    ]


def test_a_set_without_a_face_still_makes_a_page(tmp_path: Path) -> None:
    dataset = dataset_of(["a", "a", "b"])
    embedded = embedded_of(dataset, np.full((3, 64), np.nan, np.float32))
    report = page(explore(embedded, files_of(dataset), CALIBRATION), FROM)
    assert "a face was found in 0" in report.lead
    assert "no_face 3" in tables(report, "What is in it")[0].caption
    write(report, tmp_path)


def test_attributes_are_tabled() -> None:
    labels = [{"age": "3-9" if i < 24 else "10-19", "side": "lr"[i % 2]} for i in range(32)]
    dataset = dataset_of([None] * 32, attributes=labels)
    embedded = embedded_of(dataset, vectors_of(OWNERS))
    report = page(explore(embedded, files_of(dataset), CALIBRATION, tsne=False), FROM)
    age, side, cross = tables(report, "Attributes")
    assert [row[:2] for row in age.rows] == [("3-9", 24), ("10-19", 8)]
    assert age.caption == "By age: 3-9 has 3 times the pictures of 10-19."
    assert side.caption == "By side: all values have 16 pictures."
    assert [row[2] for row in age.rows] == ["75 %", "25 %"]
    assert cross.rows == (("3-9", 12, 12), ("10-19", 4, 4))
    assert "are independent of each other" in cross.caption
    assert "most uneven of its attributes is age" in report.lead


@pytest.mark.parametrize("count", [1, 2])
def test_duplicates_across_identities_are_counted(count: int) -> None:
    dataset = dataset_of(list(OWNERS))
    files = files_of(dataset)
    digests = list(files.digests)
    for i in range(count):
        digests[i] = digests[16 + i] = f"same{i}".encode()
    files = replace(files, digests=tuple(digests))
    report = page(
        explore(embedded_of(dataset, vectors_of(OWNERS)), files, CALIBRATION, tsne=False), FROM
    )
    assert len(tables(report, "Duplicates")[0].rows) == count
    words = {1: "1 picture repeats another", 2: "2 pictures repeat another"}
    assert words[count] in report.lead


def test_maps_are_dots_without_photographs() -> None:
    report = made(OWNERS, list(OWNERS))
    (section,) = [s for s in report.sections if s.title == "Maps of the embeddings"]
    (drawn,) = section.blocks
    assert isinstance(drawn, Figure)
    assert "<image" not in drawn.svg
