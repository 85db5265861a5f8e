"""Drawing: faces are marked in a picture that needs no file."""

from base64 import b64decode
from collections.abc import Callable

import numpy as np
import pytest

from visavis.client.faces import Face
from visavis.errors import BadImage
from visavis.image import decode
from visavis.types import Image
from visavis.ui.drawing import Mark, drawn

FACE = Face(
    (20.0, 20.0, 80.0, 80.0),
    ((35.0, 40.0), (65.0, 40.0), (50.0, 55.0), (40.0, 68.0), (60.0, 68.0)),
    1.0,
)


def pixels(uri: str) -> Image:
    kind, _, data = uri.partition(",")
    assert kind == "data:image/jpeg;base64"
    return decode(b64decode(data))


def test_a_face_is_marked(png: Callable[..., bytes]) -> None:
    plain, marked = pixels(drawn(png("ada"), [])), pixels(drawn(png("ada"), [Mark(FACE)]))
    assert plain.shape == marked.shape == (96, 96, 3)
    changed = np.abs(plain.astype(int) - marked.astype(int)).max(axis=2) > 60
    assert changed[18:24, 40:60].any()
    assert not changed[45:55, 45:55].any()


def test_large_pictures_become_smaller_with_their_marks(png: Callable[..., bytes]) -> None:
    large = png("ada", size=960)
    face = Face(
        tuple(10 * v for v in FACE.box),  # type: ignore[arg-type]
        tuple((10 * x, 10 * y) for x, y in FACE.landmarks),
        1.0,
    )
    small = pixels(drawn(large, [Mark(face)], side=96))
    assert small.shape == (96, 96, 3)
    changed = np.abs(small.astype(int) - pixels(drawn(large, [], side=96)).astype(int)).max(axis=2)
    assert changed[18:24, 40:60].max() > 60


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(BadImage):
        drawn(b"text", [])
