"""The control classifier: planted traces are found on unseen people, noise is not."""

from io import BytesIO
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from visavis.datasets.pad import read_pad
from visavis.errors import BadImage, InputError
from visavis.evaluate.container import COLUMNS, control, read_container


def picture(path: Path, seed: int, **coding: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 255, (24, 32, 3), np.uint8)
    PIL.Image.fromarray(pixels).save(path, **coding)  # type: ignore[arg-type]
    return path


def presentations(root: Path, attacks: int, live: int) -> Path:
    """8 subjects, 3 live and 3 attack pictures each, at a JPEG quality for each class."""
    for subject in range(8):
        for shot in range(3):
            seed = subject * 3 + shot
            for kind, quality in (("real", live), ("print", attacks)):
                name = root / kind / f"s{subject}" / f"{shot}.jpg"
                picture(name, 2 * seed + (kind == "real"), quality=quality)
    return root


def test_a_planted_coding_is_found(tmp_path: Path) -> None:
    found = control(read_pad(presentations(tmp_path / "set", 60, 90)))
    assert (found.pictures, found.unreadable) == (48, 0)
    assert [t.classifier for t in found.told] == ["logistic regression", "gradient boosting"]
    assert found.best.clue.auc == 1
    assert found.best.clue.tells


def test_equal_coding_tells_nothing(tmp_path: Path) -> None:
    found = control(read_pad(presentations(tmp_path / "set", 80, 80)))
    assert not found.best.clue.tells
    assert found.best.clue.auc == max(t.clue.auc for t in found.told)


def test_what_a_file_says_of_itself(tmp_path: Path) -> None:
    file = picture(tmp_path / "a.jpg", 0, quality=75, subsampling=2, progressive=True)
    one = read_container(file)
    numbers = dict(zip(COLUMNS, one.numbers, strict=True))
    size = file.stat().st_size
    assert numbers["bytes"] == size
    assert numbers["bits a pixel"] == pytest.approx(8 * size / (24 * 32))
    assert (numbers["width"], numbers["height"]) == (32, 24)
    assert numbers["JPEG quality"] == pytest.approx(75, abs=1)
    assert (numbers["chroma subsampling"], numbers["progressive"]) == (2, 1)
    # JFIF, two tables, a progressive frame (SOF2), Huffman tables, the first scan
    words = one.markers.split()
    assert words[0] == "e0"
    assert "c2" in words
    assert words[-1] == "da"
    plain = read_container(picture(tmp_path / "b.jpg", 0, quality=75))
    assert "c0" in plain.markers.split()
    assert plain.coding == one.coding
    other = read_container(picture(tmp_path / "c.jpg", 0, quality=50))
    assert other.coding != one.coding
    chunks = read_container(picture(tmp_path / "d.png", 0)).markers
    assert chunks == "IHDR IDAT IEND"


def test_pixels_are_never_decoded(tmp_path: Path) -> None:
    """A file cut off after its header says all the same, but for its length."""
    file = picture(tmp_path / "a.jpg", 0, quality=75)
    whole = read_container(file)
    data = file.read_bytes()
    file.write_bytes(data[: data.index(b"\xff\xda") + 20])
    cut = read_container(file)
    assert (cut.coding, cut.markers) == (whole.coding, whole.markers)
    assert cut.numbers[2:] == whole.numbers[2:]


def test_files_that_are_no_pictures(tmp_path: Path) -> None:
    for data in (b"", b"no picture", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"):
        (tmp_path / "x.jpg").write_bytes(data)
        with pytest.raises(BadImage, match="expected a picture"):
            read_container(tmp_path / "x.jpg")
    file = presentations(tmp_path / "set", 60, 90) / "real" / "s0" / "0.jpg"
    file.write_bytes(b"torn")
    found = control(read_pad(tmp_path / "set"))
    assert (found.pictures, found.unreadable) == (47, 1)


def test_one_subject_is_too_few(tmp_path: Path) -> None:
    for kind in ("real", "print"):
        picture(tmp_path / "set" / kind / "s1" / "a.jpg", 0)
    with pytest.raises(InputError, match="two subjects"):
        control(read_pad(tmp_path / "set"))


def test_on_nuaa(test_data: Path) -> None:
    """What `visavis evaluate container` prints for the set: below what `tells`, above chance."""
    found = control(read_pad(test_data / "pad" / "nuaa_train"))
    assert found.pictures == 594
    assert 0.6 < found.best.clue.auc < 0.85


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    out = BytesIO()
    PIL.Image.new("1", (20_000, 10_000)).save(out, "PNG")
    (tmp_path / "x.png").write_bytes(out.getvalue())
    with pytest.raises(BadImage, match="expected a picture"):
        read_container(tmp_path / "x.png")
