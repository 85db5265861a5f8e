"""Jobs on a gallery of fakes, opened as often as a process would start."""

import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from visavis.gallery.gallery import Gallery
from visavis.gallery.vault import Keyring
from visavis.pipeline import Pipeline
from visavis.policy import Policy, QualityLimits
from visavis.recognizer import Recognizer
from visavis.service.database import ServiceDatabase
from visavis.service.jobs.intake import from_files
from visavis.service.jobs.jobs import Jobs
from visavis.service.jobs.limits import JobLimits
from visavis.service.jobs.values import Job, Order
from visavis.testing import FakeDetector, FakeEmbedder, FakeLiveness

LENIENT = Policy(limits=QualityLimits(min_size=5, min_sharpness=0, min_contrast=0), liveness="off")


@dataclass
class Shop:
    """One process: its gallery, its database and its jobs."""

    folder: Path
    gallery: Gallery
    recognizer: Recognizer
    database: ServiceDatabase
    jobs: Jobs
    counted: list[str] = field(default_factory=list)

    def submit(self, files: Mapping[str, bytes], **policy: Any) -> Job:
        """A job of files called SUBJECT/PHOTO."""
        order = Order("default", policy, {"request": "r-1", "key": "k-1"})
        return self.jobs.submit(order, from_files(list(files.items()), self.jobs.limits))

    def finish(self) -> int:
        """Works off all there is; says how many steps that took."""
        steps = 0
        while self.jobs.step():
            steps += 1
        return steps

    def outcomes(self, job: Job) -> list[tuple[str | None, str, str | None]]:
        items = self.jobs.items("default", job.id, 0, 1000)
        return [(item.subject, item.result.outcome, item.result.code) for item in items]

    @property
    def staged(self) -> list[Path]:
        return sorted(self.folder.glob("*.photos"))


@pytest.fixture
def limits() -> JobLimits:
    return JobLimits(photo_bytes=10**6, total_bytes=10**7, photos=50, portion_photos=4)


@pytest.fixture
def opened(tmp_path: Path, limits: JobLimits) -> Iterator[Callable[[], Shop]]:
    """Opens the same folders once more, as after a kill: what was open before is left as it is."""
    with ExitStack() as stack:

        def shop() -> Shop:
            gallery = Gallery(tmp_path / "gallery", Keyring([bytes(range(32))]))
            stack.callback(gallery.close)
            pipeline = Pipeline(FakeDetector(), FakeEmbedder(), FakeLiveness())
            recognizer = Recognizer(pipeline, gallery, policy=LENIENT)
            database = ServiceDatabase(tmp_path / "gallery-service" / "service.db")
            stack.callback(database.close)
            folder = tmp_path / "gallery-service" / "jobs"
            counted: list[str] = []

            def of(collection: str) -> Recognizer:
                gallery.open_collection(collection)
                return recognizer

            jobs = Jobs(
                database,
                gallery.derive("visavis/service/jobs"),
                folder,
                gallery,
                of,
                lambda asked: replace(LENIENT, **asked),
                limits=limits,
                counted=counted.append,
            )
            return Shop(folder, gallery, recognizer, database, jobs, counted)

        yield shop


@pytest.fixture
def shop(opened: Callable[[], Shop]) -> Shop:
    return opened()


@pytest.fixture
def zipped() -> Callable[..., bytes]:
    """`zipped({"ada/1.png": b"…"})`: a zip file of these."""

    def of(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
        buffer = BytesIO()
        with zipfile.ZipFile(buffer, "w", method) as archive:
            for path, data in files.items():
                archive.writestr(path, data)
        return buffer.getvalue()

    return of
