"""Decisions, asked of the real service."""

from collections.abc import Callable
from pathlib import Path

import pytest

from visavis.client import Client, ServiceError

Png = Callable[..., bytes]


@pytest.fixture
def known(client: Client, png: Png) -> Client:
    """Of a service that knows ada and ben."""
    for name in ("ada", "ben"):
        client.enrol(name, png(name))
    return client


def test_compare(client: Client, png: Png, tmp_path: Path) -> None:
    (tmp_path / "ada.png").write_bytes(png("ada", noise=2))
    same = client.compare(png("ada"), tmp_path / "ada.png")
    other = client.compare(png("ada"), png("eve"))
    assert same.accepted
    assert not other.accepted
    assert same.score > other.score
    assert len(same.samples) == 2
    assert (same.subject, same.model) == (None, "fake-1")
    assert same.threshold.rate == pytest.approx(1e-4)


def test_verify(known: Client, png: Png) -> None:
    found = known.verify("ada", png("ada", noise=2), fmr=1e-3)
    assert found.accepted
    assert found.subject == "ada"
    assert found.threshold.rate == pytest.approx(1e-3)
    assert not known.verify("ada", png("eve")).accepted


def test_identify(known: Client, png: Png) -> None:
    found = known.identify(png("ben", "eve"), top_k=1)
    ben, eve = found.faces
    assert (ben.decision, ben.subject) == ("match", "ben")
    assert (eve.decision, eve.subject) == ("unknown", None)
    assert [candidate.subject for candidate in ben.candidates] == ["ben"]
    assert ben.candidates[0].score >= ben.threshold.score
    assert ben.margin is None
    assert (found.templates, found.model) == (2, "fake-1")


def test_errors_keep_the_codes_of_the_library(known: Client, png: Png) -> None:
    with pytest.raises(ServiceError) as caught:
        known.verify("ada", png())
    assert (caught.value.code, caught.value.status) == ("no_face", 422)
    assert caught.value.request_id
    with pytest.raises(ServiceError) as caught:
        known.identify(b"no picture")
    assert (caught.value.code, caught.value.status) == ("bad_image", 400)
    with pytest.raises(ServiceError) as caught:
        known.identify(png("ada"), collection="nowhere")
    assert (caught.value.code, caught.value.status) == ("unknown_subject", 404)


def test_what_the_service_does_not_allow(client: Client, png: Png) -> None:
    with pytest.raises(ServiceError, match=r"expected fmr of 0\.01 or less") as caught:
        client.compare(png("ada"), png("ada"), fmr=0.5)
    assert caught.value.status == 400
