"""One slot, and the newest thing in it."""

import asyncio

import pytest

from visavis.service.mailbox import Mailbox


def test_gives_what_was_put_in() -> None:
    async def main() -> None:
        box: Mailbox[str | None] = Mailbox()
        assert not box.put(None)  # whatever it is
        assert await box.get() is None
        assert not box.put("a")
        assert await box.get() == "a"
        assert box.dropped == 0

    asyncio.run(main())


def test_the_newest_takes_the_place_of_older_ones_which_are_counted() -> None:
    async def main() -> None:
        box: Mailbox[int] = Mailbox()
        assert [box.put(n) for n in range(5)] == [False, True, True, True, True]
        assert await box.get() == 4
        assert box.dropped == 4
        box.put(5)
        assert await box.get() == 5
        assert box.dropped == 4

    asyncio.run(main())


def test_waits_until_something_comes() -> None:
    async def main() -> None:
        box: Mailbox[int] = Mailbox()
        waiting = asyncio.create_task(box.get())
        await asyncio.sleep(0)
        assert not waiting.done()
        box.put(1)
        box.put(2)
        assert await waiting == 2
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(box.get(), 0.01)

    asyncio.run(main())


def test_who_stops_waiting_takes_nothing_with_him() -> None:
    async def main() -> None:
        box: Mailbox[int] = Mailbox()
        waiting = asyncio.create_task(box.get())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        box.put(7)
        assert await box.get() == 7

    asyncio.run(main())
