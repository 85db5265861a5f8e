"""What somebody before a camera is told, so that their photo becomes a good one."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from visavis.client.faces import Quality, Sample

_SMALL: Final = 45.0
"""Pixels between the eyes, in a frame of 720 lines."""
_LARGE: Final = 190.0
_TURNED: Final = 16.0
_NODDED: Final = 24.0
_TILTED: Final = 18.0
_DARK: Final = 0.16
_BRIGHT: Final = 0.86
_SOFT: Final = 0.2
_BYSTANDER: Final = 0.5


@dataclass(frozen=True, slots=True)
class Guidance:
    """What to do in a few words; `look` is `good` when the photo may be taken."""

    words: str
    look: str
    quality: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def guided(samples: Sequence[Sample]) -> Guidance:
    """What is to be better about a frame: the first thing that is, by what matters most."""
    if not samples:
        return Guidance("No face is seen", "warn")
    sizes = sorted((s.quality.size for s in samples), reverse=True)
    if len(sizes) > 1 and sizes[1] > _BYSTANDER * sizes[0]:
        return Guidance("One person alone, please", "warn")
    sample = max(samples, key=lambda s: s.quality.size)
    wish = _wish(sample.quality)
    if wish is None and sample.liveness is not None and sample.liveness.live is False:
        wish = "This looks like a picture or a screen"
    if wish is not None:
        return Guidance(wish, "warn", sample.quality.score)
    return Guidance("Good, hold still", "good", sample.quality.score)


def _wish(quality: Quality) -> str | None:
    checks = (
        (quality.cut > 0.02, "Move into the middle"),
        (quality.size < _SMALL, "Come closer"),
        (quality.size > _LARGE, "Move back a little"),
        (quality.brightness < _DARK, "More light"),
        (quality.brightness > _BRIGHT, "Less light"),
        (quality.yaw > _TURNED, "Look ahead: turn your head to your right"),
        (quality.yaw < -_TURNED, "Look ahead: turn your head to your left"),
        (quality.pitch > _NODDED, "Look ahead: lower your chin"),
        (quality.pitch < -_NODDED, "Look ahead: raise your chin"),
        (abs(quality.roll) > _TILTED, "Hold your head upright"),
        (quality.sharpness < _SOFT, "Hold still: the picture is blurred"),
    )
    return next((words for true, words in checks if true), None)
