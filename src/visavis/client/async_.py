"""The client for asyncio, which also streams."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Self, TypeAlias, TypeVar, Unpack

import httpx

from visavis.client import calls, streams
from visavis.client.challenges import Progress, Verdict
from visavis.client.errors import Answer, ServiceError
from visavis.client.feeds import Feed, Reader
from visavis.client.live import LiveFrame
from visavis.client.methods import given, looking_like
from visavis.client.operation import Asked, Listing, Operation
from visavis.client.previews import Parts, asked
from visavis.client.retries import Retries
from visavis.client.streams import Frames, OnError
from visavis.client.transfer import Download
from visavis.client.wire import DEFAULT_URL, Wire, answer_of, reaching, request_of

P = ParamSpec("P")
T = TypeVar("T")
Soon: TypeAlias = Coroutine[Any, Any, T]


def _awaited(make: Callable[P, Operation[T]]) -> "Callable[Concatenate[AsyncClient, P], Soon[T]]":
    """A coroutine method that sends an operation."""

    @looking_like(make, given(make))
    async def call(self: "AsyncClient", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.send(make(*args, **kwargs))

    return call


def _followed(
    make: Callable[P, Listing[T]],
) -> "Callable[Concatenate[AsyncClient, P], AsyncIterator[T]]":
    """A method that gives the items of a list, and asks for its pages as they are needed."""

    @looking_like(make, AsyncIterator[given(make)])  # type: ignore[misc]
    def items(self: "AsyncClient", /, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[T]:
        return self.every(make(*args, **kwargs))

    return items


def _told(make: Callable[P, Feed[T]]) -> "Callable[Concatenate[AsyncClient, P], AsyncIterator[T]]":
    """A method that gives events as they come."""

    @looking_like(make, AsyncIterator[given(make)])  # type: ignore[misc]
    def events(self: "AsyncClient", /, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[T]:
        return self.follow(make(*args, **kwargs))

    return events


def _fetched(make: Callable[P, Download]) -> "Callable[Concatenate[AsyncClient, P], Soon[Path]]":
    """A coroutine method that saves an answer to a file."""

    @looking_like(make, Path)
    async def save(self: "AsyncClient", /, *args: P.args, **kwargs: P.kwargs) -> Path:
        return await self.save(make(*args, **kwargs))

    return save


def _ignored(error: ServiceError) -> None:
    """One frame of many."""


class AsyncClient:
    """Asks a Visavis service, as `Client` does, and streams to it. A context manager."""

    def __init__(
        self,
        url: str = DEFAULT_URL,
        key: str | None = None,
        *,
        timeout: float = 30.0,
        retries: int | Retries = 3,
        transport: httpx.AsyncBaseTransport | None = None,
        tls: ssl.SSLContext | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """All as for `Client`; streams do not go through `transport`."""
        self._wire = Wire(url, key, timeout, tls)
        self._retries = Retries.of(retries)
        self._sleep = sleep
        self._http = httpx.AsyncClient(transport=transport, **self._wire.options)

    detect = _awaited(calls.detect)
    embed = _awaited(calls.embed)
    liveness = _awaited(calls.liveness)

    compare = _awaited(calls.compare)
    verify = _awaited(calls.verify)
    identify = _awaited(calls.identify)

    batch_detect = _awaited(calls.batch_detect)
    batch_embed = _awaited(calls.batch_embed)
    batch_identify = _awaited(calls.batch_identify)

    collections = _followed(calls.collections)
    collection = _awaited(calls.collection)
    create_collection = _awaited(calls.create_collection)
    delete_collection = _awaited(calls.delete_collection)

    enrol = _awaited(calls.enrol)
    subjects = _followed(calls.subjects)
    subject = _awaited(calls.subject)
    update_subject = _awaited(calls.update_subject)
    rename_subject = _awaited(calls.rename_subject)
    merge_subjects = _awaited(calls.merge_subjects)
    forget_subject = _awaited(calls.forget_subject)
    templates = _followed(calls.templates)
    remove_template = _awaited(calls.remove_template)

    start_job = _awaited(calls.start_job)
    jobs = _followed(calls.jobs)
    job = _awaited(calls.job)
    job_items = _followed(calls.job_items)
    cancel_job = _awaited(calls.cancel_job)
    delete_job = _awaited(calls.delete_job)

    export = _fetched(calls.export)
    import_ = _awaited(calls.import_)

    start_challenge = _awaited(calls.start_challenge)
    challenge = _awaited(calls.challenge)
    answer_challenge = _awaited(calls.answer_challenge)
    judge_challenge = _awaited(calls.judge_challenge)

    cameras = _followed(calls.cameras)
    camera = _awaited(calls.camera)
    create_camera = _awaited(calls.create_camera)
    update_camera = _awaited(calls.update_camera)
    delete_camera = _awaited(calls.delete_camera)
    start_camera = _awaited(calls.start_camera)
    stop_camera = _awaited(calls.stop_camera)
    camera_frame = _awaited(calls.camera_frame)

    sightings = _followed(calls.sightings)
    sighting = _awaited(calls.sighting)
    sighting_shot = _awaited(calls.sighting_shot)
    follow_sightings = _told(calls.follow_sightings)

    audit = _followed(calls.audit)
    verify_audit = _awaited(calls.verify_audit)

    keys = _followed(calls.keys)
    own_key = _awaited(calls.own_key)
    create_key = _awaited(calls.create_key)
    rotate_key = _awaited(calls.rotate_key)
    revoke_key = _awaited(calls.revoke_key)

    models = _awaited(calls.models)
    calibration = _awaited(calls.calibration)
    liveness_table = _awaited(calls.liveness_table)
    policy = _awaited(calls.policy)
    ready = _awaited(calls.ready)

    def live(
        self,
        frames: Frames,
        *,
        collection: str | None = None,
        on_error: OnError = _ignored,
        **asked: Unpack[Asked],
    ) -> AsyncGenerator[LiveFrame, None]:
        """Who is in a stream of frames, for each frame that the service looked at: where it cannot
        keep up, the newest counts. `on_error` is told of frames that it could not use; five of them
        in a row end the stream.
        """
        return streams.live(self._wire, frames, {"collection": collection, **asked}, on_error)

    def stream_challenge(
        self, challenge: str, frames: Frames, *, on_error: OnError = _ignored
    ) -> AsyncGenerator[Progress | Verdict, None]:
        """Answers a challenge by a stream of frames, which goes on until the verdict has come."""
        return streams.answer(self._wire, challenge, frames, on_error)

    async def preview_camera(self, camera: str) -> AsyncGenerator[bytes, None]:
        """The pictures of a camera at work, with boxes and names, as they come: JPEGs, at most ten
        a second, until it stops or the iterator is closed.
        """
        parts = Parts()
        with reaching(self._wire.url):
            async with self._http.stream(**asked(self._wire, camera)) as found:
                if not found.is_success:
                    await found.aread()
                    raise answer_of(found).error()
                async for piece in found.aiter_bytes():
                    for picture in parts.feed(piece):
                        yield picture

    async def send(self, operation: Operation[T]) -> T:
        """What an operation answers."""

        async def attempt() -> T:
            return operation.result(await self._exchange(operation))

        return await self._tried(operation, attempt)

    async def every(self, listing: Listing[T]) -> AsyncIterator[T]:
        """All items of a list."""
        page = await self.send(listing.page())
        for item in page:
            yield item
        while page.next is not None:
            page = await self.send(listing.page(page.next))
            for item in page:
                yield item

    async def follow(self, feed: Feed[T]) -> AsyncIterator[T]:
        """What comes of a feed, for as long as one asks; a line that breaks is made again."""
        reader = Reader(feed, self._retries)
        while True:
            failed: ServiceError | None = None
            try:
                async for event in self._listen(reader):
                    yield event
            except ServiceError as error:
                failed = error
            await self._sleep(reader.pause(failed))

    async def save(self, download: Download) -> Path:
        """The path of the file that an answer was saved to."""
        await self._tried(download.operation, lambda: self._fetch(download))
        return download.to

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _tried(self, operation: Operation[T], attempt: Callable[[], Awaitable[T]]) -> T:
        done = 0
        while True:
            try:
                return await attempt()
            except ServiceError as error:
                pause = self._retries.pause(operation, done, error)
            await self._sleep(pause)
            done += 1

    async def _exchange(self, operation: Operation[T]) -> Answer:
        with reaching(self._wire.url):
            return answer_of(await self._http.request(**request_of(operation)))

    async def _listen(self, reader: Reader[T]) -> AsyncIterator[T]:
        asked = {**request_of(reader.operation), "timeout": self._wire.following}
        with reaching(self._wire.url):
            async with self._http.stream(**asked) as found:
                if not found.is_success:
                    await found.aread()
                    raise answer_of(found).error()
                reader.opened()
                async for line in found.aiter_lines():
                    for event in reader.take(line):
                        yield event

    async def _fetch(self, download: Download) -> None:
        asked = request_of(download.operation)
        with download.file() as file, reaching(self._wire.url):
            async with self._http.stream(**asked) as found:
                if not found.is_success:
                    await found.aread()
                    raise answer_of(found).error()
                async for part in found.aiter_bytes():
                    file.write(part)
