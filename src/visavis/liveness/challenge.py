"""What a person is asked to do before the camera: steps in an order nobody could know before."""

from dataclasses import dataclass
from enum import StrEnum

from visavis.errors import InputError


class Action(StrEnum):
    """One movement of the head; left is the person's own left, however the picture is shown.

    `UP` and `DOWN` are experimental: pitch from five landmarks is rough, and no recording of
    nodding heads was at hand to measure it.
    """

    LEFT = "left"
    RIGHT = "right"
    CLOSER = "closer"
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Step:
    """`action`, held for `hold` seconds; the person then looks ahead again, from the first place.

    Raises InputError for a hold that is not 0 to 10 seconds.
    """

    action: Action
    hold: float

    def __post_init__(self) -> None:
        if not 0 <= self.hold <= 10:
            raise InputError(f"expected a hold of 0 to 10 seconds, got {self.hold}")


@dataclass(frozen=True, slots=True)
class Challenge:
    """What was asked, when and for how long; times in seconds of the challenger's clock.

    `nonce`: 128 random bits in hexadecimal. The first look ahead and each step with its return
    may take `step_seconds`, everything `total_seconds` from the first frame, and no frame may be
    older than `issued` or younger than `expires`.
    """

    nonce: str
    steps: tuple[Step, ...]
    issued: float
    expires: float
    step_seconds: float
    total_seconds: float

    def __post_init__(self) -> None:
        if not self.steps:
            raise InputError("expected a challenge of one step or more, got none")
        if not self.issued < self.expires:
            raise InputError(f"expected expiry after issue, got {self.issued} to {self.expires}")
