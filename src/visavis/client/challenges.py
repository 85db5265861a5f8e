"""Liveness challenges: movements before a camera that nobody could foresee."""

from dataclasses import dataclass
from typing import Self

from visavis.client.operation import Fields, Operation, path
from visavis.client.photos import Photo, photo_bytes
from visavis.client.reading import texts


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an answer stands. `phase`: `settle` (look ahead and keep still), `do` (make the
    movement `action`), `hold` (keep it for `hold_seconds`), `back` (look ahead again), `done`, or
    `refused` with a `reason`. `done` of `steps` are over; `seconds_left` for what is awaited
    now; `face`: whether the last frame showed one.
    """

    phase: str
    action: str | None
    hold_seconds: float | None
    done: int
    steps: int
    reason: str | None
    seconds_left: float
    face: bool | None

    @classmethod
    def of(cls, found: Fields) -> Self:
        return cls(
            phase=str(found["phase"]),
            action=found["action"],
            hold_seconds=found["hold_seconds"],
            done=int(found["done"]),
            steps=int(found["of"]),
            reason=found["reason"],
            seconds_left=float(found["seconds_left"]),
            face=found["face"],
        )


@dataclass(frozen=True, slots=True)
class Challenge:
    """A challenge to answer, in steps that are told one by one. Times in seconds: until no frame
    counts, for each step, from the first frame to the last.
    """

    id: str
    steps: int
    expires_in: float
    step_seconds: float
    total_seconds: float
    progress: Progress

    @classmethod
    def of(cls, found: Fields) -> Self:
        return cls(
            id=str(found["id"]),
            steps=int(found["of"]),
            expires_in=float(found["expires_in"]),
            step_seconds=float(found["step_seconds"]),
            total_seconds=float(found["total_seconds"]),
            progress=Progress.of(found["progress"]),
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of an answer; `reasons` are codes, none where it is live. `match`: the lowest score
    with the subject that was named, if one was. `seconds` from the first frame to the last.
    """

    live: bool
    reasons: tuple[str, ...]
    match: float | None
    steps_done: int
    steps: int
    seconds: float

    @classmethod
    def of(cls, found: Fields) -> Self:
        return cls(
            live=bool(found["live"]),
            reasons=texts(found["reasons"]),
            match=found["match"],
            steps_done=int(found["steps_done"]),
            steps=int(found["steps"]),
            seconds=float(found["seconds"]),
        )


def start_challenge(
    *, subject: str | None = None, collection: str | None = None, mirrored: bool = False
) -> Operation[Challenge]:
    """Asks somebody, or the subject they say they are, to move before a camera.

    `collection` is by default the service's own; `mirrored`: frames are mirror images.
    """
    body = {"subject": subject, "collection": collection, "mirrored": mirrored}
    return Operation("POST", path("challenges"), Challenge.of, body=body, again=False)


def challenge(challenge: str) -> Operation[Challenge]:
    """Where the answer to a challenge stands."""
    return Operation("GET", path("challenges", challenge), Challenge.of)


def answer_challenge(challenge: str, frame: Photo) -> Operation[Progress]:
    """Sends one frame, timed by its arrival; send four a second at least, one after the other."""
    address = path("challenges", challenge, "frames")
    return Operation("POST", address, Progress.of, body=photo_bytes(frame), again=False)


def judge_challenge(challenge: str) -> Operation[Verdict]:
    """Ends a challenge with its verdict, once."""
    return Operation("POST", path("challenges", challenge, "verdict"), Verdict.of, again=False)
