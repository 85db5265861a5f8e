"""Events as they come, as server-sent events."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

from visavis.errors import VisavisError
from visavis.gallery.sighting import SightingEvent
from visavis.service.logs import log
from visavis.service.schemas.sightings import SightingEventOut
from visavis.service.sightings.bell import Bell
from visavis.service.streaming import Stream

logger = logging.getLogger("visavis.service")

EVENT_STREAM: Final = "text/event-stream"
HEARTBEAT_SECONDS: Final = 15.0
CHECK_SECONDS: Final = 2.0
"""How often the key is looked at again."""
PAGE: Final = 100
_RETRY_MS: Final = 2000


async def told(
    stream: Stream,
    bell: Bell,
    read: Callable[[int, int], Sequence[SightingEvent]],
    shown: Callable[[SightingEvent], SightingEventOut | None],
    after: int,
    heartbeat: float = HEARTBEAT_SECONDS,
) -> AsyncIterator[bytes]:
    """What `read(after, limit)` gives, as text, for as long as the stream goes on; `shown` makes
    of an event what is told of it, or None. Each heartbeat says how far the reader is, events
    that are not told included.
    """
    yield f"retry: {_RETRY_MS}\nid: {after}\n\n".encode()
    beat, look = time.monotonic(), True
    with bell.heard(stream.wake):
        while stream.going:
            late = time.monotonic() - beat >= heartbeat
            if look or late:
                try:
                    page = await asyncio.to_thread(read, after, PAGE)
                except VisavisError as error:  # the collection is gone, or the gallery is
                    log(logger, logging.WARNING, "sightings not told", error=error.code)
                    return
                after = page[-1].seq if page else after
                chosen = [one for one in map(shown, page) if one is not None]
                if chosen or late:
                    yield b"".join(map(_text, chosen)) or f"id: {after}\n\n".encode()
                    beat = time.monotonic()
                if len(page) == PAGE:
                    continue
            look = await stream.rest(CHECK_SECONDS)


def _text(event: SightingEventOut) -> bytes:
    """The event in lines; JSON in ASCII, so that no character of a name ends a line."""
    data = json.dumps(event.model_dump(mode="json"))
    return f"id: {event.seq}\nevent: {event.kind.value}\ndata: {data}\n\n".encode()
