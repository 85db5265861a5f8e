"""From settings to services: what `visavis serve` opens, and closes again."""

import time
from contextlib import ExitStack
from importlib.util import find_spec

from visavis.build import build_eyes, build_gallery, build_liveness, build_pipeline, cards_of
from visavis.gallery.gallery import Gallery
from visavis.image import ImageLimits
from visavis.liveness.challenger import Challenger
from visavis.pipeline import Pipeline
from visavis.protocols import Detector, Embedder, LivenessCheck
from visavis.service.admission import Workers
from visavis.service.apikeys import ApiKeys
from visavis.service.auth import Caller, Gate
from visavis.service.backoff import Backoff
from visavis.service.cameras.figures import figures
from visavis.service.cameras.opening import Stations, open_cameras
from visavis.service.challenges import Challenges, LargestFace
from visavis.service.cursor import Cursors
from visavis.service.database import ServiceDatabase, service_database_of
from visavis.service.idempotency import Idempotency
from visavis.service.jobs.jobs import Jobs
from visavis.service.jobs.limits import JobLimits
from visavis.service.limited import LimitedDetector
from visavis.service.metrics import Metrics
from visavis.service.rates import Rates
from visavis.service.schemas.policy import PolicyQuery
from visavis.service.seats import Seats
from visavis.service.sightings.outputs import Outputs
from visavis.service.state import Recognizers, Services
from visavis.service.streaming import Streams
from visavis.service.timed import Stopwatch, TimedDetector, TimedLiveness, timed
from visavis.service.watching import Readiness, disk_left, workers_free
from visavis.settings import Settings
from visavis.video.watch import Eyes

_LEAST_DISK = 100.0  # megabytes


def open_services(settings: Settings) -> Services:
    """All parts of the service, models loaded. Raises what `build_recognizer` raises."""
    with ExitStack() as stack:
        plain = build_pipeline(settings)
        check = plain.liveness or build_liveness(settings)
        gallery = stack.enter_context(build_gallery(settings))
        services = assemble(settings, plain.detector, plain.embedder, check, gallery)
        for card in cards_of(settings):
            services.metrics.model(card.task, card.id, card.sha256)
        services.closing.push(stack.pop_all())
        return services


def assemble(
    settings: Settings,
    detector: Detector,
    embedder: Embedder,
    liveness: LivenessCheck,
    gallery: Gallery,
) -> Services:
    """The services around models that are loaded; makes the settings' collection."""
    limits = ImageLimits(settings.max_bytes, settings.max_pixels)
    metrics = Metrics()
    watch = Stopwatch(metrics)
    finder = LimitedDetector(detector, settings.service.max_faces)
    pipeline = timed(Pipeline(finder, embedder, liveness, limits), watch, limits)
    check = TimedLiveness(liveness, watch)
    own = gallery.collection(settings.collection, model=embedder.model, dim=embedder.dim)
    of = settings.service
    with ExitStack() as stack:
        database = ServiceDatabase(service_database_of(settings.gallery))
        stack.callback(database.close)
        workers = Workers(of.workers, waiting=of.waiting, longest_wait=of.longest_wait)
        stack.callback(workers.close)
        metrics.watch_workers(lambda: workers.waiting, lambda: workers.running)
        metrics.watch_galleries(gallery.collections)
        seats = Seats(of.live_sessions, metrics)
        challenger = Challenger(gallery.derive("visavis/service/challenges"), time.monotonic)
        keys = ApiKeys(database)
        stack.callback(keys.flush)
        recognizers = Recognizers(pipeline, gallery, settings.policy)
        jobs = _jobs(settings, gallery, database, recognizers, workers, metrics)
        metrics.watch_jobs(jobs.states)
        stack.callback(jobs.stop)
        outputs = Outputs.of(of, gallery, own, database.path.parent / "webhooks", metrics)
        stack.callback(outputs.stop)
        eyes = _eyes(detector, watch)
        stations = Stations(settings, recognizers.of, eyes, metrics, watch)
        sealed = gallery.derive("visavis/service/cameras")
        cameras = open_cameras(settings, database, sealed, stations)
        stack.callback(cameras.stop_all)
        metrics.watch_cameras(lambda: figures(cameras.statuses))
        return Services(
            settings=settings,
            pipeline=pipeline,
            liveness=check,
            stopwatch=watch,
            gallery=gallery,
            recognizers=recognizers,
            database=database,
            jobs=jobs,
            keys=keys,
            gate=Gate(keys, open_access=not of.public),
            workers=workers,
            rates=Rates(of.rate, of.burst, time.monotonic),
            backoff=Backoff(),
            idempotency=Idempotency(database),
            cursors=Cursors(gallery.derive("visavis/service/cursors")),
            metrics=metrics,
            readiness=_readiness(settings, gallery, keys, workers),
            seats=seats,
            challenges=Challenges(challenger, LargestFace(pipeline, check, settings.live), seats),
            streams=Streams(of.streams),
            outputs=outputs,
            cameras=cameras,
            eyes=eyes,
            closing=stack.pop_all(),
        )


def _eyes(detector: Detector, watch: Stopwatch) -> Eyes | None:
    """What follows faces, its searches timed; None without the extra `video`."""
    if find_spec("scipy") is None:
        return None
    eyes = build_eyes(detector)
    return Eyes(TimedDetector(eyes.finder, watch), eyes.again)


def _jobs(
    settings: Settings,
    gallery: Gallery,
    database: ServiceDatabase,
    recognizers: Recognizers,
    workers: Workers,
    metrics: Metrics,
) -> Jobs:
    """Bulk enrolment, which gives way while all workers are taken."""
    of = settings.service
    return Jobs(
        database,
        gallery.derive("visavis/service/jobs"),
        database.path.parent / "jobs",
        gallery,
        recognizers.of,
        lambda asked: PolicyQuery(**asked).applied(settings.policy, of, Caller.open()),
        limits=JobLimits.of(settings),
        busy=lambda: workers.running >= of.workers,
        counted=metrics.job_photo,
    )


def _readiness(settings: Settings, gallery: Gallery, keys: ApiKeys, workers: Workers) -> Readiness:
    return Readiness(
        {
            "gallery": lambda: gallery.collections() is not None,
            "keys": lambda: keys.list() is not None,
            "disk": disk_left(settings.gallery, _LEAST_DISK),
            "workers": workers_free(lambda: workers.waiting, settings.service.waiting),
        }
    )
