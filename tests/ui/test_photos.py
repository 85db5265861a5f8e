"""Photos as text: what a page hands over."""

from typing import Any

import pytest

pytest.importorskip("gradio")

from visavis.errors import InputError
from visavis.ui.photos import one_photo, photo_input, photos_of


def test_the_files_in_a_value() -> None:
    assert photos_of(["data:image/png;base64,YWRh", "data:;base64,YmVu"]) == [b"ada", b"ben"]
    assert photos_of(None) == photos_of("") == photos_of([]) == []
    assert one_photo(["data:;base64,YWRh"]) == b"ada"


@pytest.mark.parametrize(
    "value", ["data:;base64,YWRh", 3, [3], ["/etc/passwd"], ["https://host/a.jpg"], ["data:,%%%"]]
)
def test_anything_else_is_refused(value: Any) -> None:
    with pytest.raises(InputError):
        photos_of(value)


def test_no_photo_is_said_plainly() -> None:
    with pytest.raises(InputError, match="add two photos first"):
        one_photo([], "two photos")


def test_the_component_takes_one_or_several() -> None:
    one, many = photo_input("Photo", "a"), photo_input("Photos", "b", many=True)
    assert "multiple" not in one.html_template
    assert "multiple" in many.html_template
