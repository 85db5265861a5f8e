"""Attacks on the live pipeline, frame by frame, and people in the same place and light."""

import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from visavis.datasets.films import Act, Film
from visavis.datasets.plays import RATE
from visavis.evaluate.streams.cast import Role
from visavis.evaluate.streams.trial import Rig, watch
from visavis.gallery.sighting import Kind, Sighted
from visavis.video.frames import Frame
from visavis.video.watch import View

SECONDS: Final = 8.0
"""A stream's length: the checks over time judge after five seconds."""


@dataclass(slots=True)
class Answer:
    """What the pipeline said of one film: seconds until the person was named, and until the event
    `spoof_suspected`, None for never; `reasons` of the checks that refused, by frames; `seen`:
    there was a track.
    """

    act: Act
    accepted: float | None = None
    suspected: float | None = None
    seen: bool = False
    reasons: Counter[str] = field(default_factory=Counter)


def present(rig: Rig, role: Role, act: Act, seed: int) -> Answer:
    """Presents the person's photograph. The rig's policy says what liveness is asked for."""
    key = zlib.crc32(f"{seed} {role.name}".encode())
    shot = role.shots[0]
    film, answer = Film(shot.image, shot.face, act, key), Answer(act)

    def told(frame: Frame, view: View, events: Sequence[Sighted]) -> None:
        answer.seen |= bool(view.people)
        for event in events:
            if event.kind is Kind.IDENTIFIED and event.subject == role.name:
                answer.accepted = frame.at if answer.accepted is None else answer.accepted
            elif event.kind is Kind.SPOOF_SUSPECTED:
                answer.suspected = frame.at if answer.suspected is None else answer.suspected
        for person in view.people:
            said = person.identification.sample.liveness
            if said is not None and not said.live:
                answer.reasons.update(said.reasons)

    watch(rig, int(SECONDS * RATE), film.frame, told)
    return answer
