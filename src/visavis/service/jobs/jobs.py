"""Jobs as the service uses them: taken in, looked at, cancelled, and worked off."""

import logging
import os
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any, Final

from visavis.audit import Action, AuditEntry
from visavis.errors import GalleryError, TamperedTemplate, VisavisError
from visavis.gallery.gallery import Gallery
from visavis.gallery.sealing import stamp
from visavis.gallery.store import Busy
from visavis.gallery.vault import KEY_BYTES
from visavis.policy import Policy
from visavis.recognizer import Recognizer
from visavis.service.database import DatabaseUnusable, ServiceDatabase
from visavis.service.errors import UNEXPECTED, NotHere
from visavis.service.jobs.alone import Alone
from visavis.service.jobs.lane import Lane
from visavis.service.jobs.limits import JobLimits
from visavis.service.jobs.reports import Seals, open_photos
from visavis.service.jobs.staging import Staging
from visavis.service.jobs.store import JobStore
from visavis.service.jobs.values import Contents, Item, Job, Order, Portion, Result, Task
from visavis.service.jobs.work import Enroller
from visavis.service.logs import log

logger = logging.getLogger("visavis.service")

KEEP: Final = timedelta(days=30)
"""How long a job that has ended can be looked at."""
_STAGING_SECONDS: Final = 3600.0
"""In this time a job that is being taken in has its rows."""
_AGAIN: Final = (Busy, DatabaseUnusable)


class Jobs:
    """Bulk enrolment. Thread-safe; several processes may take jobs in, and one works them off.

    All methods touch disk: call them on a worker's thread. Raises DatabaseUnusable where the
    service's database or its folder refuses.
    """

    def __init__(
        self,
        database: ServiceDatabase,
        key: bytes,
        folder: Path,
        gallery: Gallery,
        recognizer_of: Callable[[str], Recognizer],
        policy_of: Callable[[Mapping[str, Any]], Policy],
        *,
        limits: JobLimits,
        busy: Callable[[], bool] = lambda: False,
        counted: Callable[[str], None] = lambda outcome: None,
    ) -> None:
        """`key`, 32 bytes, seals what is stored of people; `folder` holds the photos that wait.

        While `busy`, work rests most of the time; `counted` is told the outcome of each photo.
        """
        self.limits = limits
        self._seals = Seals(key)
        self._store = JobStore(database, self._seals)
        self._staging = Staging(folder)
        self._gallery = gallery
        self._recognizer_of = recognizer_of
        self._enroller = Enroller(gallery, recognizer_of, policy_of)
        self._counted = counted
        self._stepping = Lock()
        self._lane = Lane(self.step, busy, Alone(folder / "lock"))

    def start(self) -> None:
        """Clears up after an earlier process, and goes on with the jobs that it left unfinished."""
        idents, holding = self._store.idents(), self._store.holding()
        for ident in idents - holding:
            self._staging.remove(ident)
        self._staging.sweep(holding, time.time() - _STAGING_SECONDS)
        self._sweep()
        self._lane.start()

    def stop(self) -> None:
        """Stops after the subject that is being enrolled; the rest goes on at the next start."""
        self._lane.stop()

    def submit(self, order: Order, parts: Sequence[Portion], ident: str | None = None) -> Job:
        """Takes a job in: its photos are sealed and on disk when this returns. `ident` is the id
        that it is to have, one that no job has.

        Raises Overloaded where too many jobs are unfinished, UnknownSubject for no collection, and
        what reading a photo raises; then nothing is left behind.
        """
        self._recognizer_of(order.collection)
        self._store.check_room(self.limits.unfinished)
        self._sweep()
        ident = ident or secrets.token_hex(12)
        self._staging.remove(ident)
        keys = [os.urandom(KEY_BYTES) for _ in parts]
        places = self._staging.write(ident, parts, keys)
        try:
            job = self._store.add(ident, order, parts, keys, places)
        except BaseException:
            self._staging.remove(ident)
            raise
        self._lane.wake()
        return job

    def page(self, collection: str, before: int | None, limit: int) -> list[Job]:
        """Up to `limit` jobs of a collection, the newest first, numbered below `before`."""
        return self._store.page(collection, before, limit)

    def states(self) -> dict[str, int]:
        """How many jobs there are in each state."""
        return self._store.states()

    def get(self, collection: str, ident: str) -> Job:
        """Raises NotHere, as all that take an id."""
        return self._store.get(collection, ident)

    def find(self, collection: str, ident: str) -> Job | None:
        """The job, if there is one."""
        try:
            return self._store.get(collection, ident)
        except NotHere:
            return None

    def items(self, collection: str, ident: str, start: int, limit: int) -> list[Item]:
        """Up to `limit` photos of a job, from the number `start` on."""
        return self._store.items(collection, ident, start, limit)

    def cancel(self, collection: str, ident: str) -> Job:
        """Ends a job; what was enrolled stays, and the subject under way is still finished."""
        job = self._store.cancel(collection, ident)
        self._clear(ident)
        return job

    def delete(self, collection: str, ident: str) -> Job:
        """Ends a job and removes all that is stored of it but what was enrolled."""
        job = self._store.delete(collection, ident)
        self._staging.remove(ident)
        return job

    def delete_collection(self, collection: str) -> None:
        """Removes all jobs of a collection."""
        for ident in self._store.delete_collection(collection):
            self._staging.remove(ident)

    def forget(self, collection: str, subject: str) -> None:
        """Drops a subject's photos that wait, and its name from all reports; to be called before
        the subject is forgotten by the gallery. Waits for the portion under way.
        """
        with self._stepping:
            for ident in self._store.forget(collection, subject):
                self._clear(ident)

    def step(self) -> bool:
        """Enrols the portion whose turn it is; False where nothing waits.

        Raises an error that may pass, such as a full disk; the portion's turn stays.
        """
        with self._stepping:
            task = self._store.begin()
            if task is not None:
                self._work(task)
            return task is not None

    def _work(self, task: Task) -> None:
        try:
            results = self._enroller.enrol(task, self._contents(task))
        except _AGAIN:
            raise
        except Exception as error:
            if type(error) is GalleryError:  # its database refuses
                raise
            return self._fail(task, error)
        if self._store.finish(task, results):
            self._told(task, results)
        self._clear(task.job, task.place.offset)

    def _contents(self, task: Task) -> Contents:
        """The portion, unsealed. Raises TamperedTemplate."""
        report = self._seals.open_report(task.sealed_report, task.job, task.number)
        if report.subject is None:
            raise TamperedTemplate("the subject of staged photos was forgotten")
        key = self._seals.open_key(task.sealed_key, task.job, task.number)
        sealed = self._staging.read(task.job, task.place)
        photos = open_photos(key, sealed, task.job, task.first)
        return Contents(report.subject, photos)

    def _fail(self, task: Task, error: Exception) -> None:
        code = error.code if isinstance(error, VisavisError) else UNEXPECTED
        if self._store.fail(task.job, code):
            log(logger, logging.ERROR, "job failed", exc_info=error, job=task.job, code=code)
            self._record(task, "failed")
        self._clear(task.job)

    def _told(self, task: Task, results: Sequence[Result]) -> None:
        for result in results:
            self._counted(result.outcome)
        if not self._store.open_portions(task.job) and not task.dropped:
            self._record(task, "done")

    def _record(self, task: Task, state: str) -> None:
        details = {**task.order.origin, "job": task.job, "state": state}
        self._gallery.record(AuditEntry(Action.JOB, task.order.collection, details=details))

    def _clear(self, ident: str, offset: int | None = None) -> None:
        """Removes the photos of a job that nothing waits for, or those from `offset` on."""
        if not self._store.open_portions(ident):
            self._staging.remove(ident)
        elif offset is not None:
            self._staging.cut(ident, offset)

    def _sweep(self) -> None:
        for ident in self._store.delete_ended(stamp(datetime.now(UTC) - KEEP)):
            self._staging.remove(ident)
