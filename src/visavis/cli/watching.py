"""What `visavis watch` runs: streams opened, watched side by side, and closed in good order."""

import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Final

from visavis.errors import UnknownSubject
from visavis.gallery.sighting import Kind, Sighted
from visavis.policy import Policy
from visavis.recognizer import Recognizer
from visavis.types import Identification, Match, Sample
from visavis.video.drawing import drawn
from visavis.video.film import Film
from visavis.video.frames import Frame
from visavis.video.lookout import Lookout, since
from visavis.video.monitor import Monitor
from visavis.video.pace import PaceRules
from visavis.video.reader import Reader
from visavis.video.rota import Rota
from visavis.video.sightings import Presences, SightingPolicy
from visavis.video.source import Source
from visavis.video.stage import Stage
from visavis.video.watch import Decide, Eyes, View, Watcher, WatchRules

_THRIFTY: Final = PaceRules(budget=0.01)
"""For films, which wait for nobody: faces are sought as seldom as they move."""
_TOLD: Final = 200


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done with each stream. `keep`: sightings go into the gallery."""

    policy: Policy
    sightings: SightingPolicy
    decide: Decide
    keep: bool = True
    shots: bool = False
    every: float = 0.0


@dataclass(slots=True)
class Journal:
    """What was told, newest last, and how often; written line by line where there is a file.

    `fresh` is what nobody has printed yet.
    """

    write: Callable[[Sighted], None] = lambda _: None
    told: deque[Sighted] = field(default_factory=lambda: deque(maxlen=_TOLD))
    fresh: deque[Sighted] = field(default_factory=lambda: deque(maxlen=_TOLD))
    counts: dict[Kind, int] = field(default_factory=dict)
    subjects: dict[str, int] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def __call__(self, events: Sequence[Sighted]) -> None:
        with self._lock:
            for event in events:
                self.told.append(event)
                self.fresh.append(event)
                self.counts[event.kind] = self.counts.get(event.kind, 0) + 1
                if event.kind is Kind.IDENTIFIED and event.subject is not None:
                    self.subjects[event.subject] = self.subjects.get(event.subject, 0) + 1
                self.write(event)


class Watch:
    """Streams that are watched, all by one model. Close it with its `with` block."""

    def __init__(
        self,
        recognizer: Recognizer,
        eyes: Eyes,
        plan: Plan,
        journal: Journal,
        stage: Stage | None = None,
    ) -> None:
        self._recognizer = recognizer
        self._eyes = eyes
        self._plan = plan
        self._journal = journal
        self._stage = stage
        self._names = _Names(recognizer)
        self._lookouts: list[Lookout] = []
        self._films: list[Film] = []
        self.monitors: list[Monitor] = []

    def add(self, source: Source, film: Path | None = None) -> None:
        """Takes in a stream; its annotated film goes to `film`."""
        plan = self._plan
        rules = WatchRules() if source.live else WatchRules(pace=_THRIFTY)
        watcher = Watcher(self._recognizer.pipeline, self._eyes, plan.decide, plan.policy, rules)
        keep = self._recognizer.collection.sightings if plan.keep else None
        if keep is not None:
            keep.end(source.name, datetime.now(UTC))  # what a run that was killed left open
        lookout = Lookout(
            Presences(source.name, plan.sightings),
            keep=keep,
            tell=self._journal,
            note=lambda found: self._recognizer.note(found, {"camera": source.name}),
            when=None if source.live else since(datetime.now(UTC)),
            shots=plan.shots,
        )
        self._lookouts.append(lookout)
        if film is not None:
            self._films.append(Film(film))
        written = self._films[-1] if film is not None else None

        def told(frame: Frame, view: View) -> None:
            lookout(frame, view)
            self._show(source.name, frame, view, written)

        self.monitors.append(Monitor(source.name, Reader(source, every=plan.every), watcher, told))

    def run(self, seconds: float | None, tick: Callable[[], None]) -> None:
        """Watches until every stream is over, or for so long; `tick` is called now and then."""
        end = None if seconds is None else time.monotonic() + seconds
        rota = Rota(min(len(self.monitors), os.cpu_count() or 1))
        try:
            for monitor in self.monitors:
                rota.add(monitor)
            while not all(m.over for m in self.monitors):
                if end is not None and time.monotonic() >= end:
                    return
                tick()
        finally:
            rota.close()

    def close(self) -> None:
        """Ends reading, says who has left, and completes the films."""
        for monitor in self.monitors:
            monitor.close()
        for lookout in self._lookouts:
            lookout.close()
        for film in self._films:
            film.close()

    def _show(self, name: str, frame: Frame, view: View, film: Film | None) -> None:
        if self._stage is not None:
            self._stage.show(name, lambda: drawn(frame.image, view, self._names, width=960))
        if film is not None:
            film.add(drawn(frame.image, view, self._names), frame.at)


def one_to_one(recognizer: Recognizer, subject: str, policy: Policy) -> Decide:
    """Decides whether a face is this subject's, at the policy's false-match rate.

    Raises UnknownSubject.
    """
    templates = recognizer.collection.templates(subject)
    threshold = policy.verification(recognizer.pipeline.embedder.calibration)

    def decide(sample: Sample) -> Identification:
        scores = {t.id: sample.embedding.similarity(t.embedding) for t in templates}
        best = max(scores, key=lambda ident: scores[ident])
        return Identification(
            sample,
            (Match(subject, scores[best], best),),
            threshold,
            reasons=policy.limits.reasons(sample.quality),
            require_live=policy.liveness == "require",
        )

    return decide


class _Names(Mapping[str, str]):
    """What subjects are called, looked up once each."""

    def __init__(self, recognizer: Recognizer) -> None:
        self._recognizer = recognizer
        self._known: dict[str, str] = {}

    def __getitem__(self, subject: str) -> str:
        if subject not in self._known:
            try:
                self._known[subject] = self._recognizer.collection.subject(subject).name
            except UnknownSubject:  # forgotten meanwhile
                raise KeyError(subject) from None
        return self._known[subject]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)
