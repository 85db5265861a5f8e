"""A liveness check on a scale on which every face has the same threshold."""

from dataclasses import replace
from typing import Final

from visavis.protocols import LivenessCheck
from visavis.targets import DEFAULT_TARGET, LiveTarget
from visavis.types import Face, Image, Liveness

LEVEL: Final = 0.5
_BELOW: Final = 0.4999999  # less than 0.5 in float32 too


class Levelled:
    """The decisions of `check`, all at the threshold 0.5.

    A fused check has other thresholds where fewer of its networks can tell, and rates are of one.
    Scores below the threshold are stretched to 0..0.5, the others to 0.5..1.
    """

    def __init__(self, check: LivenessCheck) -> None:
        self._check = check

    def check(self, image: Image, face: Face, target: LiveTarget = DEFAULT_TARGET) -> Liveness:
        """The same judgement on the level scale."""
        said = self._check.check(image, face, target)
        return replace(said, score=_levelled(said), threshold=LEVEL)


def _levelled(said: Liveness) -> float | None:
    if said.score is None:
        return None
    limit = said.threshold
    if not said.live:
        return min(LEVEL * said.score / limit, _BELOW)
    return LEVEL + LEVEL * ((said.score - limit) / (1 - limit) if limit < 1 else 1.0)
