"""The client that waits for its answers."""

import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Concatenate, ParamSpec, Self, TypeVar

import httpx

from visavis.client import calls
from visavis.client.errors import Answer, ServiceError
from visavis.client.feeds import Feed, Reader
from visavis.client.methods import given, looking_like
from visavis.client.operation import Listing, Operation
from visavis.client.previews import Parts, asked
from visavis.client.retries import Retries
from visavis.client.transfer import Download
from visavis.client.wire import DEFAULT_URL, Wire, answer_of, reaching, request_of

P = ParamSpec("P")
T = TypeVar("T")


def _sent(make: Callable[P, Operation[T]]) -> "Callable[Concatenate[Client, P], T]":
    """A method that sends an operation."""

    @looking_like(make, given(make))
    def call(self: "Client", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.send(make(*args, **kwargs))

    return call


def _listed(make: Callable[P, Listing[T]]) -> "Callable[Concatenate[Client, P], Iterator[T]]":
    """A method that gives the items of a list, and asks for its pages as they are needed."""

    @looking_like(make, Iterator[given(make)])  # type: ignore[misc]
    def items(self: "Client", /, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        return self.every(make(*args, **kwargs))

    return items


def _told(make: Callable[P, Feed[T]]) -> "Callable[Concatenate[Client, P], Iterator[T]]":
    """A method that gives events as they come."""

    @looking_like(make, Iterator[given(make)])  # type: ignore[misc]
    def events(self: "Client", /, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        return self.follow(make(*args, **kwargs))

    return events


def _saved(make: Callable[P, Download]) -> "Callable[Concatenate[Client, P], Path]":
    """A method that saves an answer to a file."""

    @looking_like(make, Path)
    def save(self: "Client", /, *args: P.args, **kwargs: P.kwargs) -> Path:
        return self.save(make(*args, **kwargs))

    return save


class Client:
    """Asks a Visavis service. A context manager; threads may share it.

    Every method raises ServiceError for what the service refuses, and Unreachable where no answer
    comes. What passes (429, 503, a broken line) is tried again, where twice is no more than once.
    """

    def __init__(
        self,
        url: str = DEFAULT_URL,
        key: str | None = None,
        *,
        timeout: float = 30.0,
        retries: int | Retries = 3,
        transport: httpx.BaseTransport | None = None,
        tls: ssl.SSLContext | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`key`, `timeout`, `tls` and ConfigError: see `Wire`. `transport` takes the network's
        place, and `sleep` waits between tries.
        """
        self._wire = Wire(url, key, timeout, tls)
        self._retries = Retries.of(retries)
        self._sleep = sleep
        self._http = httpx.Client(transport=transport, **self._wire.options)

    detect = _sent(calls.detect)
    embed = _sent(calls.embed)
    liveness = _sent(calls.liveness)

    compare = _sent(calls.compare)
    verify = _sent(calls.verify)
    identify = _sent(calls.identify)

    batch_detect = _sent(calls.batch_detect)
    batch_embed = _sent(calls.batch_embed)
    batch_identify = _sent(calls.batch_identify)

    collections = _listed(calls.collections)
    collection = _sent(calls.collection)
    create_collection = _sent(calls.create_collection)
    delete_collection = _sent(calls.delete_collection)

    enrol = _sent(calls.enrol)
    subjects = _listed(calls.subjects)
    subject = _sent(calls.subject)
    update_subject = _sent(calls.update_subject)
    rename_subject = _sent(calls.rename_subject)
    merge_subjects = _sent(calls.merge_subjects)
    forget_subject = _sent(calls.forget_subject)
    templates = _listed(calls.templates)
    remove_template = _sent(calls.remove_template)

    start_job = _sent(calls.start_job)
    jobs = _listed(calls.jobs)
    job = _sent(calls.job)
    job_items = _listed(calls.job_items)
    cancel_job = _sent(calls.cancel_job)
    delete_job = _sent(calls.delete_job)

    export = _saved(calls.export)
    import_ = _sent(calls.import_)

    start_challenge = _sent(calls.start_challenge)
    challenge = _sent(calls.challenge)
    answer_challenge = _sent(calls.answer_challenge)
    judge_challenge = _sent(calls.judge_challenge)

    cameras = _listed(calls.cameras)
    camera = _sent(calls.camera)
    create_camera = _sent(calls.create_camera)
    update_camera = _sent(calls.update_camera)
    delete_camera = _sent(calls.delete_camera)
    start_camera = _sent(calls.start_camera)
    stop_camera = _sent(calls.stop_camera)
    camera_frame = _sent(calls.camera_frame)

    sightings = _listed(calls.sightings)
    sighting = _sent(calls.sighting)
    sighting_shot = _sent(calls.sighting_shot)
    follow_sightings = _told(calls.follow_sightings)

    audit = _listed(calls.audit)
    verify_audit = _sent(calls.verify_audit)

    keys = _listed(calls.keys)
    own_key = _sent(calls.own_key)
    create_key = _sent(calls.create_key)
    rotate_key = _sent(calls.rotate_key)
    revoke_key = _sent(calls.revoke_key)

    models = _sent(calls.models)
    calibration = _sent(calls.calibration)
    liveness_table = _sent(calls.liveness_table)
    policy = _sent(calls.policy)
    ready = _sent(calls.ready)

    def preview_camera(self, camera: str) -> Iterator[bytes]:
        """The pictures of a camera at work, with boxes and names, as they come: JPEGs, at most ten
        a second, until it stops or the iterator is closed.
        """
        parts = Parts()
        with reaching(self._wire.url), self._http.stream(**asked(self._wire, camera)) as found:
            if not found.is_success:
                found.read()
                raise answer_of(found).error()
            for piece in found.iter_bytes():
                yield from parts.feed(piece)

    def send(self, operation: Operation[T]) -> T:
        """What an operation answers."""
        return self._tried(operation, lambda: operation.result(self._exchange(operation)))

    def every(self, listing: Listing[T]) -> Iterator[T]:
        """All items of a list."""
        page = self.send(listing.page())
        yield from page
        while page.next is not None:
            page = self.send(listing.page(page.next))
            yield from page

    def follow(self, feed: Feed[T]) -> Iterator[T]:
        """What comes of a feed, for as long as one asks; a line that breaks is made again."""
        reader = Reader(feed, self._retries)
        while True:
            failed: ServiceError | None = None
            try:
                yield from self._listen(reader)
            except ServiceError as error:
                failed = error
            self._sleep(reader.pause(failed))

    def save(self, download: Download) -> Path:
        """The path of the file that an answer was saved to."""
        self._tried(download.operation, lambda: self._fetch(download))
        return download.to

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _tried(self, operation: Operation[T], attempt: Callable[[], T]) -> T:
        done = 0
        while True:
            try:
                return attempt()
            except ServiceError as error:
                pause = self._retries.pause(operation, done, error)
            self._sleep(pause)
            done += 1

    def _exchange(self, operation: Operation[T]) -> Answer:
        with reaching(self._wire.url):
            return answer_of(self._http.request(**request_of(operation)))

    def _listen(self, reader: Reader[T]) -> Iterator[T]:
        asked = {**request_of(reader.operation), "timeout": self._wire.following}
        with reaching(self._wire.url), self._http.stream(**asked) as found:
            if not found.is_success:
                found.read()
                raise answer_of(found).error()
            reader.opened()
            for line in found.iter_lines():
                yield from reader.take(line)

    def _fetch(self, download: Download) -> None:
        asked = request_of(download.operation)
        with download.file() as file, reaching(self._wire.url), self._http.stream(**asked) as found:
            if not found.is_success:
                found.read()
                raise answer_of(found).error()
            for part in found.iter_bytes():
                file.write(part)
