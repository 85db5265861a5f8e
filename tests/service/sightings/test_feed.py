"""Events as text: what a reader gets, and when it ends."""

import asyncio
import json
from collections.abc import AsyncIterator

from sighted import entered
from visavis.errors import UnknownSubject
from visavis.gallery.collection import Collection
from visavis.gallery.sighting import SightingEvent
from visavis.service.schemas.sightings import SightingEventOut
from visavis.service.sightings.bell import Bell
from visavis.service.sightings.feed import PAGE, told
from visavis.service.streaming import Streams

LONG = 20.0


def shown(event: SightingEvent) -> SightingEventOut | None:
    if event.told.camera == "none":
        return None
    return SightingEventOut.of(event, "default", 2)


async def following(
    collection: Collection, streams: Streams, after: int = 0, heartbeat: float = LONG
) -> AsyncIterator[bytes]:
    """The text, with a bell that rings for whatever is committed."""
    kept = collection.sightings
    bell = Bell(collection.desk.store.version, kept.last, every=0.001)
    with streams.open(lambda: None) as stream:
        async for text in told(stream, bell, kept.events, shown, after, heartbeat):
            yield text
    bell.stop()


async def part(text: AsyncIterator[bytes]) -> str:
    return (await asyncio.wait_for(anext(text), LONG)).decode()


def ids(text: str) -> list[int]:
    return [int(line[4:]) for line in text.splitlines() if line.startswith("id: ")]


def test_what_was_missed_then_what_comes_then_the_end(collection: Collection) -> None:
    kept = collection.sightings

    async def run() -> None:
        streams = Streams(1)
        old = kept.note([entered("ada"), entered("ben", 1)])
        text = following(collection, streams, after=old[0] or 0)
        assert await part(text) == f"retry: 2000\nid: {old[0]}\n\n"
        assert ids(await part(text)) == [old[1]]
        (new,) = await asyncio.to_thread(kept.note, [entered("ada", 2, camera="tor\u2028é")])
        found = await part(text)
        first, event, data, *_ = found.split("\n")
        assert (first, event) == (f"id: {new}", "event: entered")
        assert data.isascii()
        assert json.loads(data.removeprefix("data: "))["camera"] == "tor\u2028é"
        streams.end()
        assert [rest async for rest in text] == []
        assert len(streams) == 0

    asyncio.run(run())


def test_more_than_a_page_comes_at_once(collection: Collection) -> None:
    seqs = collection.sightings.note([entered("ada", n) for n in range(PAGE + 7)])

    async def run() -> None:
        text = following(collection, Streams(1))
        await part(text)
        found = ids(await part(text)) + ids(await part(text))
        assert found == list(seqs)
        await text.aclose()  # type: ignore[attr-defined]

    asyncio.run(run())


def test_a_heartbeat_says_how_far_it_is_beyond_what_was_not_told(collection: Collection) -> None:
    (seq,) = collection.sightings.note([entered("ada", camera="none")])

    async def run() -> None:
        text = following(collection, Streams(1), heartbeat=0.0)
        await part(text)
        assert await part(text) == f"id: {seq}\n\n"
        await text.aclose()  # type: ignore[attr-defined]

    asyncio.run(run())


def test_it_ends_with_its_collection() -> None:
    def read(after: int, limit: int) -> list[SightingEvent]:
        raise UnknownSubject("gone")

    async def run() -> list[bytes]:
        bell = Bell(lambda: 1, lambda: 1, every=0.001)
        with Streams(1).open(lambda: None) as stream:
            found = [text async for text in told(stream, bell, read, shown, 3)]
        bell.stop()
        return found

    assert asyncio.run(run()) == [b"retry: 2000\nid: 3\n\n"]
