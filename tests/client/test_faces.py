"""What one picture shows, asked of the real service."""

from collections.abc import Callable

import pytest

from visavis.client import Client

Png = Callable[..., bytes]


def test_detect(client: Client, png: Png) -> None:
    found = client.detect(png("ada", "ben"))
    assert (found.width, found.height) == (192, 96)
    assert len(found.faces) == 2
    x1, y1, x2, y2 = found.faces[0].box
    assert 0 <= x1 < x2 <= 96
    assert 0 <= y1 < y2 <= 96
    assert len(found.faces[0].landmarks) == 5
    assert 0 < found.faces[0].score <= 1


def test_embed(client: Client, png: Png) -> None:
    (found,) = client.embed(png("ada"))
    assert len(found.vector) == 32
    assert sum(v * v for v in found.vector) == pytest.approx(1, abs=1e-5)
    assert found.model == "fake-1"
    assert found.sample.quality.reasons == ()
    assert found.sample.liveness is None


def test_liveness(client: Client, png: Png) -> None:
    (found,) = client.liveness(png("ada"))
    assert found.liveness is not None
    assert found.liveness.live is True
    assert (found.liveness.score, found.liveness.threshold) == (1.0, 0.5)
    assert found.liveness.species is None


def test_nobody_is_no_error(client: Client, png: Png) -> None:
    assert client.detect(png()).faces == ()
    assert client.liveness(png()) == ()
