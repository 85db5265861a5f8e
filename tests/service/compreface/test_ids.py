"""Template ids as UUIDs: there and back, and nothing else."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.gallery.sealing import template_id
from visavis.service.compreface.ids import image_id, template_of
from visavis.service.errors import NotHere


@given(st.integers(0, 2**63 - 1))
def test_there_and_back(number: int) -> None:
    template = template_id(number)
    image = image_id(template)
    assert template_of(image) == template
    assert template_of(image.upper()) == template
    assert (str(uuid.UUID(image)), uuid.UUID(image).version) == (image, 4)


@pytest.mark.parametrize(
    "image",
    [
        "",
        "0123456789abcdef",
        "6b135f5b-a365-4522-b1f1-4c9ac2dd0728",  # somebody else's
        "8b135f5b-a365-4452-8100-000000000000",  # no template has so high a number
        "6b135f5b-a365-4452-8100-000000000001",
        "6b135f5b-a365-4452-8100-000000000000\n",
    ],
)
def test_what_was_not_made_here_is_not_here(image: str) -> None:
    with pytest.raises(NotHere, match="image_id"):
        template_of(image)
