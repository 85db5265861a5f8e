"""Folders of pictures."""

from pathlib import Path

import pytest

from streams import number_of, picture
from visavis.errors import BadStream
from visavis.image import save
from visavis.video.address import Address
from visavis.video.folder import Folder
from visavis.video.source import SourceOptions


def opened(path: Path, fps: float = 1.0) -> Folder:
    return Folder(Address.parse(str(path)), SourceOptions(folder_fps=fps))


def test_pictures_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for number in (10, 2, 1, 9):
        save(picture(number), tmp_path / f"frame{number}.png")
    (tmp_path / "notes.txt").write_text("no picture")
    source = opened(tmp_path, fps=4.0)
    frames = list(source.frames())
    assert [number_of(f.image) for f in frames] == [1, 2, 9, 10]
    assert [(f.number, f.at) for f in frames] == [(0, 0.0), (1, 0.25), (2, 0.5), (3, 0.75)]
    assert (source.live, source.corrupt) == (False, 0)


def test_a_broken_picture_is_passed_over_with_its_time(tmp_path: Path) -> None:
    for number in range(3):
        save(picture(number), tmp_path / f"{number}.png")
    (tmp_path / "1.png").write_bytes(b"broken")
    source = opened(tmp_path)
    assert [(f.number, f.at) for f in source.frames()] == [(0, 0.0), (2, 2.0)]
    assert source.corrupt == 1


def test_names_of_one_number_have_an_order(tmp_path: Path) -> None:
    for name in ("1.png", "01.png", "a.png", "1a.png"):
        save(picture(0), tmp_path / name)
    assert len(list(opened(tmp_path).frames())) == 4


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadStream, match="none of them readable"):
        list(opened(tmp_path).frames())


def test_a_folder_that_went_away_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    source = opened(tmp_path / "a")
    (tmp_path / "a").rmdir()
    with pytest.raises(BadStream, match="No such file"):
        list(source.frames())


def test_closed_between_pictures_it_ends(tmp_path: Path) -> None:
    for number in range(3):
        save(picture(number), tmp_path / f"{number}.png")
    source = opened(tmp_path)
    frames = source.frames()
    next(frames)
    source.close()
    assert list(frames) == []
