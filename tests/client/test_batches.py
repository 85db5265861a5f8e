"""Many pictures at once, asked of the real service."""

from collections.abc import Callable

import pytest

from visavis.client import Client, ServiceError

Png = Callable[..., bytes]


def test_each_has_its_result_or_its_error(client: Client, png: Png) -> None:
    good, bad, empty = client.batch_detect([png("ada", "ben"), b"no picture", png()])
    assert good.value is not None
    assert len(good.value.faces) == 2
    assert (good.index, good.error) == (0, None)
    assert isinstance(bad.error, ServiceError)
    assert (bad.index, bad.value, bad.error.code) == (1, None, "bad_image")
    assert empty.value is not None
    assert empty.value.faces == ()


def test_embed(client: Client, png: Png) -> None:
    (found,) = client.batch_embed([png("ada", "ben")])
    assert found.value is not None
    assert [len(face.vector) for face in found.value] == [32, 32]


def test_identify(client: Client, png: Png) -> None:
    client.enrol("ada", png("ada"))
    first, second = client.batch_identify([png("ada"), png("eve")], top_k=1)
    assert first.value is not None
    assert second.value is not None
    assert first.value.faces[0].subject == "ada"
    assert second.value.faces[0].subject is None


def test_none_is_an_error(client: Client) -> None:
    with pytest.raises(ServiceError):
        client.batch_detect([])
