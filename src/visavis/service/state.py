"""Everything that routes work with, opened once and closed once."""

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from threading import Lock
from typing import TypeVar

from visavis.audit import Action, AuditEntry, Detail
from visavis.gallery.gallery import Gallery
from visavis.pipeline import Pipeline
from visavis.policy import Policy
from visavis.protocols import LivenessCheck
from visavis.recognizer import Recognizer
from visavis.service.admission import Workers
from visavis.service.apikeys import ApiKeys, Scope
from visavis.service.auth import Caller, Gate
from visavis.service.backoff import Alert, Backoff
from visavis.service.cameras.cameras import Cameras
from visavis.service.challenges import Challenges
from visavis.service.cursor import Cursors
from visavis.service.database import ServiceDatabase
from visavis.service.idempotency import Idempotency
from visavis.service.jobs.jobs import Jobs
from visavis.service.metrics import Metrics
from visavis.service.rates import Rates
from visavis.service.seats import Seats
from visavis.service.sightings.outputs import Outputs
from visavis.service.streaming import Streams
from visavis.service.timed import Stopwatch
from visavis.service.watching import Readiness
from visavis.serving import ServiceSettings
from visavis.settings import Settings
from visavis.video.watch import Eyes

logger = logging.getLogger("visavis.service")

T = TypeVar("T")


class Recognizers:
    """One recognizer a collection, all of one pipeline and gallery. Thread-safe."""

    def __init__(self, pipeline: Pipeline, gallery: Gallery, policy: Policy) -> None:
        self._pipeline = pipeline
        self._gallery = gallery
        self._policy = policy
        self._known: dict[str, Recognizer] = {}
        self._lock = Lock()
        self.without = Recognizer(pipeline, policy=policy)
        """Without a collection: to compare photos."""

    def of(self, collection: str) -> Recognizer:
        """Of a collection that exists. Raises UnknownSubject, ModelMismatch."""
        there = self._gallery.open_collection(collection)  # asking for it does not make it
        known = self._known.get(collection)
        if known is not None and known.collection is there:
            return known
        with self._lock:
            found = Recognizer(
                self._pipeline, self._gallery, collection=collection, policy=self._policy
            )
            self._known[collection] = found
            return found

    def drop(self, collection: str) -> None:
        """Forgets a collection that was deleted."""
        with self._lock:
            self._known.pop(collection, None)


@dataclass(frozen=True, slots=True)
class Services:
    """What a route needs, handed to the app. `liveness` is loaded whatever the policy says; `eyes`
    are None where faces cannot be followed.
    """

    settings: Settings
    pipeline: Pipeline
    liveness: LivenessCheck
    gallery: Gallery
    recognizers: Recognizers
    database: ServiceDatabase
    jobs: Jobs
    keys: ApiKeys
    gate: Gate
    workers: Workers
    rates: Rates
    backoff: Backoff
    idempotency: Idempotency
    cursors: Cursors
    metrics: Metrics
    stopwatch: Stopwatch
    readiness: Readiness
    seats: Seats
    challenges: Challenges
    streams: Streams
    outputs: Outputs
    cameras: Cameras
    eyes: Eyes | None = None
    closing: ExitStack = field(default_factory=ExitStack)

    @property
    def limits(self) -> ServiceSettings:
        return self.settings.service

    @property
    def policy(self) -> Policy:
        return self.settings.policy

    def alarm(self, alert: Alert, origin: Mapping[str, Detail]) -> None:
        """Tells of many failures on one subject: in the log, the metrics and the audit log."""
        self.metrics.alert("verify_failures")
        told: dict[str, Detail] = {"failures": alert.failures, "keys": ", ".join(alert.keys)}
        logger.warning("%d failed verifications of one subject", alert.failures)
        recognizer = self.recognizers.of(alert.collection)
        recognizer.collection.record(Action.ALERT, alert.subject, {**origin, **told})

    def close(self) -> None:
        self.closing.close()


@dataclass(frozen=True, slots=True)
class Call:
    """One request: who calls, under which id, and the services."""

    services: Services
    caller: Caller
    request_id: str

    @property
    def origin(self) -> dict[str, Detail]:
        """What every audit record of this request says."""
        return {"request": self.request_id, "key": self.caller.key_id}

    @property
    def digits(self) -> int:
        """To how many places this caller may see scores."""
        return 6 if self.caller.may(Scope.SCORES) else 2

    async def run(self, work: Callable[[], T]) -> T:
        """`work` on a worker thread. Raises Overloaded, TooSlow."""
        asked = time.perf_counter()

        def started() -> T:
            self.services.metrics.observe_stage("queue", time.perf_counter() - asked)
            return work()

        return await self.services.workers.run(started)

    def record(self, action: str, details: dict[str, Detail] | None = None) -> None:
        """Queues the audit record of an operation that names nobody."""
        self.services.gallery.record(AuditEntry(action, details={**(details or {}), **self.origin}))
