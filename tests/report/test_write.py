"""Writing a report."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from visavis.errors import InputError
from visavis.report import write as module
from visavis.report.document import Figure, Photograph, Report, Section
from visavis.report.write import write


def tree(folder: Path) -> dict[str, bytes]:
    files = (p for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}


def test_three_forms_and_what_belongs_to_them(
    report: Report, photograph: Photograph, tmp_path: Path
) -> None:
    written = write(report, tmp_path / "new" / "folder")
    assert sorted(tree(tmp_path / "new/folder")) == sorted(
        [
            "sample.md",
            "sample.html",
            "sample.json",
            "sample/det.svg",
            "sample/cmc.svg",
            "sample/grey.png",
            "sample/photographs.json",
        ]
    )
    assert all(path.exists() for path in written)
    assert len(written) == 7
    (listed,) = json.loads((tmp_path / "new/folder/sample/photographs.json").read_text())
    assert listed["sha256"] == hashlib.sha256(photograph.data).hexdigest()
    assert (listed["file"], listed["licence"]) == ("grey.png", "public domain")


def test_links_of_the_markdown_page_lead_somewhere(report: Report, tmp_path: Path) -> None:
    write(report, tmp_path, ["md"])
    for name in ("sample/det.svg", "sample/grey.png"):
        assert f"]({name})" in (tmp_path / "sample.md").read_text()
        assert (tmp_path / name).exists()


def test_the_same_report_gives_the_same_bytes(report: Report, tmp_path: Path) -> None:
    write(report, tmp_path / "one")
    write(report, tmp_path / "two")
    write(report, tmp_path / "two")
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


def test_only_what_is_asked_for(report: Report, tmp_path: Path) -> None:
    assert write(report, tmp_path, ("json",)) == [tmp_path / "sample.json"]
    assert list(tree(tmp_path)) == ["sample.json"]
    with pytest.raises(InputError, match="expected md"):
        write(report, tmp_path, ["doc"])  # type: ignore[list-item]


@pytest.mark.parametrize("name", ["../up", "a/b", "", ".hidden"])
def test_names_cannot_lead_out_of_the_folder(report: Report, tmp_path: Path, name: str) -> None:
    figure = Section("s", (Figure(name, "<svg/>", "", ""),))
    for bad in (replace(report, slug=name), replace(report, sections=(figure,))):
        with pytest.raises(InputError, match="expected a name"):
            write(bad, tmp_path / "in")
    assert tree(tmp_path) == {}


def test_a_name_may_stand_once(report: Report, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="got twice: det, grey, cmc"):
        write(replace(report, sections=report.sections * 2), tmp_path)


def test_a_failing_disk_leaves_the_old_file(
    report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(report, tmp_path, ["json"])
    before = tree(tmp_path)

    def fail(*_: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(module.os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write(replace(report, title="other"), tmp_path, ["json"])
    assert tree(tmp_path) == before
