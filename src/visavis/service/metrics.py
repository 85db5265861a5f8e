"""What the service counts and measures, for Prometheus.

Everything here is an aggregate: no label or value names a subject, a key or a photo. The values of
labels are few: routes are templates (`/v1/subjects/{subject}`), never paths as they came; methods
outside HTTP are `other`; stages, decisions, reasons and species are the codes of this code base.
Collections and cameras alone are named by their owners.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Final, Literal, TypeAlias

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from visavis import __version__
from visavis.errors import (
    ChallengeRefused,
    EnrolmentRejected,
    LowQuality,
    NotLive,
    VisavisError,
)
from visavis.gallery.gallery import CollectionInfo
from visavis.liveness.verdict import Verdict
from visavis.types import Identification, Liveness, Sample, Verification

Stage: TypeAlias = Literal["decode", "detect", "embed", "liveness", "search", "queue"]
Operation: TypeAlias = Literal["verify", "identify", "compare"]
FrameOutcome: TypeAlias = Literal["processed", "dropped"]

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
UNMATCHED: Final = "unmatched"
"""The route of a request that no route takes."""
_STAGES: Final[tuple[Stage, ...]] = ("decode", "detect", "embed", "liveness", "search", "queue")
_FRAMES: Final[tuple[FrameOutcome, ...]] = ("processed", "dropped")
_METHODS: Final = frozenset(
    {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "WEBSOCKET"}
)
_TURNED_AWAY: Final = frozenset(
    {
        *("unauthorized", "forbidden", "request_too_large", "timeout"),
        *("overloaded", "too_slow", "rate_limited", "backed_off"),
    }
)
_SECONDS: Final = (
    *(0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1),
    *(0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0, 10.0),
)
_FACES: Final = (0, 1, 2, 3, 5, 10, 20, 50)
_QUALITY: Final = tuple(step / 10 for step in range(11))
_SCORES: Final = tuple(step / 10 for step in range(-10, 11))
"""From below zero: such a histogram shows no sum, by whose growth a single score could be read."""


class Metrics:
    """Counters, gauges and histograms under `visavis_`, in a registry of their own. Thread-safe.

    Each result is observed once, by the one method that takes it: what it holds (samples,
    liveness, reasons) is counted with it. The process's own figures keep their usual names
    (`process_…`).
    """

    def __init__(self, version: str = __version__) -> None:
        self.registry = CollectorRegistry()
        self._declare_requests()
        self._declare_faces()
        self._declare_background()
        self._watched = _Watched(self._scrape_errors)
        self.registry.register(self._watched)
        ProcessCollector(registry=self.registry)
        self._build.labels(version).set(1)

    def _declare_requests(self) -> None:
        counter = partial(Counter, namespace="visavis", registry=self.registry)
        gauge = partial(Gauge, namespace="visavis", registry=self.registry)
        timer = partial(Histogram, namespace="visavis", registry=self.registry, buckets=_SECONDS)
        self._requests = counter("requests", "Answers sent", ("route", "method", "status"))
        self._request_seconds = timer("request_seconds", "Time to answer", ("route",))
        self._requests_running = gauge("requests_running", "Requests being answered")
        self._rejected = counter("rejected", "Requests turned away before any work", ("reason",))
        self._stage_seconds = timer("stage_seconds", "Time of one step of the work", ("stage",))
        self._scrape_errors = counter("scrape_errors", "Gauges that could not be read", ("what",))
        self._models = gauge("model_info", "Models at work", ("task", "model", "sha256"))
        self._build = gauge("build_info", "The version that runs", ("version",))
        for stage in _STAGES:
            self._stage_seconds.labels(stage)

    def _declare_faces(self) -> None:
        counter = partial(Counter, namespace="visavis", registry=self.registry)
        histogram = partial(Histogram, namespace="visavis", registry=self.registry)
        self._faces = histogram("faces_per_image", "Faces found in an image", buckets=_FACES)
        self._quality = histogram("face_quality", "Quality of a face, 0 to 1", buckets=_QUALITY)
        self._scores = histogram(
            "match_score", "Best cosine of a comparison", ("operation",), buckets=_SCORES
        )
        self._reasons = counter("reject_reasons", "Why photos or faces were refused", ("reason",))
        self._decisions = counter("decisions", "Decisions made", ("operation", "decision"))
        self._liveness = counter("liveness_checks", "Faces checked for being live", ("result",))
        self._species = counter("liveness_species", "Kinds of attack seen", ("species",))
        for result in ("live", "attack", "unknown"):
            self._liveness.labels(result)

    def _declare_background(self) -> None:
        counter = partial(Counter, namespace="visavis", registry=self.registry)
        gauge = partial(Gauge, namespace="visavis", registry=self.registry)
        self._alerts = counter("alerts", "Alerts raised", ("kind",))
        self._sessions = gauge("live_sessions", "Live sessions that are open")
        self._frames = counter("live_frames", "Frames that came in live sessions", ("outcome",))
        self._challenges = counter("challenges", "Challenges judged", ("verdict", "reason"))
        self._job_photos = counter("job_photos", "Photos done by jobs", ("outcome",))
        for outcome in _FRAMES:
            self._frames.labels(outcome)

    def render(self) -> bytes:
        """Everything in Prometheus's text format, to be sent as CONTENT_TYPE.

        Reads what is watched: call it on a worker thread.
        """
        return generate_latest(self.registry)

    def request(self, route: str | None, method: str, status: int, seconds: float | None) -> None:
        """Counts an answer. `route` is the route's template, None where none takes the request;
        `seconds` None leaves the time out, as of a WebSocket that stayed open.
        """
        template = route or UNMATCHED
        self._requests.labels(template, method if method in _METHODS else "other", status).inc()
        if seconds is not None:
            self._request_seconds.labels(template).observe(seconds)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Counts a request as running for as long as the block does."""
        with self._requests_running.track_inprogress():
            yield

    def reject(self, reason: str) -> None:
        """Counts a request turned away before any work; `reason` is an error's code."""
        self._rejected.labels(reason).inc()

    @contextmanager
    def stage(self, name: Stage) -> Iterator[None]:
        """Times the block as a stage, whether or not it raises."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.observe_stage(name, time.perf_counter() - start)

    def observe_stage(self, name: Stage, seconds: float) -> None:
        """Takes a time that was measured elsewhere, as that in a queue."""
        self._stage_seconds.labels(name).observe(seconds)

    def watch_workers(self, waiting: Callable[[], int], running: Callable[[], int]) -> None:
        """Has the workers' gauges read at each scrape."""

        def read() -> Iterable[Metric]:
            yield _gauge("queue_waiting", "Work that waits for a worker", waiting())
            yield _gauge("workers_running", "Workers at work", running())

        self._watched.watch("workers", read)

    def watch_galleries(self, collections: Callable[[], Iterable[CollectionInfo]]) -> None:
        """Has the size of every collection read at each scrape, as by `Gallery.collections`."""

        def read() -> Iterable[Metric]:
            found = tuple(collections())
            templates = {info.name: info.templates for info in found}
            subjects = {info.name: info.subjects for info in found}
            yield _gauges("gallery_templates", "Templates stored", "collection", templates)
            yield _gauges("gallery_subjects", "Subjects enrolled", "collection", subjects)

        self._watched.watch("galleries", read)

    def watch_jobs(self, states: Callable[[], Mapping[str, int]]) -> None:
        """Has the number of jobs in each state read at each scrape."""

        def read() -> Iterable[Metric]:
            yield _gauges("jobs", "Jobs by state", "state", states())

        self._watched.watch("jobs", read)

    def watch_cameras(self, read: Callable[[], Iterable[Metric]]) -> None:
        """Has what is known of every camera at work read at each scrape."""
        self._watched.watch("cameras", read)

    def model(self, task: str, ident: str, sha256: str) -> None:
        """Says that a model is at work, by its card's task, id and digest."""
        self._models.labels(task, ident, sha256).set(1)

    def observe_samples(self, samples: Sequence[Sample]) -> None:
        """Takes all the faces of one image; none is an observation too."""
        self._faces.observe(len(samples))
        for sample in samples:
            self._observe_sample(sample)

    def observe_verification(
        self, operation: Literal["verify", "compare"], found: Verification
    ) -> None:
        """Takes a 1:1 decision (`match`, `no_match` or `not_live`) and its samples."""
        for sample in found.samples:
            self._observe_sample(sample)
        self._observe_score(operation, found.score)
        self._decide(operation, _decision(found))

    def observe_identifications(self, found: Sequence[Identification]) -> None:
        """Takes the 1:N decisions on all the faces of one image, with their samples."""
        self.observe_samples([one.sample for one in found])
        for one in found:
            if one.candidates:
                self._observe_score("identify", one.candidates[0].score)
            self._decide("identify", one.decision)
            for reason in one.reasons:
                self._reasons.labels(str(reason)).inc()

    def observe_liveness(self, found: Liveness) -> None:
        """Takes a judgement; where no check can tell it is `unknown`."""
        match found:
            case Liveness(score=None):
                result = "unknown"
            case Liveness(live=True):
                result = "live"
            case _:
                result = "attack"
        self._liveness.labels(result).inc()
        if found.species is not None:
            self._species.labels(found.species).inc()

    def observe_error(self, code: str) -> None:
        """Counts the code of an error, as of one photo among several that was refused."""
        self._reasons.labels(code).inc()

    def observe_refusal(self, error: VisavisError, operation: Operation | None = None) -> None:
        """Counts an error's code and each reason that it holds; one that turned the request away
        before any work as rejected.

        With `operation`, a face that was not live or of low quality is a decision too, as where
        faces are identified.
        """
        if error.code in _TURNED_AWAY:
            return self.reject(error.code)
        for code in (error.code, *_reasons(error)):
            self.observe_error(code)
        if isinstance(error, NotLive) and error.liveness is not None:
            self.observe_liveness(error.liveness)
        if operation is not None and isinstance(error, (NotLive, LowQuality)):
            self._decide(operation, error.code)

    def alert(self, kind: str) -> None:
        """Counts an alert."""
        self._alerts.labels(kind).inc()

    @contextmanager
    def live_session(self) -> Iterator[None]:
        """Counts a live session as open for as long as the block runs."""
        with self._sessions.track_inprogress():
            yield

    def frame(self, outcome: FrameOutcome) -> None:
        """Counts a frame of a live session."""
        self._frames.labels(outcome).inc()

    def challenge(self, verdict: Verdict) -> None:
        """Counts a verdict: `passed` or `refused`, with the first of its reasons or `none`."""
        reason = str(verdict.reasons[0]) if verdict.reasons else "none"
        self._challenges.labels("passed" if verdict.passed else "refused", reason).inc()

    def job_photo(self, outcome: str) -> None:
        """Counts a photo that a job is done with."""
        self._job_photos.labels(outcome).inc()

    def _observe_sample(self, sample: Sample) -> None:
        self._quality.observe(sample.quality.score)
        if sample.liveness is not None:
            self.observe_liveness(sample.liveness)

    def _observe_score(self, operation: Operation, score: float) -> None:
        self._scores.labels(operation).observe(score)

    def _decide(self, operation: Operation, decision: str) -> None:
        self._decisions.labels(operation, decision).inc()


class _Watched(Collector):
    """Gauges that are read at each scrape; what cannot be read is left out and counted."""

    def __init__(self, errors: Counter) -> None:
        self._errors = errors
        self._reads: dict[str, Callable[[], Iterable[Metric]]] = {}

    def watch(self, what: str, read: Callable[[], Iterable[Metric]]) -> None:
        self._reads[what] = read
        self._errors.labels(what)

    def collect(self) -> Iterable[Metric]:
        for what, read in tuple(self._reads.items()):
            try:
                yield from read()
            except Exception:  # a scrape must show the rest, whatever is broken
                self._errors.labels(what).inc()


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"visavis_{name}", text, value=value)


def _gauges(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(f"visavis_{name}", text, labels=(label,))
    for key, value in values.items():
        family.add_metric((key,), value)
    return family


def _decision(found: Verification) -> str:
    if found.score < found.threshold.score:
        return "no_match"
    return "match" if found.accepted else "not_live"


def _reasons(error: VisavisError) -> tuple[str, ...]:
    match error:
        case LowQuality(reasons=reasons):
            return tuple(str(reason) for reason in reasons)
        case EnrolmentRejected(rejections=rejections):
            return tuple(rejection.code for rejection in rejections)
        case ChallengeRefused(reason=reason):
            return (str(reason),)
        case _:
            return ()
