"""Visavis: self-hosted face recognition.

`build_recognizer()` gives a `Recognizer` that enrols, verifies and identifies. Nothing heavy is
imported until it is used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from visavis.batching import Outcome, batch
    from visavis.build import build_recognizer
    from visavis.policy import Calibration, Policy, QualityLimits
    from visavis.recognizer import Enrolment, Recognizer
    from visavis.settings import Settings
    from visavis.targets import LiveTarget
    from visavis.types import (
        Embedding,
        Face,
        Identification,
        Liveness,
        Match,
        Quality,
        Region,
        Sample,
        Subject,
        Template,
        Threshold,
        Verification,
    )

_HOMES = {
    "visavis.batching": ("Outcome", "batch"),
    "visavis.build": ("build_recognizer",),
    "visavis.policy": ("Calibration", "Policy", "QualityLimits"),
    "visavis.recognizer": ("Enrolment", "Recognizer"),
    "visavis.settings": ("Settings",),
    "visavis.targets": ("LiveTarget",),
    "visavis.types": (
        "Embedding",
        "Face",
        "Identification",
        "Liveness",
        "Match",
        "Quality",
        "Region",
        "Sample",
        "Subject",
        "Template",
        "Threshold",
        "Verification",
    ),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__version__ = "0.1.0"
__all__ = [
    "Calibration",
    "Embedding",
    "Enrolment",
    "Face",
    "Identification",
    "LiveTarget",
    "Liveness",
    "Match",
    "Outcome",
    "Policy",
    "Quality",
    "QualityLimits",
    "Recognizer",
    "Region",
    "Sample",
    "Settings",
    "Subject",
    "Template",
    "Threshold",
    "Verification",
    "batch",
    "build_recognizer",
]


def __getattr__(name: str) -> Any:
    """Imports a public name on first use (PEP 562), so that `import visavis` stays light."""
    if name not in _HOME_OF:
        raise AttributeError(f"module 'visavis' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)
