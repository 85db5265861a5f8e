"""What one camera has to tell: who is in its frames becomes sightings, kept and passed on."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

import cv2
import numpy as np

from visavis.gallery.sighting import Sighted
from visavis.gallery.sightings import Sightings
from visavis.types import Face, Floats, Identification, Image
from visavis.video.frames import Frame
from visavis.video.sightings import Presences, Seen
from visavis.video.watch import Person, View

Tell: TypeAlias = Callable[[Sequence[Sighted]], None]
Note: TypeAlias = Callable[[Identification], None]
Moment: TypeAlias = Callable[[Frame], datetime]
"""When a frame was taken."""

_AROUND: Final = 0.4  # of the face's side, shown about it in a shot
_SHOT: Final = 256  # pixels of a shot's side at most


class Lookout:
    """Takes the views of one stream in order. Not thread-safe.

    Events are noted in `keep` (synced, once a frame that has any) before `tell` gets them; `note`
    gets each decision that is new, for the audit log. Without `keep` nothing is stored. `shots`
    says whether the best picture of a face is kept, sealed like the rest.
    """

    def __init__(
        self,
        presences: Presences,
        *,
        keep: Sightings | None = None,
        tell: Tell = lambda _: None,
        note: Note = lambda _: None,
        when: Moment | None = None,
        shots: bool = False,
    ) -> None:
        """`when` is the present for whom nothing is given, as for a live stream."""
        self._presences = presences
        self._keep = keep
        self._tell = tell
        self._note = note
        self._when = when or _now
        self._shots = shots
        self._last: datetime | None = None

    def __call__(self, frame: Frame, view: View) -> None:
        """Takes a frame and who is in it; those in which nobody was sought say nothing new."""
        for person in view.people:
            if person.changed:
                self._note(person.identification)
        if view.sought:
            at = self._when(frame)
            self._last = at if self._last is None else max(at, self._last)
            seen = [self._seen(frame, person) for person in view.people]
            self._pass_on(self._presences.see(self._last, seen))

    def close(self) -> None:
        """The stream is over: whoever was there has left."""
        if self._last is not None:
            self._pass_on(self._presences.close(self._last))

    def _seen(self, frame: Frame, person: Person) -> Seen:
        wanted = self._shots and person.look
        shot = cut(frame.image, person.face) if wanted else None
        return Seen.of(person.track, person.identification, shot)

    def _pass_on(self, events: Sequence[Sighted]) -> None:
        if not events:
            return
        if self._keep is not None:
            self._keep.note(events)
        self._tell(events)


def since(start: datetime) -> Moment:
    """The moments of a film that began at `start`."""
    return lambda frame: start + timedelta(seconds=frame.at)


def cut(image: Image, face: Face) -> Image:
    """The face with a little of what is around it, at most 256 pixels a side."""
    return surroundings(image, face)[0]


def surroundings(image: Image, face: Face) -> tuple[Image, Floats, float]:
    """As `cut`, with the corner (x, y) that was cut at and how much smaller it was made."""
    reach = max(face.width, face.height) * (0.5 + _AROUND)
    middle = face.box.reshape(2, 2).mean(axis=0)
    left, top = np.floor(np.clip(middle - reach, 0, None)).astype(int)
    right, bottom = np.ceil(np.minimum(middle + reach, image.shape[1::-1])).astype(int)
    part, corner = image[top:bottom, left:right], np.array([left, top], np.float32)
    scale = _SHOT / max(*part.shape[:2], 1)
    if scale >= 1:
        return part.copy(), corner, 1.0
    size = max(round(part.shape[1] * scale), 1), max(round(part.shape[0] * scale), 1)
    small = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
    return small, corner, scale


def _now(_: Frame) -> datetime:
    return datetime.now(UTC)
