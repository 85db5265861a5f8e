"""Who is present before a camera: single frames become a few events that one can act on."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from visavis.errors import ConfigError, InputError
from visavis.gallery.sealing import new_uid
from visavis.gallery.sighting import Kind, Sighted
from visavis.types import Decision, Identification, Image

_BETTER: Final = 0.05  # of quality, by which a shot must win to be told again


@dataclass(frozen=True, slots=True)
class SightingPolicy:
    """When a face in view becomes an event.

    `confirm_frames` frames must agree first. Who is not seen for `absence_timeout` seconds has
    left; coming back within `cooldown` seconds of that is not told. `emit_unknown` tells of
    strangers too. Sightings are kept for `retention`, None for ever. Raises ConfigError.
    """

    confirm_frames: int = 3
    absence_timeout: float = 5.0
    cooldown: float = 0.0
    emit_unknown: bool = True
    retention: timedelta | None = timedelta(days=30)

    def __post_init__(self) -> None:
        if self.confirm_frames < 1:
            raise ConfigError(f"expected confirm_frames of 1 or more, got {self.confirm_frames}")
        if not self.absence_timeout > 0:
            raise ConfigError(f"expected an absence_timeout above 0, got {self.absence_timeout}")
        if not self.cooldown >= 0:
            raise ConfigError(f"expected a cooldown of 0 or more, got {self.cooldown}")
        if self.retention is not None and self.retention <= timedelta(0):
            raise ConfigError(f"expected a retention above 0, got {self.retention}")


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One face of a frame, by its track. `live` is None where no check could tell; `shot`
    (H, W, 3) is the face with what is around it, None where none is to be kept.
    """

    track: int
    decision: Decision
    subject: str | None
    score: float | None
    threshold: float
    rate: float | None = None
    live: bool | None = None
    quality: float = 0.0
    shot: Image | None = None

    @classmethod
    def of(cls, track: int, found: Identification, shot: Image | None = None) -> "Seen":
        """What an identification says of a track."""
        score = found.candidates[0].score if found.candidates else None
        said = found.sample.liveness
        return cls(
            track=track,
            decision=found.decision,
            subject=found.subject,
            score=score,
            threshold=found.threshold.score,
            rate=found.threshold.rate,
            live=None if said is None or said.score is None else said.live,
            quality=found.sample.quality.score,
            shot=shot,
        )


class Presences:
    """Who is before one camera, frame by frame. Not thread-safe; has no clock and no store.

    A presence is of one person: all tracks of one subject belong to it, and who comes back before
    the absence timeout goes on with it. A stranger's is of one track; named later, it becomes that
    subject's, or ends where the subject has one. A track that turns out to be of another leaves it.
    Events of a presence begin with `entered` and end with `left`.
    """

    def __init__(self, camera: str, policy: SightingPolicy | None = None) -> None:
        self.camera = camera
        self._policy = policy or SightingPolicy()
        self._absent = timedelta(seconds=self._policy.absence_timeout)
        self._cool = timedelta(seconds=self._policy.cooldown)
        self._tracks: dict[int, _Track] = {}
        self._present: list[_Presence] = []
        self._left: dict[str, datetime] = {}  # when subjects left
        self._now: datetime | None = None

    def see(self, at: datetime, seen: Sequence[Seen]) -> tuple[Sighted, ...]:
        """What a frame in which faces were sought has changed. Raises InputError for a time that
        is before the last.
        """
        if self._now is not None and at < self._now:
            raise InputError(f"expected a time not before {self._now}, got {at}")
        self._now = at
        events = self._expire(at)
        for one in seen:
            track = self._tracks.setdefault(one.track, _Track(at, at))
            track.count(one, at)
            events += self._place(track, one, at)
            if track.presence is not None:
                track.presence.take(one, at)
                events += self._tell(track, track.presence, at)
        return tuple(events)

    def close(self, at: datetime) -> tuple[Sighted, ...]:
        """The stream is over: everybody has left."""
        events = [event for one in self._present for event in self._end(one, at)]
        self._present, self._tracks = [], {}
        return tuple(events)

    def _expire(self, at: datetime) -> list[Sighted]:
        """Ends what was not seen for too long, unless a face in view is about to be that person."""
        self._tracks = {n: t for n, t in self._tracks.items() if at - t.last < self._absent}
        back = {track.name for track in self._tracks.values() if track.named}
        late = [one for one in self._present if at - one.last >= self._absent]
        gone = [one for one in late if one.subject is None or one.subject not in back]
        self._left = {who: left for who, left in self._left.items() if at - left < self._cool}
        events: list[Sighted] = []
        for one in gone:
            events += self._end(one, at)
        return events

    def _end(self, presence: "_Presence", at: datetime) -> list[Sighted]:
        self._present = [one for one in self._present if one is not presence]
        for track in self._tracks.values():
            if track.presence is presence:
                track.presence = None
        if not presence.told:
            return []
        if presence.subject is not None:
            self._left[presence.subject] = at
        return [presence.tell(Kind.LEFT, at)]

    def _place(self, track: "_Track", one: Seen, at: datetime) -> list[Sighted]:
        """Finds the presence that a track belongs to, once enough frames agree."""
        enough = self._policy.confirm_frames
        present = track.presence
        if track.named >= enough and track.name is not None:
            return self._name(track, track.name, one, at)
        strange = track.strange >= enough and (present is None or present.subject is not None)
        if strange or (track.spoofed >= enough and present is None):
            self._begin(track, None, one, at)
        return []

    def _name(self, track: "_Track", name: str, one: Seen, at: datetime) -> list[Sighted]:
        """Gives a track to a subject's presence."""
        present = track.presence
        if present is not None and present.subject == name:
            return []
        known = next((p for p in self._present if p.subject == name), None)
        if known is not None:
            track.presence = known
            stranger = present is not None and present.subject is None
            return self._end(present, at) if present is not None and stranger else []
        if present is not None and present.subject is None:
            present.name(name)
        elif name not in self._left:
            self._begin(track, name, one, at)
        else:
            track.presence = None
        return []

    def _tell(self, track: "_Track", presence: "_Presence", at: datetime) -> list[Sighted]:
        """What has become certain of a presence and was not told yet."""
        enough = self._policy.confirm_frames
        certain = []
        if presence.subject is not None:
            certain.append(Kind.IDENTIFIED)
        elif track.strange >= enough and self._policy.emit_unknown:
            certain.append(Kind.UNKNOWN)
        if track.spoofed >= enough:
            certain.append(Kind.SPOOF_SUSPECTED)
        new = [kind for kind in certain if kind not in presence.told]
        if new and not presence.told:
            new.insert(0, Kind.ENTERED)
        return [presence.tell(kind, at) for kind in new]

    def _begin(self, track: "_Track", name: str | None, one: Seen, at: datetime) -> None:
        first = track.first if track.presence is None else at
        track.presence = _Presence(self.camera, one.track, name, first, at)
        self._present.append(track.presence)


@dataclass(slots=True)
class _Track:
    """What the frames of a track say, and in how many running."""

    first: datetime
    last: datetime
    presence: "_Presence | None" = None
    name: str | None = None
    named: int = 0
    strange: int = 0
    spoofed: int = 0

    def count(self, one: Seen, at: datetime) -> None:
        """A frame that decides nothing, as by its quality, neither counts nor starts anew."""
        self.last = at
        if one.subject is not None:
            self.named = self.named + 1 if one.subject == self.name else 1
            self.name, self.strange = one.subject, 0
        elif one.decision == "unknown":
            self.strange, self.named = self.strange + 1, 0
        if one.live is not None:
            self.spoofed = 0 if one.live else self.spoofed + 1


@dataclass(slots=True)
class _Presence:
    """One person before the camera. `told`: what was told of it; `shown`: its best shot was."""

    camera: str
    track: int
    subject: str | None
    first: datetime
    last: datetime
    id: str = field(default_factory=new_uid)
    told: set[Kind] = field(default_factory=set)
    threshold: tuple[float, float | None] = (0.0, None)
    score: float | None = None
    live: bool | None = None
    quality: float = -1.0
    shot: Image | None = None
    shown: bool = True

    def name(self, subject: str) -> None:
        """A stranger is somebody after all, who is scored anew."""
        self.subject, self.score = subject, None

    def take(self, one: Seen, at: datetime) -> None:
        """Takes in a frame of one of its tracks, unless that says that it is somebody else."""
        other = one.subject is not None or one.decision == "unknown"
        if self.subject is not None and other and one.subject != self.subject:
            return
        self.last, self.track = at, one.track
        self.threshold = (one.threshold, one.rate)
        if one.score is not None and one.subject == self.subject:
            self.score = max(one.score, -1.0 if self.score is None else self.score)
        if one.live is not None and Kind.SPOOF_SUSPECTED not in self.told:
            self.live = one.live
        if one.quality > self.quality + _BETTER or self.shot is None:
            self.quality = max(one.quality, self.quality)
            if one.shot is not None:  # a copy, for it may be cut from a whole frame
                self.shot, self.shown = one.shot.copy(), False

    def tell(self, kind: Kind, at: datetime) -> Sighted:
        """An event, with the best shot where that is new."""
        self.told.add(kind)
        shot, self.shown = (None if self.shown else self.shot), True
        score, rate = self.threshold
        return Sighted(
            kind=kind,
            sighting=self.id,
            camera=self.camera,
            track=self.track,
            subject=self.subject,
            at=at,
            first_seen=self.first,
            last_seen=self.last,
            score=self.score,
            threshold=score,
            rate=rate,
            live=self.live,
            quality=max(self.quality, 0.0),
            shot=shot,
        )
