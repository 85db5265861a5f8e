"""The client for asyncio: as the waiting one, on an event loop."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import httpx
import pytest

from client.conftest import Mock
from visavis.client import AsyncClient, Retries, ServiceError, Unreachable
from visavis.service.app import create_app
from visavis.service.state import Services

T = TypeVar("T")
Png = Callable[..., bytes]
BUSY = {"error": {"code": "overloaded", "message": "busy"}, "request_id": "r1"}


def asked(mock: Mock, work: Callable[[AsyncClient], Awaitable[T]]) -> T:
    """What some work with a client of the mock gives."""

    async def run() -> T:
        transport = httpx.MockTransport(mock)
        steady = Retries(draw=lambda: 1.0)
        async with AsyncClient(retries=steady, transport=transport, sleep=mock.sleep) as client:
            return await work(client)

    return asyncio.run(run())


def test_tries_again(mock: Mock) -> None:
    found = httpx.Response(200, json={"faces": [], "width": 4, "height": 3})
    mock.answers = [httpx.ConnectError("refused"), httpx.Response(503, json=BUSY), found]
    assert asked(mock, lambda client: client.detect(b"photo")).width == 4
    assert mock.pauses == [0.25, 0.5]


def test_gives_up(mock: Mock) -> None:
    mock.answers = [httpx.ReadTimeout("")] * 4
    with pytest.raises(Unreachable):
        asked(mock, lambda client: client.policy())
    assert len(mock.pauses) == 3


def test_follows_pages(mock: Mock) -> None:
    template = {"id": "t", "quality": 0.5, "enrolled_at": "2026-01-01T00:00Z"}
    mock.answers = [
        httpx.Response(200, json={"items": [template], "next": "c1"}),
        httpx.Response(200, json={"items": [template, template], "next": None}),
    ]

    async def work(client: AsyncClient) -> list[str]:
        return [found.id async for found in client.templates("ada")]

    assert asked(mock, work) == ["t", "t", "t"]
    assert [request.url.query for request in mock.asked] == [b"", b"cursor=c1"]


def test_saves_whole_files_alone(mock: Mock, tmp_path: Path) -> None:
    mock.answers = [httpx.Response(200, content=b"sealed"), httpx.Response(403, json=BUSY)]
    target = tmp_path / "export"
    assert asked(mock, lambda client: client.export(target, "correct horse")) == target
    assert target.read_bytes() == b"sealed"
    with pytest.raises(ServiceError, match="busy"):
        asked(mock, lambda client: client.export(tmp_path / "other", "correct horse"))
    assert list(tmp_path.iterdir()) == [target]


def test_asks_the_application_itself(services: Services, png: Png) -> None:
    async def run() -> tuple[str | None, ...]:
        transport = httpx.ASGITransport(create_app(services))
        async with AsyncClient(transport=transport) as client:
            for name in ("ada", "ben"):
                await client.enrol(name, png(name))
            found = await client.identify(png("ben", "eve", "ada"))
            assert (await client.verify("ada", png("ada", noise=2))).accepted
            assert [one.id async for one in client.subjects()] == ["ada", "ben"]
            return tuple(face.subject for face in found.faces)

    assert asyncio.run(run()) == ("ben", None, "ada")
