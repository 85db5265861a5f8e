"""What came of an answer to a challenge."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from visavis.types import Liveness


class Refusal(StrEnum):
    """Why an answer was refused: stable codes. The first six say only that the person did not do,
    or not in time, what was asked.
    """

    NO_FRAMES = "no_frames"
    UNFINISHED = "unfinished"
    NO_FRONTAL_START = "no_frontal_start"
    FACE_LOST = "face_lost"
    STEP_TIME = "step_time"
    TOTAL_TIME = "total_time"

    ALTERED = "token_altered"
    SPENT = "already_answered"
    EXPIRED = "expired"
    STORE_FULL = "store_full"
    BEFORE_ISSUE = "before_issue"
    TIME_NOT_RISING = "time_not_rising"
    REPEATED_FRAME = "repeated_frame"
    WRONG_STEP = "wrong_step"
    HOLD_TOO_SHORT = "hold_too_short"
    FLAT_TURN = "flat_turn"
    CUT = "cut"
    ANOTHER_PERSON = "another_person"
    NO_MATCH = "no_match"
    NOT_LIVE = "not_live"


_CANNOT_TELL: Final = frozenset(list(Refusal)[:6])


@dataclass(frozen=True, slots=True)
class Verdict:
    """Passed, or the codes why not; `done` steps were over.

    `match`: the lowest cosine of a look ahead to the template. `same`: the lowest cosine of a
    frame to the first look ahead. Both None where not measured. `seconds`: first frame to last.
    """

    reasons: tuple[str, ...]
    done: int = 0
    match: float | None = None
    same: float | None = None
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        return not self.reasons

    @property
    def liveness(self) -> Liveness:
        """1 passed, 0 refused; no score where all reasons are of the kind that cannot tell."""
        score: float | None = 1.0 if self.passed else 0.0
        if self.reasons and all(reason in _CANNOT_TELL for reason in self.reasons):
            score = None
        return Liveness(score, 0.5, reasons=self.reasons, checks=(("challenge", score),))
