"""Photos as bytes."""

from pathlib import Path
from typing import Any

import pytest

from visavis.client.photos import photo_bytes, several
from visavis.errors import InputError


def test_bytes_and_paths(tmp_path: Path) -> None:
    file = tmp_path / "a.jpg"
    file.write_bytes(b"abc")
    for photo in (b"abc", bytearray(b"abc"), memoryview(b"abc"), file, str(file)):
        assert photo_bytes(photo) == b"abc"


@pytest.mark.parametrize("photo", [None, 3, ["a.jpg"]])
def test_refuses_what_is_no_photo(photo: Any) -> None:
    with pytest.raises(InputError, match="expected bytes or a path"):
        photo_bytes(photo)


def test_names_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected a readable file.*none\.jpg"):
        photo_bytes(tmp_path / "none.jpg")


def test_one_is_a_list_of_one() -> None:
    assert list(several(b"abc")) == [b"abc"]
    assert list(several("a.jpg")) == ["a.jpg"]
    assert list(several([b"a", "b"])) == [b"a", "b"]
