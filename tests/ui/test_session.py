"""Sessions: keys in memory, for as long as somebody is there."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from visavis.client.errors import ServiceError
from visavis.client.keys import own_key
from visavis.service.apikeys import Scope
from visavis.service.app import create_app
from visavis.service.state import Services
from visavis.ui import session
from visavis.ui.session import Sessions, may

Use = Callable[[Sessions, list[float]], Awaitable[None]]


@pytest.fixture
def token(services: Services) -> str:
    return services.keys.create("desk", [Scope.IDENTIFY])[1]


def using(services: Services, use: Use) -> None:
    async def run() -> None:
        now = [0.0]
        sessions = Sessions(create_app(services), "127.0.0.1:8600", lambda: now[0])
        try:
            await use(sessions, now)
        finally:
            await sessions.close()

    asyncio.run(run())


def test_a_key_opens_a_session_and_asks(services: Services, token: str) -> None:
    async def use(sessions: Sessions, now: list[float]) -> None:
        ident = await sessions.begin(token)
        own = await sessions.ask(ident)(own_key())
        assert (own.name, may(own, "enrol", "identify"), may(own, "audit")) == ("desk", True, False)
        assert token not in repr(sessions.find(ident))
        await sessions.end(ident)
        assert sessions.find(ident) is None
        with pytest.raises(ServiceError, match="API key"):
            await sessions.ask(ident)(own_key())

    using(services, use)


def test_a_wrong_key_opens_none(services: Services, token: str) -> None:
    async def use(sessions: Sessions, now: list[float]) -> None:
        with pytest.raises(ServiceError) as told:
            await sessions.begin(f"{token}x")
        assert told.value.status == 401
        assert not await sessions.open_to_all()

    using(services, use)


def test_no_key_of_the_environment_is_used(
    services: Services, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISAVIS_API_KEY", token)

    async def use(sessions: Sessions, now: list[float]) -> None:
        assert not await sessions.open_to_all()
        with pytest.raises(ServiceError):
            await sessions.ask(None)(own_key())

    using(services, use)


def test_a_service_without_keys_is_open(services: Services) -> None:
    async def use(sessions: Sessions, now: list[float]) -> None:
        assert await sessions.open_to_all()
        services.keys.create("first", [Scope.IDENTIFY])
        assert await sessions.open_to_all()
        now[0] += session.OPEN_SECONDS
        assert not await sessions.open_to_all()

    using(services, use)


def test_who_is_idle_too_long_is_signed_out(services: Services, token: str) -> None:
    async def use(sessions: Sessions, now: list[float]) -> None:
        ident = await sessions.begin(token)
        now[0] += session.IDLE_SECONDS
        assert sessions.find(ident) is not None
        now[0] += session.IDLE_SECONDS + 1
        assert sessions.find(ident) is None

    using(services, use)


def test_the_longest_idle_makes_room(
    services: Services, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "MOST", 2)

    async def use(sessions: Sessions, now: list[float]) -> None:
        first, second = await sessions.begin(token), await sessions.begin(token)
        sessions.find(first)
        third = await sessions.begin(token)
        alive = [ident for ident in (first, second, third) if sessions.find(ident)]
        assert alive == [first, third]

    using(services, use)
