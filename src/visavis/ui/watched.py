"""Cameras and who was seen by them, in the words that the page's script puts in place."""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from visavis.client.cameras import Camera, CameraStatus
from visavis.ui import words

Told: TypeAlias = dict[str, Any]
"""Plain values: a script sets them as text, never as HTML."""

STATES: Final[Mapping[str, tuple[str, str]]] = {
    "running": ("watching", "good"),
    "connecting": ("connecting", "quiet"),
    "waiting": ("trying again", "warn"),
    "stopped": ("stopped", "quiet"),
    "ended": ("the stream has ended", "warn"),
    "failed": ("failed", "bad"),
    "closed": ("stopped", "quiet"),
}
"""What a state is called, and how it is to look."""
PROBLEMS: Final[Mapping[str, str]] = {
    "stream_failed": "It does not answer, or its stream broke off.",
    "bad_stream": "What is at this address is no video that can be read.",
    "host_not_allowed": "The settings no longer allow a camera at this address.",
    "missing_extra": "The service lacks the extra “video”: it cannot read cameras.",
    "too_many_cameras": "As many cameras as the settings allow are at work already.",
}
_RESTING: Final = frozenset({"stopped", "ended", "failed", "closed"})


def camera_told(found: Camera, collection: str) -> Told:
    """A camera for its card; `collection` is the page's own, and is not said."""
    state, look = STATES.get(found.status.state, (found.status.state, "quiet"))
    resting = found.status.state in _RESTING
    return {
        "id": found.id,
        "name": found.name,
        "source": found.source,
        "state": state,
        "look": look,
        "running": found.status.state == "running",
        "resting": resting,
        "fixed": found.fixed,
        "trouble": _trouble(found.status),
        "people": _people(found.status),
        "notes": _notes(found, collection),
        "figures": {} if resting else _figures(found.status),
    }


def _trouble(status: CameraStatus) -> str:
    if status.error is None or status.state in ("running", "connecting"):
        return ""
    return PROBLEMS.get(status.error, words.sentence(status.error.replace("_", " ")))


def _people(status: CameraStatus) -> str:
    if status.state != "running":
        return ""
    if not status.people:
        return "nobody in view"
    return f"{words.count(status.people, 'person', 'people')} in view"


def _notes(found: Camera, collection: str) -> list[str]:
    """What is to be known of it besides."""
    notes = {
        f"in “{found.collection}”": found.collection != collection,
        "keeps best shots": bool(found.options.get("keep_shots")),
        "liveness required": found.policy.get("liveness") == "require",
        "of the configuration file": found.fixed,
    }
    return [note for note, true in notes.items() if true]


def _figures(status: CameraStatus) -> dict[str, str]:
    return {
        "fps": f"{status.fps:.1f}",
        "lag": f"{status.lag_ms:,.0f}",
        "dropped": f"{status.dropped:,}",
        "reconnects": f"{status.reconnects:,}",
    }
