"""One scripted stream through the live pipeline, and what came of each person in it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Final, TypeAlias

from visavis.datasets.plays import CLEAR, RATE, Play, Truth
from visavis.evaluate.streams.cast import Desk, Role
from visavis.evaluate.streams.conditions import Change, tilted_box
from visavis.gallery.sighting import Kind, Sighted
from visavis.pipeline import Pipeline, overlap
from visavis.types import Image
from visavis.video.frames import Frame
from visavis.video.lookout import Lookout, since
from visavis.video.pace import PaceRules
from visavis.video.sightings import Presences
from visavis.video.watch import Eyes, View, Watcher, WatchRules

Shot: TypeAlias = Callable[[int], Image]
"""Makes the frame with a number."""
Told: TypeAlias = Callable[[Frame, View, Sequence[Sighted]], None]
STEADY: Final = WatchRules(pace=PaceRules(budget=1e-9))
"""Faces are sought as seldom as they move, whatever the machine: so a run comes out the same."""
START: Final = datetime(2000, 1, 1, tzinfo=UTC)
_SETTLED: Final = 1.0  # seconds that a track may take to begin
_MET: Final = 0.3  # of box and truth, from which one is found by the other


@dataclass(frozen=True, slots=True)
class Rig:
    """The live pipeline as it is tried: what finds, embeds and decides."""

    pipeline: Pipeline
    eyes: Eyes
    desk: Desk


@dataclass(slots=True)
class Fate:
    """What came of one person. `named_after`: seconds until an event named them rightly, None for
    never; `wrong`: a frame's decision gave them another's name.

    `shown` counts frames in which faces were sought, after the first second, with this one in
    plain view; `lost` those of them without a track; `switches`: how often the track was another.
    """

    enrolled: bool
    named_after: float | None = None
    wrong: bool = False
    shown: int = 0
    lost: int = 0
    switches: int = 0
    tracks: list[int] = field(default_factory=list)

    @property
    def unseen(self) -> bool:
        """Never had a track."""
        return not self.tracks

    def held(self, track: int) -> None:
        if self.tracks and self.tracks[-1] != track:
            self.switches += 1
            self.tracks.append(track)
        elif not self.tracks:
            self.tracks.append(track)


def watch(rig: Rig, frames: int, shot: Shot, told: Told) -> None:
    """Shows a stream of so many frames; `told` gets those in which faces were sought, who is in
    them, and the events that came of them. Frames that nobody looks at are not made.
    """
    events: list[Sighted] = []
    watcher = Watcher(rig.pipeline, rig.eyes, rig.desk, rig.desk.policy, STEADY)
    lookout = Lookout(Presences("scripted"), tell=events.extend, when=since(START))
    for number in range(frames):
        frame = Frame(partial(shot, number), number, number / RATE)
        view = watcher.see(frame)
        lookout(frame, view)
        if view.sought:
            told(frame, view, tuple(events))
        events.clear()


def play(rig: Rig, scene: Play, roles: Sequence[Role], change: Change) -> dict[str, Fate]:
    """What came of everybody in a play, by name."""
    ledger = _Ledger({role.name: Fate(role.enrolled) for role in roles}, scene, change)
    watch(rig, len(scene), ledger.shot, ledger.told)
    return ledger.fates


@dataclass(slots=True)
class _Ledger:
    """Keeps who is where, and what was said of whom."""

    fates: dict[str, Fate]
    scene: Play
    change: Change
    _truths: list[Truth] = field(default_factory=list)

    def shot(self, number: int) -> Image:
        image, truths = self.scene.frame(number)
        self._truths = [self._moved(truth, image) for truth in truths]
        return self.change.lens(image)

    def told(self, frame: Frame, view: View, events: Sequence[Sighted]) -> None:
        holders = dict[int, str]()
        for truth in self._truths:
            self._meet(truth, view, frame.at, holders)
        for event in events:
            name = holders.get(event.track)
            if event.kind is Kind.IDENTIFIED and name is not None and event.subject == name:
                fate = self.fates[name]
                fate.named_after = frame.at if fate.named_after is None else fate.named_after

    def _meet(self, truth: Truth, view: View, at: float, holders: dict[int, str]) -> None:
        """Finds the track of a face, and notes what it is called."""
        fate = self.fates[truth.name]
        free = [p for p in view.people if p.track not in holders]
        best = max(free, key=lambda p: overlap(p.face.box, truth.box), default=None)
        met = best is not None and overlap(best.face.box, truth.box) >= _MET
        if truth.visible < CLEAR:
            return
        if at >= _SETTLED:
            fate.shown += 1
            fate.lost += not met
        if best is not None and met:
            holders[best.track] = truth.name
            fate.held(best.track)
            said = best.identification.subject
            fate.wrong |= said is not None and said != truth.name

    def _moved(self, truth: Truth, image: Image) -> Truth:
        if not self.change.tilt:
            return truth
        box = tilted_box(truth.box, image.shape, self.change.tilt)
        return Truth(truth.name, box, truth.visible)
