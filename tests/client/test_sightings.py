"""Sightings, asked of the real service, and followed as they come."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import islice

import numpy as np
import pytest
import uvicorn

from sighted import START, entered, later
from visavis.client import AsyncClient, Client, ServiceError
from visavis.client.sightings import SightingEvent
from visavis.gallery.sighting import Kind, Sighted
from visavis.gallery.sightings import Sightings
from visavis.service.apikeys import Scope
from visavis.service.app import create_app
from visavis.service.run import Server
from visavis.service.state import Services

Png = Callable[..., bytes]
LONG = 30.0


@pytest.fixture
def kept(services: Services, png: Png) -> Sightings:
    recognizer = services.recognizers.of("default")
    recognizer.enrol("ada", [png("ada")])
    return recognizer.collection.sightings


def test_who_was_seen(client: Client, kept: Sightings) -> None:
    first = entered("ada", shot=np.full((8, 6, 3), 90, np.uint8), live=True, score=0.5)
    other = entered(None, 60, camera="hall", score=None)
    kept.note([first, other, later(first, Kind.LEFT, 30, live=True)])
    assert [one.id for one in client.sightings()] == [other.sighting, first.sighting]
    (found,) = client.sightings(subject="ada", camera="door", since=START)
    assert found == client.sighting(first.sighting)
    assert (found.kinds, found.live, found.has_shot) == (("entered", "left"), True, True)
    assert found.last_seen - found.first_seen == timedelta(seconds=30)
    assert client.sighting_shot(first.sighting).startswith(b"\xff\xd8")
    assert list(client.sightings(since=START + timedelta(hours=1))) == []
    with pytest.raises(ServiceError) as caught:
        client.sighting_shot(other.sighting)
    assert caught.value.code == "not_found"


def test_what_was_missed_and_what_comes(client: Client, kept: Sightings) -> None:
    old = kept.note([entered("ada"), entered(None, 1)])
    events = client.follow_sightings(after=old[0])
    found = [next(events)]
    new = kept.note([entered("ada", 2, camera="hall")])
    found.append(next(events))
    assert [event.seq for event in found] == [old[1], new[0]]
    assert (found[1].kind, found[1].subject, found[1].camera) == ("entered", "ada", "hall")
    events.close()  # type: ignore[attr-defined]


def test_only_what_is_asked_for(client: Client, kept: Sightings) -> None:
    kept.note([entered(None, n) for n in range(3)])
    (seq,) = kept.note([entered("ada", 9)])
    events = client.follow_sightings(after=0, subject="ada")
    assert next(events).seq == seq
    events.close()  # type: ignore[attr-defined]


def test_a_revoked_key_ends_it(url: str, services: Services, kept: Sightings) -> None:
    key, token = services.keys.create("hall", [Scope.IDENTIFY])
    kept.note([entered("ada")])
    with Client(url, token, retries=0, sleep=lambda seconds: None) as client:
        events = client.follow_sightings(after=0)
        next(events)
        services.keys.revoke(key.id)
        with pytest.raises(ServiceError) as caught:
            next(events)
    assert caught.value.code == "unauthorized"
    assert len(services.streams) == 0


def test_a_service_that_stops_ends_it_at_once(services: Services, kept: Sightings) -> None:
    """Without that, the server would wait for the reader for ever."""
    server = Server(uvicorn.Config(create_app(services), port=0, log_config=None), services.streams)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.005)
    url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    kept.note([entered("ada")])
    with Client(url, retries=0) as client:
        events = client.follow_sightings(after=0)
        next(events)
        server.should_exit = True
        thread.join(LONG)
        assert not thread.is_alive()
        events.close()  # type: ignore[attr-defined]
    assert len(services.streams) == 0


def test_asyncio(url: str, kept: Sightings) -> None:
    seqs = kept.note([entered("ada"), entered(None, 1)])

    async def run() -> list[SightingEvent]:
        async with AsyncClient(url) as client:
            shown = [one async for one in client.sightings()]
            assert len(shown) == 2
            found = []
            async for event in client.follow_sightings(after=0):
                found.append(event)
                if len(found) == 2:
                    break
            return found

    assert tuple(event.seq for event in asyncio.run(run())) == seqs


def test_many_who_listen_hear_the_same(url: str, services: Services, kept: Sightings) -> None:
    told: list[list[int]] = []

    def listen() -> None:
        with Client(url) as client:
            told.append([event.seq for event in islice(client.follow_sightings(after=0), 20)])

    threads = [threading.Thread(target=listen) for _ in range(5)]
    for thread in threads:
        thread.start()
    first: Sighted = entered("ada")
    events = [first, *(later(first, Kind.IDENTIFIED, n) for n in range(1, 20))]
    seqs: Iterator[int | None] = (kept.note([event])[0] for event in events)
    expected = list(seqs)
    for thread in threads:
        thread.join(LONG)
    assert told == [expected] * 5
