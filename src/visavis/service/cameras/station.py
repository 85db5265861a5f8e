"""One camera at work: read, watched, and told of."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from visavis.audit import Detail
from visavis.errors import MissingExtra, VisavisError
from visavis.gallery.sighting import Sighted
from visavis.policy import Policy
from visavis.recognizer import Recognizer
from visavis.service.cameras.feed import Feed, Names
from visavis.service.cameras.outbox import Calendar, Outbox
from visavis.service.cameras.values import Camera, CameraStatus
from visavis.service.live import Journal
from visavis.service.logs import log
from visavis.service.metrics import Metrics
from visavis.service.timed import Stages
from visavis.service.watching import UNEXPECTED
from visavis.types import Identification, Sample
from visavis.video.frames import Frame
from visavis.video.lookout import Lookout
from visavis.video.monitor import Monitor
from visavis.video.pace import PaceRules
from visavis.video.reader import Reader
from visavis.video.sightings import Presences, SightingPolicy
from visavis.video.source import Source
from visavis.video.watch import Eyes, View, Watcher, WatchRules

logger = logging.getLogger("visavis.service")

TICK: Final = 0.5
"""Seconds without a frame, after which who is absent is looked for nevertheless."""


@dataclass(frozen=True, slots=True)
class Kit:
    """What all cameras share: the eyes, and where figures and times go."""

    eyes: Eyes
    metrics: Metrics
    stages: Stages


class Station:
    """A job for a rota. Starts to read at once; `close` ends it, off the rota."""

    def __init__(
        self,
        camera: Camera,
        source: Source,
        recognizer: Recognizer,
        policy: Policy,
        kit: Kit,
        *,
        budget: float = 0.8,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`budget` is the share of the time that its frames may take. Raises ConfigError as
        `Watcher`, UnknownSubject where the collection is gone.
        """
        self.camera = camera
        self._recognizer = recognizer
        self._policy = policy
        self._kit = kit
        self._clock = clock
        rules = WatchRules(pace=PaceRules(budget=budget))
        watcher = Watcher(recognizer.pipeline, kit.eyes, self._decide, policy, rules)
        self._calendar = Calendar()
        recognizer.collection.sightings.end(camera.name, self._calendar.now())
        self._outbox = Outbox(recognizer.collection.sightings)
        self._presences = Presences(camera.name, _told_when(camera))
        self._lookout = Lookout(
            self._presences,
            tell=self._outbox.put,
            when=lambda _: self._calendar.now(),
            shots=camera.options.keep_shots,
        )
        self._journal = Journal()
        self._details: Mapping[str, Detail] = {"camera": camera.name}
        self._due = clock() + TICK
        self._fault: str | None = None
        self.feed = Feed(Names(recognizer.collection))
        self._monitor = Monitor(camera.name, Reader(source), watcher, self._told)

    @property
    def over(self) -> bool:
        """Whether it has ended, and will not go on."""
        return self._fault is not None or self._monitor.over

    def ready(self) -> bool:
        return self._monitor.ready() or self._clock() >= self._due

    def step(self) -> bool:
        """Looks at a frame, if there is one, and for who is absent."""
        try:
            going = self._monitor.step()
            if self._monitor.error is not None:
                self._fail(self._monitor.error.code)
            elif self._clock() >= self._due:
                self._tick()
        except VisavisError as error:
            return self._fail(error.code)
        except Exception:  # the status must say so
            logger.exception("a camera broke")
            return self._fail(UNEXPECTED)
        if not going:
            self._leave()
        return going

    def status(self) -> CameraStatus:
        """How it goes at this moment."""
        found = self._monitor.status()
        state = found.reading.state if self._fault is None else "failed"
        return CameraStatus(state, found, self._fault or found.error or found.reading.last_error)

    def close(self) -> None:
        """Ends reading; whoever was there has left. Take it off its rota first."""
        self._monitor.close()
        self._leave()

    def _told(self, frame: Frame, view: View) -> None:
        """Of a frame that was looked at."""
        self._due = self._clock() + TICK
        self.feed.put(frame, view)
        found = [person.identification for person in view.people if person.look]
        if found:
            self._kit.metrics.observe_identifications(found)
        for one in self._journal.due([p.identification for p in view.people], frame.arrived):
            self._recognizer.note(one, self._details)
        self._outbox.flush()
        self._lookout(frame, view)

    def _tick(self) -> None:
        self._due = self._clock() + TICK
        self._outbox.put(self._presences.see(self._calendar.now(), ()))

    def _decide(self, sample: Sample) -> Identification:
        with self._kit.stages.stage("search"):
            return self._recognizer.decide(sample, self._policy)

    def _fail(self, code: str) -> bool:
        """It is over; says that it does not go on."""
        self._fault = code
        log(logger, logging.ERROR, "camera failed", camera=self.camera.name, error=code)
        self._monitor.close()
        self._leave()
        return False

    def _leave(self) -> None:
        self.feed.end()
        events: tuple[Sighted, ...] = self._presences.close(self._calendar.now())
        try:
            self._outbox.put(events)
        except VisavisError as error:  # the collection is gone, and its sightings with it
            log(logger, logging.INFO, "camera left", camera=self.camera.name, error=error.code)


def _told_when(camera: Camera) -> SightingPolicy:
    """Raises ConfigError."""
    of = camera.options
    return SightingPolicy(of.confirm_frames, of.absence_timeout, of.cooldown, of.emit_unknown)


def needed(eyes: Eyes | None) -> Eyes:
    """Raises MissingExtra where faces cannot be followed."""
    if eyes is None:
        raise MissingExtra("video", "a camera")
    return eyes
